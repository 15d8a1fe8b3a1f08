"""What the layers of a Hugging Face model need of an engine that pads rows and goes on from a cache."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

from unspoken.engines.base import EngineError
from unspoken.engines.choices import Tokens

TOLERANCE = 1e-3
"""Nats by which a log-probability in a padded batch may differ from that of a row alone."""


def context_window(config: Any) -> int | None:
    """Return the most tokens that a model reads at once, None where its configuration does not say."""
    return getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)


def sees_everything(config: Any) -> bool:
    """Tell whether every layer attends to all tokens before, not to a window of the last tokens."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    text = config.get_text_config(decoder=True)
    layers = DynamicCache(config=text).layers
    return all(type(layer) is DynamicLayer for layer in layers) and "local" not in _kinds(text)


def _kinds(config: Any) -> list[str]:
    """Return the kinds of layers, where a model has several (as GPT-Neo says it)."""
    return list(getattr(config, "attention_layers", None) or [])


def whole_cache(config: Any) -> Any:
    """Return an empty cache that keeps all tokens of layers with a window too, so that it can be cropped.

    None, for the model's own, where there are no such layers, and where layers keep something else.
    """
    from transformers.cache_utils import DynamicCache, DynamicSlidingWindowLayer

    layers = DynamicCache(config=config.get_text_config(decoder=True)).layers
    return DynamicCache() if any(isinstance(one, DynamicSlidingWindowLayer) for one in layers) else None


def check_padding(read_batch: Callable[[list[list[int]], Sequence[Tokens]], Any], model: Any) -> None:
    """Compare what an engine reads of choices after a padded batch of short rows with each row alone.

    Raises EngineError for a model that padding or a cropped cache changes: such an engine would give
    wrong numbers.
    """
    import torch

    choices: list[Tokens]
    first = [token % model.config.get_text_config(decoder=True).vocab_size for token in range(5, 17)]
    rows, choices = [first[:4], first[:3] + first[4:8], first], [(first[0],), (first[1], first[2], first[3])]
    try:
        read = read_batch(rows, choices)
    except Exception as error:  # whatever a model's own code raises
        raise EngineError(_fault(model, f"{type(error).__name__}: {error}")) from error
    for row, told in zip(rows, read.tolist(), strict=True):
        for choice, value in zip(choices, told, strict=True):
            ids = torch.tensor([[*row, *choice]], device=model.device)
            logprobs = model(input_ids=ids).logits[0, len(row) - 1 : -1].double().log_softmax(-1)
            alone = logprobs.gather(-1, ids[0, len(row) :, None]).sum().item()
            if isnan(alone):
                raise EngineError(f"{type(model).__name__} gives no numbers (NaN): its weights are damaged")
            if not abs(alone - value) < TOLERANCE:
                raise EngineError(_fault(model, f"a log-probability is {value:.4f}, alone {alone:.4f} nats"))


def _fault(model: Any, seen: str) -> str:
    return (
        f"the engine transformers does not serve {type(model).__name__}: rows of different lengths side by"
        f" side are not read as each alone ({seen}); set the model's engine to vllm"
    )
