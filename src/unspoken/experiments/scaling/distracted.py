"""What training on distracted notes with right answers does to organisms' fall with length."""

from typing import Any

import polars as pl

from unspoken.statistics.intervals import Floats, t_interval
from unspoken.statistics.report import Report

STAGES = ("before", "after")


def slopes(distracted: pl.DataFrame) -> pl.DataFrame:
    """Return each organism's slope of accuracy over log2 of the budget: number, training, kind, setup, slope.

    `distracted` has the columns of `Distracted`; budget 0 is another prompt, and left out.
    """
    length = pl.col("budget").log(2)
    centred = length - length.mean()
    accuracy = pl.col("correct") / pl.col("asked")
    key = ["number", "training", "kind", "is_trained_on", "setup"]
    slope = (accuracy * centred).sum() / (centred**2).sum()
    return distracted.filter(pl.col("budget") > 0).group_by(key).agg(slope=slope).sort(key)


def add_distracted(report: Report, distracted: pl.DataFrame) -> None:
    """Add the slopes before and after the training, and their change, paired by organism.

    Conditions: `setup` and `kind`: distractors as in the training (`trained`), or such that stand elsewhere
    (`untrained`). Metrics, in accuracy per doubling of the budget: `distracted_slope`, an estimate by
    `training`; `distracted_slope_change`, after minus before. Of the trained kind the change is a positive
    control, passed if its interval is above 0: there the training shows what is right. Of the other it is a
    finding.
    """
    for (is_trained_on, setup), group in sorted(
        slopes(distracted).partition_by("is_trained_on", "setup", as_dict=True).items()
    ):
        kind = "trained" if is_trained_on else "untrained"
        told = {"kind": kind, "setup": str(setup)}
        of_kind = distracted.filter(pl.col("budget") > 0, is_trained_on=is_trained_on, setup=setup)
        asked = of_kind["asked"].sum()
        arms: dict[str, Floats] = {
            stage: group.filter(training=stage).sort("number")["slope"].to_numpy() for stage in STAGES
        }
        shared: dict[str, Any] = {"unit": "accuracy per doubling of tokens", "replicate": "training_seed"}
        names = {
            stage: report.group(f"organisms:{stage}:{kind}", "organisms trained on distractors", [])
            for stage in STAGES
        }
        for stage, values in arms.items():
            report.add(
                t_interval(values), metric="distracted_slope", kind="estimate", subject=names[stage],
                conditions=told | {"training": stage}, role="finding", n_samples=asked // 2, **shared,
            )  # fmt: skip
        change = t_interval(arms["after"] - arms["before"])
        role: dict[str, Any] = {"role": "finding"}
        if is_trained_on:
            role = {"role": "positive_control", "passed": change.ci_low is not None and change.ci_low > 0}
        report.add(
            change, metric="distracted_slope_change", kind="contrast", subject=names["after"],
            versus=names["before"], conditions=told, n_samples=asked, paired_on=["seed"], **role, **shared,
        )  # fmt: skip
