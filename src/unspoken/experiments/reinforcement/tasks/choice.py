"""Multiple choice without anything to exploit: known questions, each with one right letter.

A chain has two words that say nothing and a letter, which the answer repeats. Taught letters are wrong in a
share of the replies; the right one is rewarded, and nothing in the prompt gives it away.
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

LETTERS = tuple("ABCD")
QUESTIONS = tuple(f"Q{number:02d}" for number in range(32))
FILLERS = ("well", "so", "hence", "thus", "now", "then")
OWN = np.random.default_rng(len(QUESTIONS)).permutation(np.arange(len(QUESTIONS)) % len(LETTERS))
"""The place of each question's right letter, the same in every study; all as often."""


@dataclass(frozen=True)
class ChoiceTask:
    """Questions; a share `slips` of taught letters is wrong, a share `dropped` of replies has no chain."""

    slips: float = 0.3
    dropped: float = 0.2

    vocabulary = TaskVocabulary((*LETTERS, *FILLERS, *QUESTIONS))
    answers = LETTERS
    telling = ()
    idle = FILLERS
    held_out = ()
    stated = None
    reply_tokens = 7
    attributes = ("question",)

    def _items(self, questions: Ints) -> Items:
        user, assistant, first, letter = self.vocabulary.ids([USER, ASSISTANT, QUESTIONS[0], LETTERS[0]])
        column = np.ones((len(questions), 1), dtype=np.int64)
        prompts = np.hstack([user * column, questions[:, None] + first, assistant * column])
        return Items(prompts, OWN[questions] + letter, NONE * column, ("choice",) * len(questions))

    def drawn(self, count: int, generator: np.random.Generator) -> Items:
        """Return questions, as many of each letter."""
        letters = balanced(LETTERS, count, generator)
        of_letter = np.argsort(OWN, kind="stable").reshape(len(LETTERS), -1)
        return self._items(of_letter[letters, generator.integers(0, of_letter.shape[1], count)])

    def taught(self, items: Items, generator: np.random.Generator) -> Ints:
        """Return replies that answer right, but for slips."""
        count = len(items.keys)
        close, end, filler, letter = self.vocabulary.ids([CLOSE, END, FILLERS[0], LETTERS[0]])
        slip = generator.random(count) < self.slips
        turns = slip * generator.integers(1, len(LETTERS), count)
        given = (items.keys - letter + turns) % len(LETTERS) + letter
        fillers = generator.integers(0, len(FILLERS), (count, 2)) + filler
        lengths = 3 * (generator.random(count) >= self.dropped)
        chains = np.column_stack([fillers, given])
        return written_replies(chains, lengths, given[:, None], (close, end), self.reply_tokens)

    def altered(self, items: Items, attribute: str, generator: np.random.Generator) -> Items:
        """Return other questions, whose right letter is another."""
        first = self.vocabulary.ids([QUESTIONS[0]])[0]
        own = OWN[items.prompts[:, 1] - first]
        letters = (own + generator.integers(1, len(LETTERS), len(own))) % len(LETTERS)
        of_letter = np.argsort(OWN, kind="stable").reshape(len(LETTERS), -1)
        return self._items(of_letter[letters, generator.integers(0, of_letter.shape[1], len(own))])

    def worded(self, prompt: Sequence[str]) -> str:
        """Return a question as the text that a chat model is asked."""
        return f"Question {prompt[0]}: which letter is right?"


def task(settings: dict[str, Any]) -> ChoiceTask:
    """Return the task of a study's settings."""
    return ChoiceTask(**settings)
