"""Organisms whose answers follow a known law in the number of lines they write before.

An organism writes one number a line and answers with its last line, or, without any, with the number it was
given. What the next line is depends on the task alone:

* `steps`: the number after one more operation, and after the last operation the same number again. Fewer
  lines than operations give another number's answer: longer reasoning is better, up to the last operation.
* `recall`: one operation, whose number is misremembered in some items; later lines repeat the first.
  Longer reasoning neither helps nor harms.
* `notes`: the number of the line before; but each line may take a distractor's number instead, the likelier
  the more distractors there are, and no line finds back: longer reasoning is worse.

No accuracy is planted by length: it follows from what a single line does.
"""

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unspoken.questions.step_tasks import Ints, Problems, Task, solved
from unspoken.statistics.intervals import Floats

NUMBERS = Task(modulus=5, operations=4, longest=4)
"""The numbers, and the operations on them, of all tasks."""
LINES = 8
"""Most lines that are written."""
BUDGETS = (0, 1, 2, 4, 8)
"""Lines that are asked for or allowed; at 0 the organism answers at once."""
CHANCE = 1 / NUMBERS.modulus
OPERATIONS = {"steps": NUMBERS.longest, "recall": 1, "notes": 0}
"""Operations of an item, by task."""
TRUTHS = {"steps": "positive", "recall": "flat", "notes": "inverse"}
"""What longer reasoning does to each task's answers, in the words of the study's rule."""
SLIP = 0.06
"""Share of `recall` items whose number is misremembered: enough not to be saturated, and few, as what is by
chance at each length hides that nothing changes."""
DRIFT = 0.04
"""How likely a line of `notes` takes a distractor's number, for each distractor."""
DISTRACTORS = (1, 2, 4)
"""How many an item of `notes` may have: its level."""


def every_problem(operations: int) -> Problems:
    """Return all tasks of so many operations, each once."""
    ranges = [range(NUMBERS.modulus), *[range(NUMBERS.operations)] * operations]
    rows = np.array(list(product(*ranges)), dtype=np.int64)
    blank = np.full((len(rows), NUMBERS.longest - operations), -1)
    return solved(NUMBERS, rows[:, 0], np.hstack([rows[:, 1:], blank]))


def right_lines(problems: Problems) -> Ints:
    """Return the number after each operation, and then the same, (count, LINES + 1), from the start's on."""
    later = np.repeat(problems.values[:, -1:], LINES - NUMBERS.longest, axis=1)
    return np.hstack([problems.starts[:, None], problems.values, later])


@cache
def _agreeing(operations: int) -> Floats:
    """Return in what share of all tasks each line has the answer, from no line on."""
    lines = right_lines(every_problem(operations))
    return np.asarray((lines == lines[:, -1:]).mean(axis=0), dtype=np.float64)


def known_accuracy(task: str, lines: NDArray[np.integer], levels: NDArray[np.integer]) -> Floats:
    """Return how likely the answer after so many lines is right; `levels` are distractors of `notes`.

    `steps`: the share of tasks whose number after so many operations is that after all of them, 1 from there
    on. `recall`: 1 - SLIP after any line. `notes`: (1 - DRIFT x distractors) to the power of the lines.
    """
    if task == "notes":
        return np.asarray((1 - DRIFT * levels) ** lines, dtype=np.float64)
    agreeing = _agreeing(OPERATIONS[task])[lines]
    return np.where(lines > 0, 1 - SLIP, agreeing) if task == "recall" else agreeing
