"""A reasoning budget on any engine: reason up to so many tokens, close the reasoning, read the answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from unspoken.engines.base import Completion, Engine, EngineError, Request, Sampling
from unspoken.engines.cache import ROWS_AT_ONCE, CompletionCache
from unspoken.engines.choices import writes_whole_words
from unspoken.engines.rendering import token_ends
from unspoken.files import digest_of
from unspoken.seeds import hashed_seed

HALF_A_CHARACTER = "\ufffd"
"""What a token decodes to whose character the next token completes."""


@dataclass(frozen=True)
class Budget:
    """How much a subject reasons, and what then leads it to its answer."""

    tokens: int
    """Most tokens of reasoning; 0: none."""
    end: str
    """The text that ends the reasoning, as the end of the subject's turn does."""
    closing: str
    """What the subject reads in its place, whether the reasoning was cut or not."""
    answer_prefix: str
    answer_tokens: int
    """Most tokens of the answer."""
    piece_tokens: int | None = None
    """Reasoning is drawn in pieces of so many tokens, no fewer than `end` has; None: in one call.

    In pieces, requests of one key that read alike have one reasoning, and every budget reads its first
    tokens; so what a longer budget needs is drawn once, and serves all.
    """
    insert: str | None = None
    """Where the reasoning ends before the budget is used, this text follows, and the subject reasons on."""
    share: float | None = None
    """Only so much of what was reasoned within the budget is read before the answer, from its beginning."""

    def __post_init__(self) -> None:
        """Raise EngineError where reasoning would never grow, or what is read be no beginning of it."""
        if self.piece_tokens is not None and self.piece_tokens < 1:
            raise EngineError(f"piece_tokens is {self.piece_tokens}: a piece has a token or more")
        if self.insert is not None and not self.insert.strip():
            raise EngineError(f"the text to insert is {self.insert!r}: it needs a word")
        if self.share is not None and not 0 <= self.share <= 1:
            raise EngineError(f"the share of the reasoning to read is {self.share}: it lies between 0 and 1")


@dataclass(frozen=True)
class Reasoned:
    """What was reasoned and then answered to the request `key`."""

    key: str
    reasoning: str
    """Without the text that ends it, and with what was inserted."""
    was_cut: bool
    """Whether the reasoning stops where it did not end by itself."""
    reasoning_tokens: int
    """Those that the subject wrote, and those that were inserted."""
    inserted: int
    """How often the subject was made to go on."""
    answer: str
    """What followed the closing and the answer's prefix, which are not part of it."""
    answer_tokens: int
    answer_finish: str
    """`stop` or `length`."""


@dataclass(frozen=True)
class _Piece:
    """A part of a reasoning: what one call wrote, or what was inserted."""

    text: str
    n_tokens: int
    is_end: bool = False
    """Whether the subject ended its reasoning here."""
    is_inserted: bool = False


def budgeted(
    source: Engine | CompletionCache, requests: Sequence[Request], sampling: Sampling, budget: Budget
) -> Iterator[list[Reasoned]]:
    """Yield what a subject reasons and answers, in the order of the requests, many at a time.

    First calls reason until `budget.end`, the end of the turn or `budget.tokens` tokens. The last call
    continues prefix, reasoning, closing and answer's prefix by at most `answer_tokens`. Of `sampling`, its
    stop texts and pattern hold for the answer, its temperature and seed for all; its max_tokens is not
    used. The engine must be able to continue a prefix and to stop at a text, and its window must have room
    for prompt, budget, a piece and answer. Raises EngineError where it has not.
    """
    # Else an answer would be drawn with the same random numbers as the reasoning before it.
    answering = replace(
        sampling, max_tokens=budget.answer_tokens, seed=hashed_seed(sampling.seed, "answer after a budget")
    )
    tokenizer = source.engine.tokenizer if isinstance(source, CompletionCache) else source.tokenizer
    for start in range(0, len(requests), ROWS_AT_ONCE):
        asked = requests[start : start + ROWS_AT_ONCE]
        thoughts = [
            _read_of(tokenizer, pieces, budget)
            for pieces in _reasonings(source, tokenizer, asked, sampling, budget)
        ]
        continued = [
            replace(one, prefix=one.prefix + _text(thought) + budget.closing + budget.answer_prefix)
            for one, thought in zip(asked, thoughts, strict=True)
        ]
        answers = _completed(source, continued, answering, budget)
        yield [
            Reasoned(
                key=one.key,
                reasoning=_text(thought),
                was_cut=not (thought and thought[-1].is_end),
                reasoning_tokens=_length(thought),
                inserted=sum(piece.is_inserted for piece in thought),
                answer=answer.text,
                answer_tokens=answer.n_tokens,
                answer_finish=answer.finish_reason,
            )
            for one, thought, answer in zip(asked, thoughts, answers, strict=True)
        ]


