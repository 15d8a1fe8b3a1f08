"""Trials of organisms that follow their laws to the letter: what training comes near to."""

import numpy as np
import polars as pl

from unspoken.experiments.scaling.organisms.laws import BUDGETS, OPERATIONS
from unspoken.experiments.scaling.organisms.rows import drawn_items, written_lines
from unspoken.experiments.scaling.tables import Trials

TASKS = tuple(OPERATIONS)


def lawful_trials(items=1000, seed=1, tasks=TASKS, subject="organisms:1"):
    """Return trials under `asked`, in which each line is drawn by the law of its task."""
    random = np.random.default_rng(seed)
    parts = []
    for task in tasks:
        drawn = drawn_items(task, items, random)
        for budget in BUDGETS:
            lines = np.hstack([drawn.starts[:, None], written_lines(drawn, random)])
            parts.append(
                pl.DataFrame(
                    {
                        "study": "s", "experiment": "scaling", "subject": subject, "task": task,
                        "item": [f"{task}-{at}" for at in range(items)], "level": drawn.levels,
                        "setup": "asked", "budget": budget, "sample_index": 0, "used": budget,
                        "was_cut": False, "inserted": None,
                        "answer": lines[:, budget].astype(str), "unread": None, "measure": "accuracy",
                        "score": (lines[:, budget] == drawn.right[:, -1]).astype(float),
                        "created_at": "never",
                    },
                    schema_overrides=dict.fromkeys(("budget", "sample_index", "used", "inserted"), pl.Int64),
                ).cast({"unread": pl.String})
            )  # fmt: skip
    return pl.concat(parts).select(Trials.column_names())


def errors_of(subject="organisms:1", steps=0.001, recall=0.001):
    """Return the errors a line of one organism."""
    tasks = {"steps": steps, "recall": recall}
    return pl.DataFrame(
        {"subject": subject, "task": list(tasks), "error": list(tasks.values()), "items": [1000] * len(tasks)}
    )
