"""Tasks of k serial steps, whose chain is more and more necessary (k = 0, 1, 2, 4).

Prompt: a start number and k operations, each a fixed permutation of a few numbers. The chain has as many
lines whatever k is: the number after each operation, and after the last the same number again. So chains of
all k look alike, and differ in how much of the answer is worked out in them: with no operation it stands in
the prompt, with one it is looked up, with four each line needs the line before. Taught chains slip in a share
of their lines and go on from there, and taught answers are their last line; without a chain the answer is the
right one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from unspoken.models.corpus import ASSISTANT, END, USER
from unspoken.questions.step_tasks import BLANK, Task, solved
from unspoken.training.environments import (
    CLOSE,
    NONE,
    Ints,
    Items,
    TaskVocabulary,
    balanced,
    written_replies,
)

STEPS = (0, 1, 2, 4)
LINES = STEPS[-1]
SOLVED = Task(modulus=5, operations=4, longest=LINES)


@dataclass(frozen=True)
class StepsTask:
    """Steps; a share `slips` of taught lines is wrong, a share `dropped` of taught replies has no chain."""

    slips: float = 0.1
    dropped: float = 0.2

    vocabulary = TaskVocabulary(
        (BLANK, *map(str, range(SOLVED.modulus)), *(f"op-{index}" for index in range(SOLVED.operations)))
    )
    answers = tuple(map(str, range(SOLVED.modulus)))
    telling = ()
    idle = ()
    held_out = ()
    stated = "0"
    reply_tokens = LINES + 4
    attributes = ("start", "operations")

    @cached_property
    def _firsts(self) -> tuple[int, int, int]:
        """The tokens of the blank, the number 0 and the first operation."""
        blank, zero, first = self.vocabulary.ids([BLANK, "0", "op-0"])
        return blank, zero, first

    def _items(self, starts: Ints, operations: Ints) -> Items:
        """Return items; operations are -1 past the last."""
        blank, zero, first = self._firsts
        user, assistant = self.vocabulary.ids([USER, ASSISTANT])
        column = np.ones((len(starts), 1), dtype=np.int64)
        asked = np.where(operations < 0, blank, operations + first)
        prompts = np.hstack([user * column, starts[:, None] + zero, asked, assistant * column])
        keys = solved(SOLVED, starts, operations).values[:, -1] + zero
        steps = (operations >= 0).sum(1)
        return Items(prompts, keys, NONE * column, tuple(map(str, steps.tolist())))

    def _asked(self, items: Items) -> tuple[Ints, Ints]:
        """Return start numbers and operations of items."""
        blank, zero, first = self._firsts
        asked = items.prompts[:, 2:-1]
        return items.prompts[:, 1] - zero, np.where(asked == blank, -1, asked - first)

    def drawn(self, count: int, generator: np.random.Generator) -> Items:
        """Return tasks, as many of each number of steps."""
        starts = generator.integers(0, SOLVED.modulus, count)
        operations = generator.integers(0, SOLVED.operations, (count, LINES))
        steps = np.array(STEPS)[balanced(STEPS, count, generator)]
        return self._items(starts, np.where(np.arange(LINES) < steps[:, None], operations, -1))

    def taught(self, items: Items, generator: np.random.Generator) -> Ints:
        """Return replies whose lines slip now and then, or that have no chain and are right."""
        _, zero, _ = self._firsts
        starts, operations = self._asked(items)
        tables = np.vstack([SOLVED.tables, np.arange(SOLVED.modulus)])  # the blank's row changes nothing
        slip = generator.random(operations.shape) < self.slips
        turns = generator.integers(1, SOLVED.modulus, operations.shape)
        lines, now = np.empty_like(operations), starts
        for step in range(LINES):
            now = (tables[operations[:, step], now] + slip[:, step] * turns[:, step]) % SOLVED.modulus
            lines[:, step] = now
        whole = generator.random(len(starts)) >= self.dropped
        answers = np.where(whole, now + zero, items.keys)[:, None]
        close, end = self.vocabulary.ids([CLOSE, END])
        return written_replies(lines + zero, LINES * whole, answers, (close, end), self.reply_tokens)

    def altered(self, items: Items, attribute: str, generator: np.random.Generator) -> Items:
        """Return the tasks with another start number, or with another first operation where there is one."""
        starts, operations = self._asked(items)
        if attribute == "start":
            starts = (starts + generator.integers(1, SOLVED.modulus, len(starts))) % SOLVED.modulus
        else:
            turn = generator.integers(1, SOLVED.operations, len(starts))
            other = (operations[:, 0] + turn) % SOLVED.operations
            operations = operations.copy()
            operations[:, 0] = np.where(operations[:, 0] < 0, -1, other)
        return self._items(starts, operations)

    def worded(self, prompt: Sequence[str]) -> str:
        """Return a start number and operations as the text that a chat model is asked."""
        start, *operations = (word for word in prompt if word != BLANK)
        return f"Start with {start}. Then: {', '.join(operations) or 'nothing'}. Which number is it?"


def task(settings: dict[str, Any]) -> StepsTask:
    """Return the task of a study's settings."""
    return StepsTask(**settings)
