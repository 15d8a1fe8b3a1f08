"""Trials of the scaling room whose scores a test writes down."""

import numpy as np
import polars as pl
from figure_modules import with_all_conditions

from unspoken.experiments.scaling.tables import Trials
from unspoken.experiments.scaling.trends.rows import add_trends
from unspoken.statistics.report import Report

BUDGETS = [0, 100, 200, 400, 800]


def drawn(means, items=200, seed=3):
    """Return right or wrong, [items, lengths]; the same items tend to be right."""
    random = np.random.default_rng(seed)
    luck = 0.6 * random.random((items, 1)) + 0.4 * random.random((items, len(means)))
    order = luck.argsort(axis=0).argsort(axis=0)
    return (order < np.round(np.array(means) * items)).astype(float)


def trials_of(
    scores, *, budgets, used=None, task="sums", setup="asked", measure="accuracy", level=None, **told
):
    """Return trials from scores [items, budgets], NaN for an answer that could not be read, None for none.

    `used` is [items, budgets] tokens, by default the budgets; `told` replaces columns with values of the
    same shape.
    """
    scores = np.asarray(scores, dtype=object)
    items, count = scores.shape
    used = np.broadcast_to(np.asarray(budgets) if used is None else np.asarray(used), scores.shape)
    rows = []
    for item in range(items):
        for at in range(count):
            score = scores[item, at]
            if score is None:
                continue
            read = score == score
            row = {
                "study": "planted", "experiment": "scaling", "subject": "m", "task": task,
                "item": f"{task}-{item}", "level": level[item] if level else None, "setup": setup,
                "budget": None if setup == "natural" else budgets[at],
                "sample_index": at if setup == "natural" else 0, "used": int(used[item, at]),
                "was_cut": None, "inserted": None, "answer": "given" if read else None,
                "unread": None if read else "no answer", "measure": measure,
                "score": float(score) if read else (0.0 if measure == "accuracy" else None),
                "created_at": "never",
            }  # fmt: skip
            row |= {name: values[item][at] for name, values in told.items()}
            rows.append(row)
    types = {name: column.dtype for name, column in Trials.columns().items()}
    return pl.DataFrame(rows, schema=types)


def length_rows(fall: float) -> pl.DataFrame:
    """Return measurements of two set-ups whose accuracy falls by `fall` from the least budget to the most."""
    report = Report("small", "gema2025", "scaling", reproducible=True)
    means = [0.5, *(0.9 - fall * np.arange(4) / 3)]
    trials = [trials_of(drawn(means, 400), budgets=BUDGETS, setup=setup) for setup in ("asked", "capped")]
    add_trends(report, pl.concat(trials), "m", {})
    return with_all_conditions(report.measurements())
