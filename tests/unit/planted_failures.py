"""Items and answers of the scaling room that fail in ways a test writes down."""

import numpy as np
import polars as pl
from figure_modules import with_all_conditions
from planted_scaling import trials_of

from unspoken.experiments.scaling.failures import add_failures
from unspoken.experiments.scaling.spurious import add_spurious
from unspoken.experiments.scaling.trends.rows import add_trends
from unspoken.statistics.report import Report

BUDGETS = [0, 100, 800]
FEATURES = pl.Map(pl.String, pl.Float64)
N = 200
HOURS, SLEEP, NOISE = np.random.default_rng(5).normal(size=(3, N))
GRADES = np.clip(6 + HOURS + 0.2 * NOISE, 0, 10)
"""True grades: hours of study make them, sleep does not."""


def items_of(numbers, frames=None, task="counts", answers=None, options=None):
    """Return items with one distractor number each (None: no distractor)."""
    return pl.DataFrame(
        {
            "item": [f"{task}-{at}" for at in range(len(numbers))],
            "task": task,
            "answer": answers or ["2"] * len(numbers),
            "options": [options] * len(numbers),
            "distractors": [
                [] if number is None else [{"kind": "price", "text": "x", "number": str(number)}]
                for number in numbers
            ],
            "frame_answer": frames or [None] * len(numbers),
        },
        schema_overrides={
            "options": pl.List(pl.String),
            "frame_answer": pl.String,
            "distractors": pl.List(pl.Struct({"kind": pl.String, "text": pl.String, "number": pl.String})),
        },
    )


def answered(answers, task="counts", **told):
    """Return trials with answers [items, budgets] (None: unread), right where they are 2."""
    scores = [[float(one == "2") if one is not None else np.nan for one in row] for row in answers]
    return trials_of(scores, budgets=BUDGETS, task=task, answer=answers, **told)


def graded_items():
    """Return students with their hours of study, their sleep and their true grades."""
    return pl.DataFrame(
        {
            "item": [f"grades-{at}" for at in range(N)],
            "task": "grades",
            "answer": [f"{one:.3f}" for one in GRADES],
            "features": [
                [{"key": "hours", "value": hours}, {"key": "sleep", "value": sleep}]
                for hours, sleep in zip(HOURS, SLEEP, strict=True)
            ],
        },
        schema_overrides={"features": FEATURES},
    )


def graded(last):
    """Return predictions that follow the true grades, and at the largest budget `last`."""
    said = np.stack([GRADES, GRADES, last], axis=1)
    errors = np.abs(said - GRADES[:, None])
    answers = [[f"{one:.3f}" for one in one_row] for one_row in said]
    return trials_of(errors, budgets=BUDGETS, task="grades", measure="error", level=[0] * N, answer=answers)


def shifted_grades() -> pl.DataFrame:
    """Return measurements of predictions that follow sleep instead of hours at the largest budget."""
    report = Report("small", "gema2025", "scaling", reproducible=True)
    add_spurious(report, graded(np.clip(6 + SLEEP, 0, 10)), graded_items(), "m", 1)
    return with_all_conditions(report.measurements())


def lured(share: float) -> pl.DataFrame:
    """Return measurements of answers that are a distractor's number at 800 in such a share of its items."""
    answers = [["2", "2", "12" if at < share * N / 2 else "2"] for at in range(N)]
    report = Report("small", "gema2025", "scaling", reproducible=True)
    numbers = [12] * (N // 2) + [None] * (N // 2)
    add_failures(report, answered(answers), items_of(numbers), "m", 1)
    return with_all_conditions(report.measurements())


def written_lengths(power: float) -> pl.DataFrame:
    """Return measurements of chains of (tokens asked for)^power tokens."""
    asked = np.array([0, 100, 200, 400, 800])
    used = np.broadcast_to(asked**power, (N, 5)) * (1 + 0.05 * NOISE[:, None])
    trials = trials_of(
        np.ones((N, 5)), budgets=asked.tolist(), used=used.round(), was_cut=[[False] * 4 + [True]] * N
    )
    report = Report("small", "gema2025", "scaling", reproducible=True)
    add_trends(report, trials, "m", {})
    return with_all_conditions(report.measurements())
