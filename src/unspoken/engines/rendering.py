"""Prompts to token ids: one function, the same for every engine and every trainer."""

from collections.abc import Sequence
from typing import Any

from unspoken.engines.base import Request


def _messages(request: Request) -> list[dict[str, str]]:
    system = [] if request.system is None else [{"role": "system", "content": request.system}]
    return [*system, {"role": "user", "content": request.user}]


def prompts_ids(tokenizer: Any, requests: Sequence[Request]) -> list[list[int]]:
    """Return the token ids of requests: chat template, then the beginning of the answer."""
    texts = tokenizer.apply_chat_template(
        [_messages(request) for request in requests], add_generation_prompt=True, tokenize=False
    )
    whole = [text + request.prefix for text, request in zip(texts, requests, strict=True)]
    return tokenizer(whole, add_special_tokens=False)["input_ids"]


def prompt_ids(tokenizer: Any, request: Request) -> list[int]:
    """Return the token ids of one request."""
    return prompts_ids(tokenizer, [request])[0]
