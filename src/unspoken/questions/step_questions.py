"""Questions whose answer takes k steps: look-ups in a small table, plain sums, sums on a clock.

k says how much has to be carried on the way to the answer: with none the answer stands in the question,
with one it can be read at once, with more it takes steps that are easier written down than held in mind. A
wrong option is where somebody arrives who leaves a step out, takes one too many or turns one round.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import polars as pl

from unspoken.questions import SourceError
from unspoken.questions.own_files import COMMON
from unspoken.questions.procedural import UNFIT, WRONG_OPTIONS, Rivals, wrong_options
from unspoken.questions.strata import stratum_of
from unspoken.seeds import hashed_seed

LONGEST = 4
"""The most steps of a question."""
TRIES = 50
"""How many questions are made, at most, for each that is wanted."""
TOWNS = (
    "Ardo", "Belo", "Corvin", "Dunmar", "Elsby", "Fenna", "Gorm", "Hallow", "Isken", "Jorby", "Kelm", "Lorno",
    "Marl", "Norby", "Ostrel", "Perro",
)  # fmt: skip
TABLE = 7
"""Towns of a table: more than the longest way passes, so that it never comes back."""
THINGS = ("marbles", "stamps", "buttons", "coins", "shells", "pencils", "beads", "cards")
SMALLEST, LARGEST = 10, 60
"""What a plain sum starts from."""
CLOCKS = (7, 8, 9, 11, 13, 14)
"""How many hours a clock has: not ten or twelve, which are known by heart."""
COUNTED = ("no train", "1 train", *(f"{k} trains, one after the other" for k in range(2, LONGEST + 1)))


class Made(NamedTuple):
    """A question with its answer and what may stand as a wrong option."""

    question: str
    right: str
    rivals: Rivals


def _lookups(k: int, random: np.random.Generator) -> Made:
    """Return a question about a way of k trains, whose next town stands in a table."""
    ring = [str(town) for town in random.choice(TOWNS, TABLE, replace=False)]
    rows = [f"{town} to {following}" for town, following in zip(ring, [*ring[1:], ring[0]], strict=True)]
    table = "; ".join(random.permutation(rows))
    question = (
        f"From each town one train leaves: {table}. A traveller is in {ring[0]} and takes {COUNTED[k]}."
        " Where is the traveller then?"
    )
    near = [ring[k - 1], ring[k + 1]]
    far = str(random.choice([town for town in ring if town not in (*near, ring[k])]))
    return Made(question, ring[k], ([], [*near, far]))


def _moves(k: int, most: int, random: np.random.Generator) -> list[int]:
    """Return k numbers to add, of either sign, from 2 to `most` in size."""
    return (random.integers(2, most + 1, k) * random.choice([-1, 1], k)).tolist()


def _slips(start: int, moves: Sequence[int]) -> set[int]:
    """Return where one arrives who leaves a move out, turns one round, or counts one or two too far."""
    right = start + sum(moves)
    left_out, turned = ({right - times * move for move in moves} for times in (1, 2))
    return (left_out | turned | {right + away for away in (-10, -2, -1, 1, 2, 10)}) - {right}


def _as_rivals(right: int, numbers: set[int]) -> Rivals:
    return (
        [str(one) for one in sorted(numbers) if one < right],
        [str(one) for one in sorted(numbers) if one > right],
    )


def _sums(k: int, random: np.random.Generator) -> Made:
    """Return a question about a box, into which things are put, and from which things are taken, k times."""
    start, things = int(random.integers(SMALLEST, LARGEST)), str(random.choice(THINGS))
    moves = _moves(k, 19, random)
    told = [f"{abs(move)} are {'put in' if move > 0 else 'taken out'}" for move in moves]
    then = "".join(f" Then {one}." for one in told)
    question = f"There are {start} {things} in a box.{then} How many {things} are in the box now?"
    right = start + sum(moves)
    if min(start + sum(moves[:place]) for place in range(k + 1)) < 1:
        return Made(question, str(right), UNFIT)
    return Made(question, str(right), _as_rivals(right, {one for one in _slips(start, moves) if one > 0}))


def _clocks(k: int, random: np.random.Generator) -> Made:
    """Return a question about the hand of a clock with some hours, which moves k times."""
    hours = int(random.choice(CLOCKS))
    start, moves = int(random.integers(0, hours)), _moves(k, hours - 1, random)
    told = [f"{abs(move)} {'forward' if move > 0 else 'back'}" for move in moves]
    then = f" It moves {', then '.join(told)}." if told else ""
    question = (
        f"A clock has {hours} hours, from 0 to {hours - 1}, and after {hours - 1} comes 0 again. Its hand"
        f" stands at {start}.{then} At which hour does it stand now?"
    )
    right = (start + sum(moves)) % hours
    wrong = {one % hours for one in _slips(start, moves)} - {right}
    return Made(question, str(right), _as_rivals(right, wrong))


FAMILIES: dict[str, Callable[[int, np.random.Generator], Made]] = {
    "lookups": _lookups,
    "sums": _sums,
    "clocks": _clocks,
}


def step_questions(families: Sequence[str], steps: Sequence[int], count: int, seed: int) -> pl.DataFrame:
    """Return `count` questions, spread evenly over families and numbers of steps, and their `stratum`.

    Columns of COMMON beside it; four options each, the right one first: sources.py shuffles them. Questions
    differ, and the first of a family and number stay the same where `count` grows. Raises SourceError where a
    family has too few.
    """
    cells = [(family, k) for family in families for k in steps]
    rows = [
        {**row, "topic": family, "stratum": stratum_of(k)}
        for place, (family, k) in enumerate(cells)
        for row in _of_cell(family, k, count // len(cells) + (place < count % len(cells)), seed)
    ]
    return pl.DataFrame(rows, schema={**COMMON, "stratum": pl.String})


def _of_cell(family: str, k: int, count: int, seed: int) -> list[dict[str, object]]:
    """Return the first `count` questions of a family and number of steps."""
    rows = list(islice(_rows(family, k, count * TRIES, seed), count))
    if len(rows) < count:
        asked = f"the set 'tasks': {family} of {k} steps: asked for {count} questions"
        raise SourceError(f"{asked}; it makes {len(rows)} that differ")
    return rows


def _rows(family: str, k: int, tries: int, seed: int) -> Iterator[dict[str, object]]:
    seen = set()
    for number in range(tries):
        drawn = hashed_seed(seed, "steps", family, k, number)
        question, right, rivals = FAMILIES[family](k, np.random.default_rng(drawn))
        wrong = wrong_options(rivals, drawn, question)
        if question not in seen and len(wrong) == WRONG_OPTIONS:
            seen.add(question)
            yield {
                "question_id": f"{family}-{k}-{number:05}", "question": question, "options": [right, *wrong],
                "answer": 0, "difficulty": None, "source": "tasks",
            }  # fmt: skip
