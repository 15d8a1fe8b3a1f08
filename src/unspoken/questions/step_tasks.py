"""Tasks of k steps, as token rows that are answered with written steps or without.

A task is a start number and k operations, each one of a few fixed permutations of the numbers; its
answer is the number after the last operation. A prompt always has room for the longest task; its first
word says how to answer: `direct` (the answer alone) or `steps` (the number after each operation).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unspoken.models.corpus import ASSISTANT, END, MARKS, PAD, USER, Vocabulary

Ints = NDArray[np.int64]
MODES = ("direct", "steps")
BLANK = "."
"""Stands where a task shorter than the longest has no operation."""
HELD_OUT_SHARE = 1 / 4


@dataclass(frozen=True)
class Task:
    """Steps on the numbers 0 to `modulus` - 1 by `operations` fixed permutations, at most `longest`."""

    modulus: int
    operations: int
    longest: int

    @cached_property
    def tables(self) -> Ints:
        """What each operation makes of each number, (operations, modulus): the same on every run."""
        numbers = np.tile(np.arange(self.modulus), (self.operations, 1))
        return np.random.default_rng(self.modulus).permuted(numbers, axis=1)

    @cached_property
    def vocabulary(self) -> "StepVocabulary":
        """The tokens of prompts and answers."""
        return StepVocabulary((), self.modulus, self.operations)

    @property
    def prompt_length(self) -> int:
        """Tokens of a prompt: user mark, mode, start, operations or blanks, assistant mark."""
        return self.longest + 4


@dataclass(frozen=True)
class StepVocabulary(Vocabulary):
    """Token ids: marks, modes, the blank, numbers, operations."""

    modulus: int
    operations: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        numbers = tuple(map(str, range(self.modulus)))
        return (*MARKS, *MODES, BLANK, *numbers, *(f"op-{index}" for index in range(self.operations)))


@dataclass(frozen=True)
class Problems:
    """Tasks: start numbers, operations (-1 for none, after the last), and the number after each.

    `starts` is (count,), `operations` and `values` are (count, longest). Past its last operation a
    task's value stays.
    """

    starts: Ints
    operations: Ints
    values: Ints

    @property
    def steps(self) -> Ints:
        """The number of operations of each task; its answer is the last of `values`."""
        return (self.operations >= 0).sum(1)

    def where(self, chosen: NDArray[Any]) -> "Problems":
        """Return the tasks that are chosen, by a mask or by their places."""
        return Problems(self.starts[chosen], self.operations[chosen], self.values[chosen])


def solved(task: Task, starts: Ints, operations: Ints) -> Problems:
    """Return tasks with the number after each operation."""
    # The last row of the table is the blank's: it leaves every number as it is.
    tables = np.vstack([task.tables, np.arange(task.modulus)])
    values, now = np.empty_like(operations), starts
    for step in range(operations.shape[1]):
        now = values[:, step] = tables[operations[:, step], now]
    return Problems(starts, operations, values)


def drawn_problems(task: Task, count: int, generator: np.random.Generator) -> Problems:
    """Return `count` random tasks, each number of steps from 1 to `longest` equally often on average."""
    starts = generator.integers(0, task.modulus, count)
    operations = generator.integers(0, task.operations, (count, task.longest))
    steps = generator.integers(1, task.longest + 1, count)
    return solved(task, starts, np.where(np.arange(task.longest) < steps[:, None], operations, -1))


def held_out(task: Task, problems: Problems) -> NDArray[np.bool_]:
    """Return which tasks are never trained on, whatever the seed: a quarter, by a hash of the task.

    None of one step: what an operation does can be learnt from no other prompt.
    """
    code = problems.starts.astype(np.uint64)
    for column in problems.operations.T:
        code = code * np.uint64(task.operations + 1) + (column + 1).astype(np.uint64)
    # Fibonacci hashing: the high half of the product with 2^64 over the golden ratio.
    mixed = ((code + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    mixed = ((mixed * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)).astype(np.float64)
    return (mixed < HELD_OUT_SHARE * 2**32) & (problems.steps > 1)


def task_rows(task: Task, problems: Problems, mode: str) -> Ints:
    """Return token ids of prompts with their answers in one mode, padded at the end.

    (count, prompt_length + 2) for `direct`, (count, prompt_length + longest + 1) for `steps`.
    """
    count, steps = len(problems.starts), problems.steps
    user, assistant, pad, end, blank, mode_id, zero, first = task.vocabulary.ids(
        [USER, ASSISTANT, PAD, END, BLANK, mode, "0", "op-0"]
    )
    asked = np.where(problems.operations < 0, blank, problems.operations + first)
    column = np.ones((count, 1), dtype=np.int64)
    prompt = [user * column, mode_id * column, problems.starts[:, None] + zero, asked, assistant * column]
    if mode == "direct":
        return np.hstack([*prompt, problems.values[:, -1:] + zero, end * column])
    replies = np.hstack([problems.values + zero, pad * column])
    replies[np.arange(task.longest + 1) >= steps[:, None]] = pad
    replies[np.arange(count), steps] = end
    return np.hstack([*prompt, replies])


def direct_targets(task: Task, problems: Problems) -> Ints:
    """Return what direct rows are taught at each operation, at the assistant mark and after the answer.

    (count, longest + 2) of token ids: the number so far at each operation, the answer, the end. Without
    the first, answers of two steps or more stayed at chance. It is 0 (nothing is taught) at blanks and
    where the task up to there is held out.
    """
    zero = task.vocabulary.ids(["0"])[0]
    taught = problems.operations >= 0
    for place in range(1, task.longest):
        begun = np.where(np.arange(task.longest) <= place, problems.operations, -1)
        taught[:, place] &= ~held_out(task, Problems(problems.starts, begun, problems.values))
    so_far = np.where(taught, problems.values + zero, 0)
    return np.hstack([so_far, task_rows(task, problems, "direct")[:, -2:]])


def training_problems(
    task: Task, rows: int, generator: np.random.Generator
) -> Iterator[tuple[Problems, Problems]]:
    """Yield each step's tasks, at most `rows`, none held out: half for direct answers, half for steps."""
    while True:
        problems = drawn_problems(task, rows, generator)
        kept = np.flatnonzero(~held_out(task, problems))
        yield problems.where(kept[::2]), problems.where(kept[1::2])


def asked_problems(task: Task, count: int, generator: np.random.Generator) -> Problems:
    """Return tasks to ask, `count` of each number of steps where there are so many.

    All tasks of one step; random tasks of more steps, held out and each once.
    """
    single = np.array(list(product(range(task.modulus), range(task.operations))))
    operations = np.pad(single[:, 1:], ((0, 0), (0, task.longest - 1)), constant_values=-1)
    found = [solved(task, single[:, 0], operations)]
    drawn = drawn_problems(task, 40 * count * task.longest, generator)
    drawn = drawn.where(held_out(task, drawn))
    _, once = np.unique(np.column_stack([drawn.starts, drawn.operations]), axis=0, return_index=True)
    places = [once[drawn.steps[once] == steps][:count] for steps in range(2, task.longest + 1)]
    found += [drawn.where(np.sort(chosen)) for chosen in places]
    parts = ((one.starts, one.operations, one.values) for one in found)
    return Problems(*(np.concatenate(part) for part in zip(*parts, strict=True)))
