"""The organisms' language: prompts of the three tasks, and rows with the lines that are taught."""

from dataclasses import dataclass

import numpy as np

from unspoken.experiments.scaling.organisms.laws import (
    DISTRACTORS,
    DRIFT,
    LINES,
    NUMBERS,
    OPERATIONS,
    SLIP,
    right_lines,
)
from unspoken.models.corpus import ASSISTANT, END, MARKS, USER, Vocabulary
from unspoken.questions.step_tasks import BLANK, Ints, drawn_problems, solved
from unspoken.statistics.intervals import Floats

CLOSE, NATURAL = "<close>", "natural"
PLACES = NUMBERS.longest
"""Places of a prompt for operations, and again as many for what distracts."""
KINDS = ("between", "behind")
"""Where the distractors of `notes` stand: in the places of operations, or in those behind them."""
PROMPT = 2 * PLACES + 5
"""Tokens of a prompt: user mark, task, length asked for, start, places, assistant mark."""
AT_ONCE, UNASKED = 0.12, 0.45
"""Shares of rows without any line, and of the others that are not asked for a length."""


@dataclass(frozen=True)
class LineVocabulary(Vocabulary):
    """Token ids: marks, tasks, the blank, the end of the lines, lengths, numbers, operations."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        lengths = (NATURAL, *(f"lines-{count}" for count in range(LINES + 1)))
        operations = (f"op-{index}" for index in range(NUMBERS.operations))
        numbers = map(str, range(NUMBERS.modulus))
        return (*MARKS, *OPERATIONS, BLANK, CLOSE, *lengths, *numbers, *operations)


VOCABULARY = LineVocabulary(())
ZERO, FIRST_OPERATION, BLANK_ID, CLOSE_ID, END_ID, NATURAL_ID, NO_LINES = VOCABULARY.ids(
    ["0", "op-0", BLANK, CLOSE, END, NATURAL, "lines-0"]
)


@dataclass(frozen=True)
class Items:
    """Items of one task: arrays of one row an item."""

    task: str
    starts: Ints
    places: Ints
    """Token ids, (count, 2 x PLACES): operations, then what stands behind them."""
    distractors: Ints
    """Numbers that distract, (count, PLACES), -1 for none; none is the start's."""
    right: Ints
    """The number of each line where nothing goes wrong, (count, LINES + 1), from the start's on."""

    @property
    def levels(self) -> Ints:
        """Return how many distractors each item has, or how many operations."""
        if self.task == "notes":
            return (self.distractors >= 0).sum(1)
        return np.full(len(self.starts), OPERATIONS[self.task])


def drawn_items(
    task: str, count: int, random: np.random.Generator, *, operations: int | None = None,
    kinds: tuple[str, ...] = KINDS,
) -> Items:  # fmt: skip
    """Return random items; of `notes` each number of distractors is as likely, and each kind.

    `operations` of `steps`, as many as there can be if None.
    """
    steps = OPERATIONS[task] if operations is None else operations
    drawn = drawn_problems(NUMBERS, count, random)
    kept = np.where(np.arange(PLACES) < steps, random.integers(0, NUMBERS.operations, (count, PLACES)), -1)
    problems = solved(NUMBERS, drawn.starts, kept)
    places = np.where(kept < 0, BLANK_ID, kept + FIRST_OPERATION)
    distractors = np.full((count, PLACES), -1)
    behind = np.full((count, PLACES), BLANK_ID)
    if task == "notes":
        others = random.integers(1, NUMBERS.modulus, (count, PLACES))
        levels = random.choice(DISTRACTORS, count)
        numbers = (drawn.starts[:, None] + others) % NUMBERS.modulus
        distractors = np.where(np.arange(PLACES) < levels[:, None], numbers, -1)
        shown = np.where(distractors < 0, BLANK_ID, distractors + ZERO)
        is_behind = (random.choice(kinds, count) == "behind")[:, None]
        places, behind = np.where(is_behind, places, shown), np.where(is_behind, shown, behind)
    return Items(task, drawn.starts, np.hstack([places, behind]), distractors, right_lines(problems))


