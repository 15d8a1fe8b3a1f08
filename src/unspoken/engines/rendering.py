"""Prompts to token ids, and back: one function each, the same for every engine and every trainer."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from unspoken.engines.base import EngineError, Prompt, Request
from unspoken.engines.templates import system_role, written
from unspoken.models.chat import system_fault

SPACE = "▁"
"""How pieces of a sentencepiece tokenizer write a space."""


def messages_of(request: Request) -> list[dict[str, str]]:
    """Return a request as chat messages, without the beginning of the answer."""
    system = [] if request.system is None else [{"role": "system", "content": request.system}]
    return [*system, {"role": "user", "content": request.user}]


def rendered(tokenizer: Any, requests: Sequence[Request]) -> list[Prompt]:
    """Return requests as token ids: chat template, then the beginning of the answer.

    Raises EngineError for a system prompt that the template refuses or leaves out.
    """
    for request in requests:
        if request.system is not None and (fault := system_fault(system_role(tokenizer))):
            raise EngineError(f"the prompt {request.key} has a system prompt, and of its model: {fault}")
    texts = written(tokenizer, [messages_of(request) for request in requests], prompt=True)
    whole = [text + request.prefix for text, request in zip(texts, requests, strict=True)]
    rows = tokenizer(whole, add_special_tokens=False)["input_ids"] if whole else []
    return [Prompt(request.key, ids, text) for request, ids, text in zip(requests, rows, whole, strict=True)]


@cache
def adds_a_space(tokenizer: Any) -> bool:
    """Tell whether a tokenizer puts a space of its own before a text, as that of Llama 2 does."""
    ids = tokenizer("A", add_special_tokens=False)["input_ids"]
    return bool(ids) and tokenizer.convert_ids_to_tokens(ids[0]).startswith(SPACE)


def texts_of(tokenizer: Any, rows: list[list[int]]) -> list[str]:
    """Return completions' token ids as text that goes on from their prompt.

    The tokenizers that add a space before a text take one away from its beginning when they decode: here
    the space is the completion's own.
    """
    texts = tokenizer.batch_decode(rows, skip_special_tokens=False)
    if not _takes_a_space(tokenizer):
        return texts
    # An embedding may have rows that no token has.
    firsts = [(tokenizer.convert_ids_to_tokens(ids[0]) if ids else None) or "" for ids in rows]
    return [
        f" {text}" if first.startswith(SPACE) else text for first, text in zip(firsts, texts, strict=True)
    ]


@cache
def _takes_a_space(tokenizer: Any) -> bool:
    """Tell whether decoding takes away the space that a tokenizer puts before a text."""
    ids = tokenizer("A", add_special_tokens=False)["input_ids"]
    return adds_a_space(tokenizer) and not tokenizer.decode(ids).startswith(" ")


def token_ends(tokenizer: Any, text: str) -> list[int]:
    """Return where each token of a text ends, in characters; without a tokenizer, words are its tokens."""
    if tokenizer is None:
        return [word.end() for word in re.finditer(r"\S+", text)]
    places = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [end for _, end in places]
