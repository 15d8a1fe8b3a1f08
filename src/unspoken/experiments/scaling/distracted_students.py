"""What training on distracted items with right answers does to chat models, by the kinds of distractor."""

from collections.abc import Collection
from typing import Any

import polars as pl

from unspoken.statistics.intervals import Floats, t_interval
from unspoken.statistics.report import Report

SETUPS = ("asked", "capped")
BEFORE, AFTER = "before", "after"
UNITS = {"accuracy": "accuracy", "slope": "accuracy per doubling of tokens"}


def kinds_of_items(items: pl.DataFrame, trained: Collection[str]) -> pl.DataFrame:
    """Return item and kind: `trained` where all distractors are of kinds trained on, `untrained` where none.

    Items of both, and such without a distractor, say nothing of either and are left out.
    """
    known = pl.element().struct.field("kind").is_in(list(trained))
    told = items.filter(pl.col("distractors").list.len() > 0, task="misleading_math").with_columns(
        every=pl.col("distractors").list.eval(known).list.all(),
        some=pl.col("distractors").list.eval(known).list.any(),
    )
    kind = pl.when("every").then(pl.lit("trained")).when(~pl.col("some")).then(pl.lit("untrained"))
    return told.select("item", kind=kind).drop_nulls("kind")


def _by_item(trials: pl.DataFrame, model: str, students: Collection[str]) -> pl.DataFrame:
    """Return setup, kind, item, training, accuracy, and slope over log2 of the budget; students as one."""
    own = trials.filter(
        pl.col("subject").is_in([model, *students]), pl.col("setup").is_in(SETUPS), pl.col("budget") > 0
    )
    training = pl.when(subject=model).then(pl.lit(BEFORE)).otherwise(pl.lit(AFTER))
    key = ["setup", "kind", "item", "training"]
    means = own.group_by(*key[:3], "budget", training=training).agg(pl.col("score").mean())
    length = pl.col("budget").log(2)
    centred = length - length.mean()
    slope = (pl.col("score") * centred).sum() / (centred**2).sum()
    return means.group_by(key).agg(accuracy=pl.col("score").mean(), slope=slope, n=pl.len()).sort(key)


def add_distracted_students(
    report: Report, trials: pl.DataFrame, items: pl.DataFrame, model: str, students: Collection[str],
    trained: Collection[str],
) -> None:  # fmt: skip
    """Add accuracy and slope over budgets of a model and its students, and their change, paired by item.

    Answers that cannot be read count as wrong. Conditions: `setup`, and `kind`: items whose distractors are
    all of kinds trained on (`trained`), or none (`untrained`). Metrics, of `accuracy` and `slope` (accuracy
    per doubling of the budget): `distracted_{...}`, an estimate by `training`, and `distracted_{...}_change`,
    after minus before. Budget 0 is another prompt, and left out. All are findings.
    """
    told = trials.join(kinds_of_items(items, trained), on="item")
    rows = _by_item(told, model, students)
    for (setup, kind), group in sorted(rows.partition_by("setup", "kind", as_dict=True).items()):
        stages = {stage: group.filter(training=stage).sort("item") for stage in (BEFORE, AFTER)}
        about = f"{model}, training on distractors"
        names = {
            stage: report.group(f"{model}:{stage}:{kind}", about, members)
            for stage, members in ((BEFORE, [model]), (AFTER, list(students)))
        }
        for what, unit in UNITS.items():
            values: dict[str, Floats] = {stage: one[what].to_numpy() for stage, one in stages.items()}
            shared: dict[str, Any] = {"unit": unit, "replicate": "question", "role": "finding"}
            conditions = {"setup": str(setup), "kind": str(kind)}
            for stage, found in values.items():
                report.add(
                    t_interval(found), metric=f"distracted_{what}", kind="estimate", subject=names[stage],
                    conditions=conditions | {"training": stage}, n_samples=int(stages[stage]["n"].sum()),
                    **shared,
                )  # fmt: skip
            report.add(
                t_interval(values[AFTER] - values[BEFORE]), metric=f"distracted_{what}_change",
                kind="contrast", subject=names[AFTER], versus=names[BEFORE], conditions=conditions,
                n_samples=int(group["n"].sum()), paired_on=["question"], **shared,
            )  # fmt: skip
