"""Prompts to token ids: one function, the same for every engine."""

from typing import Any

from unspoken.engines.base import Request


def prompt_ids(tokenizer: Any, request: Request) -> list[int]:
    """Return the token ids of a request: chat template, then the beginning of the answer."""
    messages = [{"role": "user", "content": request.user}]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": request.system})
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tokenizer(text + request.prefix, add_special_tokens=False)["input_ids"]


def choice_ids(tokenizer: Any, request: Request, choice: str) -> list[int]:
    """Return the token ids that a choice adds after a request.

    The choice is tokenised on its own (with the space that it brings), so that every request
    reads the same tokens.
    """
    del request
    return tokenizer(choice, add_special_tokens=False)["input_ids"]