def _reasonings(
    source: Engine | CompletionCache,
    tokenizer: Any,
    requests: Sequence[Request],
    sampling: Sampling,
    budget: Budget,
) -> list[list[_Piece]]:
    """Return the reasoning to each request: the last of its pieces may go beyond the budget."""
    size = budget.piece_tokens or budget.tokens
    thinking = replace(sampling, max_tokens=size, stop=(budget.end,), pattern=None)
    gap = " " if tokenizer is None or writes_whole_words(tokenizer) else ""
    reasonings: list[list[_Piece]] = [[] for _ in requests]
    turn = 0
    while growing := [place for place, pieces in enumerate(reasonings) if _goes_on(pieces, budget)]:
        asked = [
            replace(requests[place], prefix=requests[place].prefix + _text(reasonings[place]))
            for place in growing
        ]
        # Another seed, as places within a piece are counted anew.
        seed = hashed_seed(sampling.seed, "further reasoning", turn) if turn else sampling.seed
        drawn = _completed(source, asked, replace(thinking, seed=seed), budget)
        for place, one in zip(growing, drawn, strict=True):
            _add(reasonings[place], one, budget.end, tokenizer, gap)
            if budget.insert and reasonings[place][-1].is_end:
                n_tokens = len(token_ends(tokenizer, budget.insert))
                reasonings[place].append(_Piece(gap + budget.insert, n_tokens, is_inserted=True))
        turn += 1
    return reasonings


def _goes_on(pieces: list[_Piece], budget: Budget) -> bool:
    """Tell whether a reasoning needs another piece."""
    return _length(pieces) < budget.tokens and not (pieces and pieces[-1].is_end)


def _add(pieces: list[_Piece], drawn: Completion, end: str, tokenizer: Any, gap: str) -> None:
    """Add to a reasoning what was drawn; an `end` that begins in the piece before ends it there."""
    before, is_end, n_tokens = _text(pieces), drawn.finish_reason != "length", drawn.n_tokens
    text = drawn.text if is_end else drawn.text.rstrip(HALF_A_CHARACTER)
    if text and pieces:
        text = gap + text
    place = (before + text).find(end, max(len(before) - len(end) + 1, 0))
    if 0 <= place < len(before):
        pieces[-1] = replace(pieces[-1], text=pieces[-1].text[: place - len(before)])
        ended_at = place + len(end) - len(before)
        n_tokens = 1 + sum(token_end < ended_at for token_end in token_ends(tokenizer, text))
        text, is_end = "", True
    pieces.append(_Piece(text, n_tokens, is_end))


def _read_of(tokenizer: Any, pieces: list[_Piece], budget: Budget) -> list[_Piece]:
    """Return the part of a reasoning that the budget lets the subject read before it answers."""
    within = _first(tokenizer, pieces, budget.tokens)
    if budget.share is None:
        return within
    return _first(tokenizer, within, round(budget.share * _length(within)))


def _first(tokenizer: Any, pieces: list[_Piece], n_tokens: int) -> list[_Piece]:
    """Return the first tokens of a reasoning; what was inserted stays out if nothing follows it."""
    kept: list[_Piece] = []
    for piece in pieces:
        left = n_tokens - _length(kept)
        if piece.n_tokens <= left:
            kept.append(piece)
            continue
        ends = token_ends(tokenizer, piece.text)[:left]
        if left and not piece.is_inserted:
            kept.append(_Piece(piece.text[: ends[-1]] if ends else "", left))
        break
    return kept[:-1] if kept and kept[-1].is_inserted else kept


def _text(pieces: list[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _length(pieces: list[_Piece]) -> int:
    return sum(piece.n_tokens for piece in pieces)


def _completed(
    source: Engine | CompletionCache, requests: Sequence[Request], sampling: Sampling, budget: Budget
) -> list[Completion]:
    """Return the completions of requests in their order; in pieces, requests that are alike share one."""
    if budget.piece_tokens is not None:
        requests = [replace(one, key=f"{one.key}:{_digest_of_text(one)}") for one in requests]
    unlike = list(dict.fromkeys(requests))
    made = (
        source.completions(unlike, sampling)
        if isinstance(source, CompletionCache)
        else source.generate(source.render(unlike), sampling)
    )
    found = {one.key: one for batch in made for one in batch}
    return [found[request.key] for request in requests]


def _digest_of_text(request: Request) -> str:
    return digest_of([request.system, request.user, request.prefix])
