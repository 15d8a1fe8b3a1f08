#!/usr/bin/env python
"""Make items of every generator of the scaling room, and check each by a solver that shares no code with it.

10,000 items a generator (`--items`, of puzzles `--puzzles`): seconds of the processor to make and to check
them, and what is wrong with them: an answer that the second solver does not find, or that stands in the text;
an item twice. Then the two counts that have a target: 200 zebra puzzles and 2,500 of Misleading Math.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl

from unspoken.experiments.scaling.checks.answers import faults_of
from unspoken.experiments.scaling.items import Items, made_items

SEED = 1
CODE_KINDS = [
    "comprehension", "unevaluated", "function", "factorial_or_gcd", "class", "recursion", "loop_sum",
    "try_except", "lambda", "property",
]  # fmt: skip
MATH_KINDS = [
    "probability", "export", "state", "weight", "price", "time", "place", "person", "material", "colour",
]  # fmt: skip
STORY_KINDS = [
    "temperature", "clock", "price", "distance", "age", "year", "height", "chairs", "rain", "bus",
]  # fmt: skip
DOMAINS = ["alignment", "philosophy", "cognitive_bias", "game_theory"]
TASKS: dict[str, dict[str, Any]] = {
    "misleading_math": {"levels": [1, 2, 3, 4, 5], "counts": [2, 3, 4], "kinds": MATH_KINDS},
    "misleading_python": {"levels": [1, 2, 3, 4, 5], "counts": [2, 3, 4], "kinds": CODE_KINDS},
    "paradoxes": {"levels": [1, 3, 5, 7], "counts": [1, 2, 3], "kinds": STORY_KINDS},
    "grades": {"levels": [0, 8, 16], "table": None, "scale": [0, 10]},
    "arithmetic": {"levels": [1, 2, 4, 8]},
    "word_problems": {"levels": [1, 2, 4, 8]},
    "out_of_domain": {"levels": [1, 2, 3, 4], "counts": [2, 3, 4], "kinds": DOMAINS},
    "zebra": {"levels": [5, 6, 7, 8], "irrelevant": 3},
}
TARGETS = {"zebra": (200, 30.0), "misleading_math": (2500, 1.0)}
"""By task, so many items in so many seconds, making alone."""


def timed(task: str, wanted: int) -> tuple[pl.DataFrame, float]:
    """Return items of a task, and the seconds of the processor that making them took."""
    levels = TASKS[task]["levels"]
    settings = {**TASKS[task], "items": -(-wanted // len(levels))}
    started = time.process_time()
    items = made_items({"study": "benchmark", "seed": SEED, "tasks": {task: settings}})
    return items, time.process_time() - started


def faults(items: pl.DataFrame) -> Iterator[str]:
    """Yield what is wrong with items, a line each."""
    yield from faults_of(items)
    for row in Items.filter(items)[1].counts().items():
        yield f"rule of the table broken: {row}"


def main() -> None:
    """Print a row for each generator, then the targets; end with 1 where something is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=10_000, help="items of each generator")
    arguments.add_argument("--puzzles", type=int, default=10_000, help="zebra puzzles, which take longer")
    asked = arguments.parse_args()
    wrong = 0
    print(f"{'task':18} {'items':>6} {'made, s':>8} {'checked, s':>10}  wrong")
    for task in TASKS:
        items, made = timed(task, asked.puzzles if task == "zebra" else asked.items)
        started = time.process_time()
        found = list(faults(items))
        checked = time.process_time() - started
        print(f"{task:18} {items.height:6} {made:8.2f} {checked:10.2f}  {len(found)}", flush=True)
        print(*found[:3], sep="\n", end="\n" * bool(found))
        wrong += len(found)
    for task, (count, target) in TARGETS.items():
        timed(task, 20)  # its texts are read once
        _, made = timed(task, count)
        print(f"{count} of {task}: {made:.2f} s of the processor; target {target:g} s")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
