"""Prompts to token ids: one function, the same for every engine and every trainer."""

from collections.abc import Sequence
from typing import Any

from unspoken.engines.base import Prompt, Request


def messages_of(request: Request) -> list[dict[str, str]]:
    """Return a request as chat messages, without the beginning of the answer."""
    system = [] if request.system is None else [{"role": "system", "content": request.system}]
    return [*system, {"role": "user", "content": request.user}]


def rendered(tokenizer: Any, requests: Sequence[Request]) -> list[Prompt]:
    """Return requests as token ids: chat template, then the beginning of the answer."""
    texts = tokenizer.apply_chat_template(
        [messages_of(request) for request in requests], add_generation_prompt=True, tokenize=False
    )
    whole = [text + request.prefix for text, request in zip(texts, requests, strict=True)]
    rows = tokenizer(whole, add_special_tokens=False)["input_ids"] if whole else []
    return [Prompt(request.key, ids) for request, ids in zip(requests, rows, strict=True)]


def prompt_ids(tokenizer: Any, request: Request) -> list[int]:
    """Return the token ids of one request."""
    return rendered(tokenizer, [request])[0].content


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
