"""Which tokens a choice is after a prompt, and what to ask of engines that read single tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

from unspoken.engines.base import Engine, EngineError, Prompt, check_lengths

MOST_TOKENS_READ = 128
"""Tokens whose log-probability one request to vLLM may ask for."""
TAIL = 64
"""Characters before a choice that decide its tokens: no tokenizer's words or merges are as long."""
Tokens = tuple[int, ...]


def tokens_after(
    tokenizer: Any, prompts: Sequence[Prompt], choices: Sequence[str]
) -> list[tuple[Tokens, ...]]:
    """Return each choice's tokens after each prompt: those of prompt and choice together, but the prompt's.

    A choice alone may have other tokens: that of Llama 2 for `A` is not its token in `(A`. Raises
    EngineError where the end of a prompt and the beginning of a choice are one token.
    """
    if writes_whole_words(tokenizer):
        return [tokens_alone(tokenizer, choices)] * len(prompts)
    known: dict[str, tuple[Tokens, ...]] = {}
    found = []
    for prompt in prompts:
        tail = prompt.text[-TAIL:]
        if tail not in known:
            known[tail] = _tokens_after(tokenizer, prompt, choices)
        found.append(known[tail])
    return found


def fitting_tokens(
    engine: Engine, prompts: Sequence[Prompt], choices: Sequence[str]
) -> list[tuple[Tokens, ...]]:
    """Return `tokens_after`. Raises EngineError for a prompt whose longest choice is beyond the window."""
    tokens = tokens_after(engine.tokenizer, prompts, choices)
    check_lengths(engine, prompts, max((len(one) for told in tokens for one in told), default=0))
    return tokens


def tokens_alone(tokenizer: Any, choices: Sequence[str]) -> tuple[Tokens, ...]:
    """Return the tokens of choices that stand behind nothing."""
    return tuple(map(tuple, tokenizer(list(choices), add_special_tokens=False)["input_ids"]))


def writes_whole_words(tokenizer: Any) -> bool:
    """Tell whether tokens are words, with spaces between them whatever stands at a choice's beginning."""
    from tokenizers.models import WordLevel

    core = getattr(tokenizer, "backend_tokenizer", None)
    return core is not None and isinstance(core.model, WordLevel)


def _tokens_after(tokenizer: Any, prompt: Prompt, choices: Sequence[str]) -> tuple[Tokens, ...]:
    """Return each choice's tokens after one prompt."""
    before = list(prompt.content)
    together = tokenizer([prompt.text + choice for choice in choices], add_special_tokens=False)["input_ids"]
    for choice, ids in zip(choices, together, strict=True):
        if ids[: len(before)] != before or len(ids) == len(before):
            raise EngineError(
                f"the tokens of the choice {choice!r} cannot be told from those of its prompt {prompt.key},"
                f" which ends in {prompt.text[-12:]!r}: let the choice begin with a space, or the answer's"
                " beginning end before it (choice_format, answer_prefix)"
            )
    return tuple(tuple(ids[len(before) :]) for ids in together)


def choice_steps(choices: Sequence[Tokens]) -> list[tuple[Tokens, list[int]]]:
    """Return (beginning of a choice, tokens to read after it): one request each after every prompt.

    Choices that begin alike share requests.
    """
    after: dict[Tokens, set[int]] = {}
    for choice in choices:
        for place, token in enumerate(choice):
            after.setdefault(choice[:place], set()).add(token)
    return [
        (start, sorted(following)[first : first + MOST_TOKENS_READ])
        for start, following in after.items()
        for first in range(0, len(following), MOST_TOKENS_READ)
    ]


def summed(read: Mapping[Tokens, float], choices: Sequence[Tokens]) -> list[float]:
    """Return each choice's log-probability; `read` has that of its last token for every beginning."""
    return [sum(read[choice[: length + 1]] for length in range(len(choice))) for choice in choices]
