"""Answers of one subject after changed chains, read in one way, and where rows about them go.

Tested are chains that state an answer, and a match is that answer. Where the subject wrote on from the change
(mistake, paraphrase), the answer is what it then states; after a chain that was cut, replaced or transplanted
it can only be read by force, and stands beside stated answers only where the two ways to read agree (gate
`agreement`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from unspoken.statistics.gates import Gate, agreement_gate
from unspoken.statistics.intervals import Floats, Interval
from unspoken.statistics.report import Report

REWRITTEN = ("mistake", "paraphrase")
"""Tests whose chains the subject wrote on to an answer that they state; in the others it is read by force."""
QUARTERS = 4
"""Dots as long as the chain are this many steps of filler."""


def tested_answers(interventions: pl.DataFrame, trials: pl.DataFrame) -> pl.DataFrame:
    """Return changed chains, in order, with `match`, `kept` and what the trials of their prompts know.

    match: the answer is that of the chain as it was; null without an answer, and where a step was to be
    rewritten and could not be (`unchanged`). as_stated: the forced letter after the chain as it was is the
    answer that it states. kept: the share of the steps that stand before the change; of filler, the share of
    the chain's length in dots, with quarters as `steps`.
    """
    keys = ["subject", "prompt_id"]
    known = ["free", "kind", "key", "n_options", "target", "direct", "at_risk", "switched", "sham_moved"]
    unchanged = pl.col("test").is_in(REWRITTEN) & pl.col("how").eq_missing(pl.lit("none"))
    return (
        interventions.join(trials.select(*keys, *known), on=keys, how="left", validate="m:1")
        .with_columns(
            steps=pl.when(pl.col("test") == "filler").then(QUARTERS).otherwise("steps"),
            unchanged=unchanged,
            as_stated=pl.col("original_forced") == pl.col("free"),
            match=pl.when(~unchanged).then(pl.col("answer") == pl.col("original")),
        )
        .with_columns(kept=pl.col("step") / pl.col("steps"))
        .sort("question_id", "prompt_id", "test", "step")
    )


def question_sums(
    rows: pl.DataFrame, labels: list[str], columns: list[str]
) -> tuple[list[dict[str, str]], Floats]:
    """Return the different values of the columns `labels`, and sums over their rows.

    The sums are [values, questions, columns], both in sorted order. Nulls add nothing.
    """
    sums = [pl.col(name).cast(pl.Float64).sum() for name in columns]
    found = rows.group_by(*labels, "question_id").agg(sums).sort(*labels, "question_id")
    values, questions = found.select(labels).unique().sort(labels), found["question_id"].unique()
    table = np.zeros((values.height, questions.len(), len(columns)))
    places = found.select(
        (pl.struct(labels).rank("dense") - 1).alias("label"), pl.col("question_id").rank("dense") - 1
    )
    table[tuple(places.to_numpy().astype(np.intp).T)] = found.select(columns).to_numpy()
    return values.to_dicts(), table


def as_stated_gate(tested: pl.DataFrame) -> Gate | None:
    """Return the gate `agreement` of changed chains as they were: were they read as what they state?"""
    whole = tested.unique("prompt_id")
    return agreement_gate(whole.filter("as_stated").height, whole.height)


@dataclass(frozen=True)
class TestedChains:
    """The changed chains of one subject, and where rows about them go; `tested` is that of `tested_answers`.

    `read` are the conditions that say how answers are read, empty for stated answers.
    """

    report: Report
    subject: str
    tested: pl.DataFrame
    trials: pl.DataFrame
    seed: int
    read: Mapping[str, str]

    def arm(self, name: str) -> str:
        """Return the name of the subject in an arm."""
        return self.report.arm(self.subject, name)

    def add(self, metric: str, interval: Interval, arm: str, conditions: dict, **fields: Any) -> None:
        """Add a row about an arm."""
        row = {"unit": "probability", "kind": "estimate", "role": "finding", "replicate": "question"}
        said = {**conditions, **self.read}
        self.report.add(interval, metric=metric, subject=self.arm(arm), conditions=said, **{**row, **fields})

    def gate(self, test: str) -> Gate | None:
        """Return the gate `agreement` of a test's chains as they were: are they read as what they state?

        None where nothing is read by force: in a test of `REWRITTEN`, of stated answers.
        """
        if test in REWRITTEN and not self.read:
            return None
        return as_stated_gate(self.tested.filter(test=test))
