"""Passes of a chat model over rows of token ids that make no more than training needs of them."""

from typing import Any

import torch
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


def logits_of_replies(model: Any, ids: Tensor, mask: Tensor, count: int) -> Tensor:
    """Return the logits that predict the last `count` tokens of each row, (rows, count, vocabulary).

    Before these stand prompts, padded on the left. Equal prompts are read once: of replies by reward, of
    which each prompt has several, they are most of the work.
    """
    first = ids.shape[1] - count
    places = (mask.cumsum(-1) - 1).clamp(min=0)
    told = ids[:, :first].masked_fill(mask[:, :first] == 0, -1)
    unique, which = torch.unique(told, dim=0, return_inverse=True)
    of = torch.empty(len(unique), dtype=torch.long).scatter_(0, which, torch.arange(len(ids)))
    rows = {"input_ids": ids, "attention_mask": mask, "position_ids": places}
    prompts = {name: tensor[of, :first] for name, tensor in rows.items()}
    read = model(**prompts, use_cache=True, logits_to_keep=1)
    if all(type(layer) is DynamicLayer for layer in read.past_key_values.layers):  # it holds what was read
        read.past_key_values.batch_select_indices(which)
        rest = model(
            input_ids=ids[:, first:-1], attention_mask=mask[:, :-1], position_ids=places[:, first:-1],
            past_key_values=read.past_key_values,
        )  # fmt: skip
        return torch.cat([read.logits[which], rest.logits], 1)
    return model(**rows, use_cache=False, logits_to_keep=count + 1).logits[:, :-1]
