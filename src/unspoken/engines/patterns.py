"""Decoding restricted to a regular expression, for the engine that has logits (xgrammar)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from torch import Tensor


@cache
def _compiled(pattern: str, tokenizer: Any, vocabulary: int, ends: tuple[int, ...]) -> Any:
    """Return the pattern's automaton over the tokens of a vocabulary."""
    import xgrammar

    info = xgrammar.TokenizerInfo.from_huggingface(
        tokenizer, vocab_size=vocabulary, stop_token_ids=list(ends)
    )
    return xgrammar.GrammarCompiler(info).compile_regex(pattern)


class PatternMask:
    """Which tokens may come next in each row of a batch, so that it can still match the pattern."""

    def __init__(self, pattern: str, tokenizer: Any, ends: Sequence[int], rows: int) -> None:
        """Start `rows` matches; a match that is complete may end with one of `ends`."""
        self.given = pattern, tokenizer, tuple(ends)
        self.rows = rows
        self.matchers: list[Any] = []

    def applied(self, logits: Tensor) -> Tensor:
        """Return logits, (rows, vocabulary), with -inf at tokens that may not come next."""
        import xgrammar

        pattern, tokenizer, ends = self.given
        if not self.matchers:
            grammar = _compiled(pattern, tokenizer, logits.shape[-1], ends)
            self.matchers = [xgrammar.GrammarMatcher(grammar) for _ in range(self.rows)]
        allowed = xgrammar.allocate_token_bitmask(self.rows, logits.shape[-1])
        for row, matcher in enumerate(self.matchers):
            if not matcher.is_terminated():
                matcher.fill_next_token_bitmask(allowed, row)
        restricted = logits.clone()
        xgrammar.apply_token_bitmask_inplace(restricted, allowed.to(logits.device))
        return restricted

    def advance(self, tokens: Tensor, alive: Tensor) -> None:
        """Take the drawn tokens of the rows that have not ended."""
        for matcher, token, goes_on in zip(self.matchers, tokens.tolist(), alive.tolist(), strict=True):
            if goes_on:
                matcher.accept_token(token)
