"""What training on distracted items with right answers does to chat models, by the kinds of distractor."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from unspoken.experiments.scaling.names import CLAIMED
from unspoken.experiments.scaling.trends.baselines import NOTHING, Baseline
from unspoken.experiments.scaling.trends.rules import paired_change
from unspoken.statistics.gates import Gate, Outcomes, accuracy_gate, first_gate, missing_gate
from unspoken.statistics.intervals import Floats, Interval, t_interval
from unspoken.statistics.questions import question_rate
from unspoken.statistics.report import Report

STAGES = BEFORE, AFTER = "before", "after"
TASKS = {"trained": "misleading_math", "untrained": "misleading_math", "control": "arithmetic"}
"""The task of items of each kind."""
SLOPE = "accuracy per doubling of tokens"


def kinds_of_items(items: pl.DataFrame, trained: Collection[str]) -> pl.DataFrame:
    """Return item and kind: whether its distractors are of kinds that were trained on.

    `trained` where all are, `untrained` where none is; `control`: sums, which have no distractors. Items of
    Misleading Math with distractors of both, or without any, say nothing of either and are left out.
    """
    known = pl.element().struct.field("kind").is_in(list(trained))
    told = items.filter(pl.col("distractors").list.len() > 0, task="misleading_math").with_columns(
        every=pl.col("distractors").list.eval(known).list.all(),
        some=pl.col("distractors").list.eval(known).list.any(),
    )
    kind = pl.when("every").then(pl.lit("trained")).when(~pl.col("some")).then(pl.lit("untrained"))
    sums = items.filter(task="arithmetic").select("item", kind=pl.lit("control"))
    return pl.concat([told.select("item", kind=kind).drop_nulls("kind"), sums])


def _by_item(trials: pl.DataFrame, model: str, students: Collection[str]) -> pl.DataFrame:
    """Return setup, kind, item, training, and what an item's answers are, those of all students together.

    `failure` and `dropped`: accuracy with answers that cannot be read as wrong, or without them (null where
    none can be read); `slope` of `failure` over log2 of the budget; `tokens` used; and counts: samples, hits,
    unread.
    """
    own = trials.filter(
        pl.col("subject").is_in([model, *students]), pl.col("setup").is_in(CLAIMED), pl.col("budget") > 0
    )
    training = pl.when(subject=model).then(pl.lit(BEFORE)).otherwise(pl.lit(AFTER))
    length = pl.col("budget").log(2)
    centred = length - length.mean()
    return (
        own.group_by("setup", "kind", "item", training=training)
        .agg(
            failure=pl.col("score").mean(),
            dropped=pl.col("score").filter(pl.col("unread").is_null()).mean(),
            slope=(pl.col("score") * centred).sum() / (centred**2).sum(),
            tokens=pl.col("used").mean(),
            samples=pl.len(),
            hits=pl.col("score").sum(),
            unread=pl.col("unread").is_not_null().sum(),
        )
        .sort("item")
    )


@dataclass(frozen=True)
class Compared:
    """Items of one kind under one set-up, before the training and after it."""

    report: Report
    names: Mapping[str, str]
    """The subject of each stage."""
    conditions: Mapping[str, str]
    rows: Mapping[str, pl.DataFrame]
    """By stage, as `_by_item` returns them; of the same items in the same order."""
    chance: float

    def _values(self, column: str) -> dict[str, Floats]:
        """Return a column by stage, of the items that have it in both."""
        paired = pl.DataFrame({stage: self.rows[stage][column] for stage in STAGES}).drop_nulls()
        return {stage: paired[stage].to_numpy() for stage in STAGES}

    def _gate(self, accuracies: Mapping[str, Interval]) -> Gate | None:
        counts = [
            Outcomes(int(rows["hits"].sum()), int((rows["samples"] - rows["hits"] - rows["unread"]).sum()),
                     int(rows["unread"].sum()))
            for rows in self.rows.values()
        ]  # fmt: skip
        return first_gate(
            accuracy_gate(accuracies[AFTER], accuracies[BEFORE], self.chance), missing_gate(*counts)
        )

    def _add(
        self, what: str, unit: str, found: Mapping[str, Interval], change: Interval, *, gate: Gate | None,
        **conditions: str,
    ) -> None:  # fmt: skip
        """Add what was found in each stage, and the change."""
        told = {**self.conditions, **conditions}
        counts = {
            stage: {"n_samples": int(rows["samples"].sum()), "n_missing": int(rows["unread"].sum())}
            for stage, rows in self.rows.items()
        }
        shared: dict[str, Any] = {"unit": unit, "replicate": "question", "role": "finding"}
        for stage in STAGES:
            self.report.add(
                found[stage], metric=f"distracted_{what}", kind="estimate", subject=self.names[stage],
                conditions=told | {"training": stage}, **counts[stage], **shared,
            )  # fmt: skip
        both = {name: sum(one[name] for one in counts.values()) for name in ("n_samples", "n_missing")}
        self.report.add(
            change, metric=f"distracted_{what}_change", kind="contrast", subject=self.names[AFTER],
            versus=self.names[BEFORE], conditions=told, gate=gate, paired_on=["question"], **both, **shared,
        )  # fmt: skip

    def add(self) -> None:
        """Add accuracy, its slope, and the tokens used."""
        gates = {}
        for treatment in ("failure", "dropped"):
            values = self._values(treatment)
            rates = {stage: question_rate(values[stage]) for stage in STAGES}
            gates[treatment] = self._gate(rates)
            if values[AFTER].size:
                change = paired_change(values[AFTER], values[BEFORE], "accuracy")
                self._add("accuracy", "accuracy", rates, change, gate=gates[treatment], unusable=treatment)
        for what, unit, told in (("slope", SLOPE, {"unusable": "failure"}), ("tokens", "tokens", {})):
            values = self._values(what)
            means = {stage: t_interval(values[stage]) for stage in STAGES}
            gate = gates["failure"] if what == "slope" else None
            self._add(what, unit, means, t_interval(values[AFTER] - values[BEFORE]), gate=gate, **told)


def add_distracted_students(
    report: Report, trials: pl.DataFrame, items: pl.DataFrame, model: str, students: Collection[str],
    trained: Collection[str], baselines: Mapping[str, Baseline],
) -> None:  # fmt: skip
    """Add what a model and its students answer by length, and the change, paired by item.

    Metrics: `distracted_accuracy`; `distracted_slope`, in accuracy per doubling of the budget, however long
    the chains became; `distracted_tokens`, used before an answer. Of each an estimate by `training`, and
    `..._change`, after minus before. Conditions: `setup`; `kind`, of `kinds_of_items`; `unusable`. Budget 0
    is another prompt, and left out. Gates: `floor`, `ceiling` and `missing`, of accuracy before and after.

    Items are the replicates, and students count as one: what is said is said of these students, not of all
    that could be trained so. All are findings.
    """
    told = trials.join(kinds_of_items(items, trained), on="item")
    groups = _by_item(told, model, students).partition_by("setup", "kind", as_dict=True)
    for (setup, kind), group in sorted(groups.items()):
        whole = group.filter(pl.len().over("item") == len(STAGES))
        about = f"{model}, training on distractors"
        members = {BEFORE: [model], AFTER: list(students)}
        names = {stage: report.group(f"{model}:{stage}:{kind}", about, members[stage]) for stage in STAGES}
        chance = baselines.get(TASKS[str(kind)], NOTHING).chance
        rows = {stage: whole.filter(training=stage) for stage in STAGES}
        Compared(report, names, {"setup": str(setup), "kind": str(kind)}, rows, chance).add()
