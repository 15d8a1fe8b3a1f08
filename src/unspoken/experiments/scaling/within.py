"""What more of one and the same chain does: the answer forced after a part of it, and after all."""

import numpy as np
import polars as pl

from unspoken.experiments.scaling.tables import SHARES
from unspoken.experiments.scaling.trends.rules import paired_change
from unspoken.statistics.intervals import Floats, Interval
from unspoken.statistics.questions import question_rate
from unspoken.statistics.report import Report

CHANGES = {"within_change": ("quarter", 0), "late_change": ("half", 1)}
"""By metric, the part of the chain that all of it is compared with, and its place in SHARES."""


def item_scores(forced: pl.DataFrame, treatment: str) -> Floats:
    """Return [items, shares]: the share of right answers over an item's chains, NaN where none counts.

    `forced` has the columns of `Forced`; an answer that could not be read is wrong (`failure`), or left out
    with the other answers of its chain (`dropped`).
    """
    score = pl.col("score")
    if treatment == "failure":
        counted = forced.with_columns(score.fill_null(0.0))
    else:
        counted = forced.filter(score.is_not_null().all().over("item", "sample_index"))
    by_item = counted.group_by("item", "share").agg(score.mean())
    items = forced["item"].unique().sort()
    grid = pl.DataFrame({"item": items}).join(pl.DataFrame({"share": SHARES}), how="cross")
    whole = grid.join(by_item, on=["item", "share"], how="left", maintain_order="left")
    return whole["score"].to_numpy().reshape(len(items), len(SHARES))


def add_within_chains(report: Report, forced: pl.DataFrame, subject: str) -> None:
    """Add how right one subject's answers are after parts of its chains, by task.

    `forced` is of one subject, in the columns of `Forced`. Items are the replicates. Metrics, unit accuracy,
    condition `unusable`: `accuracy_within`, an estimate after each `share` of the chain; as contrasts
    `within_change`, after all of the chain minus after a quarter, and `late_change`, minus after a half.
    """
    shared = {"unit": "accuracy", "role": "finding", "replicate": "question"}
    whole = report.arm(subject, "within:all")
    for (task,), group in sorted(forced.partition_by("task", as_dict=True).items()):
        chains = group.height // len(SHARES)
        unread = group["score"].null_count()
        for treatment in ("failure", "dropped"):
            scores, told = item_scores(group, treatment), {"task": str(task), "unusable": treatment}
            for at, share in enumerate(SHARES):
                report.add(
                    question_rate(scores[:, at]), metric="accuracy_within", kind="estimate", subject=subject,
                    conditions=told | {"share": f"{share:.2f}"}, n_samples=chains,
                    n_missing=group.filter(share=share)["score"].null_count(), **shared,
                )  # fmt: skip
            for metric, (name, start) in CHANGES.items():
                report.add(
                    _change(scores, start), metric=metric, kind="contrast", subject=whole,
                    versus=report.arm(subject, f"within:{name}"), conditions=told, n_samples=2 * chains,
                    n_missing=unread, paired_on=["question"], **shared,
                )  # fmt: skip


def _change(scores: Floats, start: int) -> Interval:
    both = scores[~np.isnan(scores[:, [start, -1]]).any(axis=1)]
    return paired_change(both[:, -1], both[:, start], "accuracy")