def written_lines(items: Items, random: np.random.Generator) -> Ints:
    """Return the numbers of LINES lines as the law of the task has them, (count, LINES)."""
    count = len(items.starts)
    lines = items.right[:, 1:].copy()
    if items.task == "recall":
        slipped = (lines[:, 0] + random.integers(1, NUMBERS.modulus, count)) % NUMBERS.modulus
        return np.where((random.random(count) < SLIP)[:, None], slipped[:, None], lines)
    if items.task == "notes":
        now = items.starts
        for at in range(LINES):
            taken = items.distractors[np.arange(count), random.integers(0, items.levels)]
            now = lines[:, at] = np.where(random.random(count) < DRIFT * items.levels, taken, now)
    return lines


def law_of_lines(items: Items, lines: Ints) -> Floats:
    """Return how likely each number is at each line, given the lines before, (count, LINES, numbers)."""
    numbers = np.eye(NUMBERS.modulus)
    before = np.hstack([items.starts[:, None], lines[:, :-1]])
    if items.task == "steps":
        return numbers[items.right[:, 1:]]
    if items.task == "recall":
        law = numbers[before]
        first = numbers[items.right[:, 1]]
        law[:, 0] = (1 - SLIP) * first + SLIP * (1 - first) / (NUMBERS.modulus - 1)
        return law
    shares = np.where(items.distractors[..., None] >= 0, numbers[items.distractors], 0).sum(1)
    leaves = (DRIFT * items.levels)[:, None, None]
    return (1 - leaves) * numbers[before] + leaves * (shares / items.levels[:, None])[:, None]


def prompt_rows(items: Items, lengths: Ints) -> Ints:
    """Return token ids of prompts, (count, PROMPT); a length of -1 asks for none."""
    count = len(items.starts)
    user, assistant, task = VOCABULARY.ids([USER, ASSISTANT, items.task])
    asked = np.where(lengths < 0, NATURAL_ID, NO_LINES + lengths)
    column = np.ones((count, 1), dtype=np.int64)
    return np.hstack(
        [user * column, task * column, asked[:, None], items.starts[:, None] + ZERO, items.places,
         assistant * column]
    )  # fmt: skip


def taught_rows(items: Items, lines: Ints, random: np.random.Generator) -> Ints:
    """Return prompts with their lines and answers, (count, PROMPT + LINES + 3), padded at the end.

    The answer is the last line, or without lines the start. Lengths are drawn: AT_ONCE none, else each as
    likely, whether a length is asked for or not.
    """
    count = len(items.starts)
    lengths = np.where(random.random(count) < AT_ONCE, 0, random.integers(1, LINES + 1, count))
    asked = np.where((lengths > 0) & (random.random(count) < UNASKED), -1, lengths)
    whole = np.hstack([items.starts[:, None], lines])
    answers = whole[np.arange(count), lengths]
    replies = np.zeros((count, LINES + 3), dtype=np.int64)
    replies[:, :LINES] = np.where(np.arange(LINES) < lengths[:, None], lines + ZERO, 0)
    for offset, tokens in enumerate((np.full(count, CLOSE_ID), answers + ZERO, np.full(count, END_ID))):
        replies[np.arange(count), lengths + offset] = tokens
    return np.hstack([prompt_rows(items, asked), replies])


def training_rows(count: int, random: np.random.Generator) -> Ints:
    """Return rows of all tasks; of `steps` as many of each number of operations.

    Half are of `notes`: shares are learnt more slowly than what is certain. `count` is a multiple of 32.
    """
    parts = [drawn_items("steps", 3 * count // 32, random, operations=k) for k in range(1, PLACES + 1)]
    parts += [drawn_items("recall", count // 8, random), drawn_items("notes", count // 2, random)]
    return np.vstack([taught_rows(items, written_lines(items, random), random) for items in parts])
