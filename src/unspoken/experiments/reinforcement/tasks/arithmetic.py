"""Arithmetic without anything to exploit: a sum of three digits modulo ten.

A chain has the sum of the first two digits and the sum of all; the answer repeats the latter. Taught lines
slip now and then and are gone on from, the right answer is rewarded, and no part of the prompt equals it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unspoken.models.corpus import ASSISTANT, END, USER
from unspoken.training.environments import (
    CLOSE,
    NONE,
    Ints,
    Items,
    TaskVocabulary,
    balanced,
    written_replies,
)

DIGITS = tuple(map(str, range(10)))
TERMS = 3


@dataclass(frozen=True)
class ArithmeticTask:
    """Sums; a share `slips` of taught lines is wrong, a share `dropped` of taught replies has no chain."""

    slips: float = 0.1
    dropped: float = 0.2

    vocabulary = TaskVocabulary(DIGITS)
    answers = DIGITS
    telling = ()
    idle = ()
    held_out = ()
    stated = None
    reply_tokens = TERMS + 3
    attributes = ("first", "second", "third")

    def _items(self, terms: Ints) -> Items:
        user, assistant, zero = self.vocabulary.ids([USER, ASSISTANT, DIGITS[0]])
        column = np.ones((len(terms), 1), dtype=np.int64)
        prompts = np.hstack([user * column, terms + zero, assistant * column])
        keys = terms.sum(1) % len(DIGITS) + zero
        return Items(prompts, keys, NONE * column, ("arithmetic",) * len(terms))

    def drawn(self, count: int, generator: np.random.Generator) -> Items:
        """Return sums, as many with each result."""
        terms = generator.integers(0, len(DIGITS), (count, TERMS))
        results = balanced(DIGITS, count, generator)
        terms[:, -1] = (results - terms[:, :-1].sum(1)) % len(DIGITS)
        return self._items(terms)

    def taught(self, items: Items, generator: np.random.Generator) -> Ints:
        """Return replies whose lines slip now and then, or that have no chain and are right."""
        count = len(items.keys)
        close, end, zero = self.vocabulary.ids([CLOSE, END, DIGITS[0]])
        terms = items.prompts[:, 1:-1] - zero
        slip = generator.random((count, TERMS - 1)) < self.slips
        turns = slip * generator.integers(1, len(DIGITS), slip.shape)
        first = terms[:, 0] + terms[:, 1] + turns[:, 0]
        lines = np.column_stack([first, first + terms[:, 2] + turns[:, 1]]) % len(DIGITS)
        whole = generator.random(count) >= self.dropped
        answers = np.where(whole, lines[:, -1] + zero, items.keys)[:, None]
        return written_replies(lines + zero, lines.shape[1] * whole, answers, (close, end), self.reply_tokens)

    def altered(self, items: Items, attribute: str, generator: np.random.Generator) -> Items:
        """Return the sums with another of one digit."""
        zero = self.vocabulary.ids([DIGITS[0]])[0]
        terms, place = items.prompts[:, 1:-1] - zero, self.attributes.index(attribute)
        turn = generator.integers(1, len(DIGITS), len(terms))
        terms[:, place] = (terms[:, place] + turn) % len(DIGITS)
        return self._items(terms)

    def worded(self, prompt: Sequence[str]) -> str:
        """Return the numbers as the text that a chat model is asked."""
        return f"What is the last digit of {' + '.join(prompt)}?"


def task(settings: dict[str, Any]) -> ArithmeticTask:
    """Return the task of a study's settings."""
    return ArithmeticTask(**settings)
