"""What answers without reading the question would score: by choosing at random, or always alike."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from unspoken.statistics.intervals import Floats


class Baseline(NamedTuple):
    """What a task gives to whoever does not read it."""

    chance: float
    """Accuracy: of a random option, or of the constant answer if that is right more often."""
    errors: Mapping[str, float]
    """By item, the error of the constant answer; empty for tasks of right and wrong."""

    def of_items(self, items: tuple[str, ...]) -> Floats:
        """Return the constant answer's error on each item, NaN where it has none."""
        return np.array([self.errors.get(item, np.nan) for item in items])


NOTHING = Baseline(0.0, {})
"""Of a task without options and without a constant answer."""


def baselines(items: pl.DataFrame) -> dict[str, Baseline]:
    """Return the baseline of each task and level, keyed `task` and `task:level`.

    `items` has task, level, item, options (list or null), answer and constant (text or null). Where all
    answers of a task are alike, the constant answer is no baseline: nobody who has not seen them could
    know it, and no accuracy would exceed it.
    """
    known = items.with_columns(
        random=1 / pl.col("options").list.len().cast(pl.Float64),
        alike=pl.col("answer").n_unique().over("task") == 1,
        error=(_number("constant") - _number("answer")).abs(),
    )
    found = {}
    for name, keys in (("{}", ["task"]), ("{}:{}", ["task", "level"])):
        for key, group in known.drop_nulls("level" if len(keys) > 1 else "task").group_by(keys):
            found[name.format(*key)] = _baseline(group)
    return found


def _baseline(group: pl.DataFrame) -> Baseline:
    constant = group.filter(~pl.col("alike"))
    right = (constant["constant"] == constant["answer"]).fill_null(value=False).mean()
    guesses = [group["random"].fill_null(0.0).mean(), right]
    errors = group.drop_nulls("error").select("item", "error")
    return Baseline(max(float(one or 0.0) for one in guesses), dict(errors.iter_rows()))  # type: ignore[arg-type]


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64, strict=False)
