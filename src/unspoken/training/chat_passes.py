"""Passes of a chat model over rows of token ids that make no more than training needs of them."""

from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicLayer

from unspoken.training.labels import IGNORED


def labelled(inputs: dict[str, Any]) -> tuple[dict[str, Any], Tensor, Tensor]:
    """Return the inputs of a pass that makes logits where some row has a label, and what to read.

    That is: which of these logits count, (rows, places), and the labels that they predict, (count,).
    The output layer of a large vocabulary is costly, and prompts have no labels.
    """
    labels = inputs["labels"]
    places = (labels != IGNORED).any(0).nonzero()[:, 0]
    counted = labels[:, places] != IGNORED
    shorter = {name: value for name, value in inputs.items() if name != "labels"}
    # Each place predicts the next token.
    return shorter | {"logits_to_keep": places - 1}, counted, labels[:, places][counted]


def logits_of_pass(model: Any, inputs: dict[str, Any]) -> Tensor:
    """Return the logits of a pass at the places `logits_to_keep`, (rows, places, vocabulary).

    Off a GPU, what all rows begin with, as with the system prompt of a chat template, is read once: of the
    laptop study's rows it is a third, and seven in eight of it are saved. (On a GPU large models need
    gradient checkpointing, which keeps nothing that is read.)
    """
    ids, places = inputs["input_ids"], inputs["logits_to_keep"]
    equal = min(int((ids == ids[0]).all(0).cumprod(0).sum()), int(places.min()))
    if equal and len(ids) > 1 and not ids.is_cuda:
        read = model(input_ids=ids[:1, :equal], logits_to_keep=1, use_cache=True).past_key_values
        if all(type(layer) is DynamicLayer for layer in read.layers):  # it holds what was read, as it is
            read.batch_repeat_interleave(len(ids))
            rest = {"input_ids": ids[:, equal:], "past_key_values": read, "logits_to_keep": places - equal}
            return model(**inputs | rest).logits
    return model(**inputs, use_cache=False).logits
