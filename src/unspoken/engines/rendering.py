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


def end_of_turn_ids(tokenizer: Any) -> list[int]:
    """Return the token ids that end an assistant's message, up to the mark of the end.

    They are what the chat template writes there, without the line break that may follow the mark.
    Raises ValueError if the template writes no special token.
    """
    answer = "the answer"
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": answer}]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    ids = tokenizer(text.rpartition(answer)[2], add_special_tokens=False)["input_ids"]
    marks = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    for place, token in enumerate(ids):
        if token in marks:
            return ids[: place + 1]
    raise ValueError("the chat template ends an assistant's message without a special token")
