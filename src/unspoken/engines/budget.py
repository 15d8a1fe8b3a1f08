"""A reasoning budget on any engine: reason up to so many tokens, close the reasoning, read the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from unspoken.engines.base import Completion, Engine, Request, Sampling
from unspoken.engines.cache import ROWS_AT_ONCE, CompletionCache
from unspoken.seeds import hashed_seed


@dataclass(frozen=True)
class Reasoned:
    """What was reasoned and then answered to the request `key`."""

    key: str
    reasoning: str
    """Without the text that ends it."""
    was_cut: bool
    """Whether the budget ended the reasoning."""
    reasoning_tokens: int
    answer: str
    """What followed the closing and the answer's prefix, which are not part of it."""
    answer_tokens: int
    answer_finish: str
    """`stop` or `length`."""


def budgeted(
    source: Engine | CompletionCache,
    requests: Sequence[Request],
    sampling: Sampling,
    *,
    budget: int,
    end: str,
    closing: str,
    answer_prefix: str,
    answer_tokens: int,
) -> Iterator[list[Reasoned]]:
    """Yield what a subject reasons and answers, in the order of the requests, many at a time.

    Two calls: the first reasons until `end`, the end of its turn or `budget` tokens (0: not at all).
    The second continues prefix, reasoning, `closing` (which ends the reasoning, cut or not) and
    `answer_prefix` by at most `answer_tokens`. Of `sampling`, its stop texts and pattern hold for the
    answer, its temperature and seed for both; its max_tokens is not used. The engine must be able to
    continue a prefix and to stop at a text.
    """
    thinking = replace(sampling, max_tokens=budget, stop=(end,), pattern=None)
    # Else an answer would be drawn with the same random numbers as the reasoning before it.
    answering = replace(
        sampling, max_tokens=answer_tokens, seed=hashed_seed(sampling.seed, "answer after a budget")
    )
    for start in range(0, len(requests), ROWS_AT_ONCE):
        asked = requests[start : start + ROWS_AT_ONCE]
        reasoned = _completed(source, asked, thinking) if budget else [_nothing(one) for one in asked]
        continued = [
            replace(one, prefix=one.prefix + thought.text + closing + answer_prefix)
            for one, thought in zip(asked, reasoned, strict=True)
        ]
        answers = _completed(source, continued, answering)
        yield [
            Reasoned(
                key=thought.key,
                reasoning=thought.text,
                was_cut=thought.finish_reason == "length",
                reasoning_tokens=thought.n_tokens,
                answer=answer.text,
                answer_tokens=answer.n_tokens,
                answer_finish=answer.finish_reason,
            )
            for thought, answer in zip(reasoned, answers, strict=True)
        ]


def _nothing(request: Request) -> Completion:
    """Return the reasoning of a budget of 0."""
    return Completion(request.key, "", 0, "length")


def _completed(
    source: Engine | CompletionCache, requests: Sequence[Request], sampling: Sampling
) -> list[Completion]:
    """Return the completions of requests in their order."""
    if isinstance(source, CompletionCache):
        return [one for batch in source.completions(requests, sampling) for one in batch]
    made = {one.key: one for batch in source.generate(source.render(requests), sampling) for one in batch}
    return [made[request.key] for request in requests]
