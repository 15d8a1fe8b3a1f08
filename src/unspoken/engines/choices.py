"""What to ask an engine that reads single tokens, so that it tells the probability of whole choices."""

from collections.abc import Mapping, Sequence

MOST_TOKENS_READ = 128
"""Tokens whose log-probability one request to vLLM may ask for."""
Tokens = tuple[int, ...]


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
