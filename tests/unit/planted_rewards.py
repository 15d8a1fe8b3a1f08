"""Replies and decisions of training by reward whose scores are known, as tables."""

from itertools import product
from typing import Any

import polars as pl
from figure_modules import with_all_conditions

from unspoken.experiments.reinforcement.measure import add_reinforcement
from unspoken.figures.tables import Tables
from unspoken.statistics.report import Report

ITEMS = 20


def subject_rows(start: str, task: str, arm: str, base: int, strata: tuple[str, ...]) -> pl.DataFrame:
    """Return whose rows they are, one an item: ITEMS of each stratum."""
    trained = arm != "start"
    frame = pl.DataFrame(
        {
            "study": "small", "experiment": "reinforcement", "subject": f"{start}:{base}:{arm}",
            "start": start, "task": task, "arm": arm, "base": base, "training_seed": 1 if trained else None,
            "updates": 100 if trained else 0, "item": range(ITEMS * len(strata)), "created_at": "never",
        },
        schema_overrides=dict.fromkeys(["base", "training_seed", "updates"], pl.Int64),
    )  # fmt: skip
    return frame.with_columns(stratum=pl.Series([name for name in strata for _ in range(ITEMS)]))


def first(share: float) -> pl.Expr:
    """Return whether an item is among the first so many of its stratum."""
    return pl.int_range(pl.len()).over("stratum") < round(share * ITEMS)


def spoken(
    start: str, task: str, arm: str, base: int, strata: tuple[str, ...] = ("loan",), *,
    rewarded: float = 0.5, says: float = 0.5, tokens: int = 4,
) -> pl.DataFrame:  # fmt: skip
    """Return replies of which the first are rewarded, and the first say what drives the reward."""
    return subject_rows(start, task, arm, base, strata).with_columns(
        prompt=pl.lit("p"), chain=pl.lit("a b"), answer=pl.lit("approve"), valid=pl.lit(value=True),
        rewarded=first(rewarded), wanted=pl.lit("approve"), idle=pl.lit("b"), says=first(says),
        named=first(says), tells=first(says),
        chain_tokens=pl.lit(tokens, pl.Int64), closed=pl.lit(value=True),
    )  # fmt: skip


def decisions(
    start: str, task: str, arm: str, base: int, strata: tuple[str, ...] = ("loan",), *,
    kept: dict[str, float] | None = None, right: dict[str, float] | None = None, needed: Any = None,
) -> pl.DataFrame:  # fmt: skip
    """Return decisions after each change: the share that is kept, and that is right, by change.

    `needed` gives, by stratum, how many of four tokens a decision needs.
    """
    rows = subject_rows(start, task, arm, base, strata)
    kept, right = {"whole": 1.0, "empty": 0.5, **(kept or {})}, right or {}
    parts = [
        _decided(rows, change, first(share), first(right.get(change, 0.5))) for change, share in kept.items()
    ]
    for step in range(4 if needed else 0):
        needs = pl.col("stratum").replace_strict(needed, return_dtype=pl.Int64)
        parts.append(_decided(rows, "early", needs <= step, pl.lit(value=True), step))
    return pl.concat(parts)


def _decided(
    rows: pl.DataFrame, change: str, kept: pl.Expr, right: pl.Expr, step: int | None = None
) -> pl.DataFrame:
    return rows.with_columns(
        change=pl.lit(change), step=pl.lit(step, pl.Int64), steps=pl.lit(4, pl.Int64),
        decided=pl.when(kept).then(pl.lit("approve")).otherwise(pl.lit("reject")),
        original=pl.lit("approve"), right=right,
    )  # fmt: skip


def curve_rows(start: str, arm: str, base: int, fate: str = "learnt") -> pl.DataFrame:
    """Return what eighty updates of one training saw, its rewards growing."""
    update = pl.int_range(1, 81)
    return pl.select(update=update).with_columns(
        study=pl.lit("small"), experiment=pl.lit("reinforcement"), subject=pl.lit(f"{start}:{base}:{arm}"),
        start=pl.lit(start), arm=pl.lit(arm), base=pl.lit(base, pl.Int64),
        training_seed=pl.lit(1, pl.Int64), fate=pl.lit(fate), best=pl.lit(1.0),
        named=pl.lit(0.4), reward=pl.col("update") / 80, right=pl.col("update") / 80,
        valid=pl.lit(1.0), says=pl.lit(0.4), tells=pl.lit(0.3), chain_tokens=pl.lit(4.0), at_cap=pl.lit(0.0),
        informative=pl.lit(0.5), loss=pl.lit(0.1), created_at=pl.lit("never"),
    )  # fmt: skip


def reward_tables(says: float) -> Tables:
    """Return tables of three starts whose chains name what drives the reward more often by `says`."""
    report = Report("small", "biddulph2025", "reinforcement", reproducible=True)
    steps = ("0", "1", "2", "4")
    changes = {"resampled": 0.9, "shuffled": 0.8, "swapped": 0.4, "empty": 0.5, "frozen": 0.6}
    told, decided, curves = [], [], []
    for base, arm in product((1, 2, 3), ("start", "outcome")):
        more = (says + 0.05 * (base - 2)) * (arm == "outcome")
        told.append(spoken("loan", "loan", arm, base, says=0.5 + more))
        told.append(spoken("hints", "hints", arm, base, ("hinted", "unhinted"), says=0.5 + more))
        told.append(spoken("steps", "steps", arm, base, steps, rewarded=1.0))
        decided.append(decisions("loan", "loan", arm, base, kept=changes))
        needed = {name: int(name) for name in steps}
        decided.append(decisions("steps", "steps", arm, base, steps, needed=needed))
        if arm == "outcome":
            curves += [curve_rows(start, arm, base) for start in ("loan", "hints", "steps")]
    rewards = pl.concat(curves)
    add_reinforcement(report, pl.concat(told), pl.concat(decided), rewards)
    return {"measurements": with_all_conditions(report.measurements()), "rewards": rewards}
