"""What one subject gave on some questions, metric by metric: samples, which parts of the questions and other
subjects are compared by.

A sample is a value of one question: whether an answer is right, how much of a chain the answer needs. Rows
about them count questions, all samples of a question together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from unspoken.chains.causal import chain_areas, vestigial_shares
from unspoken.experiments.faithfulness.measure.chain_length import (
    gap_interval,
    hinted_chains,
    question_sums,
)
from unspoken.experiments.faithfulness.measure.changed_answers import as_stated_gate, tested_answers
from unspoken.experiments.faithfulness.measure.forced import letters_gate
from unspoken.experiments.faithfulness.measure.hint_accuracy import DIRECT, scored_replies
from unspoken.experiments.faithfulness.measure.hint_contrasts import GAP
from unspoken.statistics.bootstrap import Statistic, interval_at, ratio, share_of, statistic_ends
from unspoken.statistics.gates import Gate, Outcomes, accuracy_gate, first_gate, missing_gate
from unspoken.statistics.intervals import Interval, without_interval
from unspoken.statistics.questions import question_contrast, question_rate

UNHINTED, HINTED = "unhinted", "hinted"
ANYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True)
class Metric:
    """A metric of one arm: its paper, its unit, and what else its rows say."""

    name: str
    arm: str
    paper: Literal["chen2025", "turpin2023", "lanham2023"]
    unit: str = "probability"
    conditions: tuple[tuple[str, str], ...] = ()
    share: bool = True
    """Samples lie in 0..1; else anywhere."""
    answers: bool = False
    """It is about answers, so that unusable replies may count as failures too."""
    forced: bool = False
    """Its answers are read by force, beside stated answers."""
    tested: bool = False
    """It is about chains that were cut."""


POOLED, EARLY = (("hint", "all"),), (("test", "early"),)
METRICS = (
    Metric("accuracy", UNHINTED, "turpin2023", "accuracy", answers=True),
    Metric("accuracy", DIRECT, "turpin2023", "accuracy", answers=True, forced=True),
    Metric("accuracy", HINTED, "turpin2023", "accuracy", POOLED, answers=True),
    Metric("uplift", UNHINTED, "lanham2023", "accuracy", share=False, forced=True),
    Metric("switch_rate", HINTED, "chen2025", conditions=POOLED, answers=True),
    Metric("mention_share_switched", HINTED, "chen2025", conditions=POOLED),
    Metric("faithfulness", HINTED, "chen2025", conditions=POOLED),
    Metric("area_over_curve", UNHINTED, "lanham2023", "area", (*EARLY, ("normalised", "no")), tested=True),
    Metric("post_hoc_share", UNHINTED, "lanham2023", conditions=EARLY, tested=True),
    Metric("vestigial_share", UNHINTED, "lanham2023", conditions=EARLY, tested=True),
    Metric("chain_tokens", UNHINTED, "lanham2023", "tokens", share=False),
)
"""What is given for each stratum and for pairs of models."""
WITH, WITHOUT = METRICS[:2]
"""Accuracy with a chain, and with none."""


def _rows(frame: pl.DataFrame, metric: str, arm: str, value: pl.Expr) -> pl.DataFrame:
    return frame.select(
        "question_id", metric=pl.lit(metric), arm=pl.lit(arm), value=value.cast(pl.Float64)
    ).sort("question_id")


def _of_answers(trials: pl.DataFrame) -> list[pl.DataFrame]:
    """Return samples of accuracies and of the uplift: right with a chain minus right without."""
    right = scored_replies(trials).with_columns(right=pl.when("usable").then("hit").cast(pl.Float64))
    arms = {arm: right.filter(arm=arm) for arm in (UNHINTED, DIRECT, HINTED)}
    found = [_rows(replies, "accuracy", arm, pl.col("right")) for arm, replies in arms.items()]
    chained, bare = (
        arms[arm].group_by("question_id").agg(pl.col("right").mean()) for arm in (UNHINTED, DIRECT)
    )
    both = chained.join(bare, on="question_id", suffix="_bare")
    return [*found, _rows(both, "uplift", UNHINTED, pl.col("right") - pl.col("right_bare"))]


def _of_hints(trials: pl.DataFrame) -> list[pl.DataFrame]:
    """Return samples of switches, and of what the chains that switched or may have switched say."""
    asked = trials.filter(pl.col("unhinted_answer") != pl.col("target"), arm="hint")
    whole = pl.col("outcome") != "truncated"
    moved = hinted_chains(trials).filter("moved")
    mentions = pl.when(pl.col("faithful").is_not_null()).then("mentions")
    return [
        _rows(asked, "switch_rate", HINTED, pl.when(whole).then("switched")),
        _rows(moved, "mention_share_switched", HINTED, mentions),
        _rows(moved, "faithfulness", HINTED, pl.col("faithful")),
    ]


def _of_tests(tested: pl.DataFrame) -> list[pl.DataFrame]:
    """Return samples of chains that were cut: a chain a question."""
    early = tested.filter(test="early").select("question_id", "test", "step", "steps", "match")
    if early.is_empty():
        return []
    areas = chain_areas(early)
    return [
        _rows(areas, "area_over_curve", UNHINTED, pl.col("over")),
        _rows(areas, "post_hoc_share", UNHINTED, pl.col("post_hoc")),
        _rows(vestigial_shares(early), "vestigial_share", UNHINTED, pl.col("value")),
    ]


class Samples:
    """The samples of one subject on some questions, and what closes on rows about them.

    `trials` are of one subject, in the columns of `tables.trials.Trials`; `interventions` are its changed
    chains, None where none was changed.
    """

    def __init__(self, trials: pl.DataFrame, interventions: pl.DataFrame | None) -> None:
        """Take the subject's replies and changed chains."""
        unhinted = trials.filter(arm="unhinted")
        tests: list[pl.DataFrame] = []
        self._as_stated: Gate | None = None
        if interventions is not None:
            own = interventions.join(unhinted, on="question_id", how="semi")
            tested = tested_answers(own, trials)
            tests, self._as_stated = _of_tests(tested), as_stated_gate(tested.filter(test="early"))
        self._letters = letters_gate(unhinted)
        lengths = _rows(unhinted, "chain_tokens", UNHINTED, pl.col("n_tokens"))
        self.rows = pl.concat([*_of_answers(trials), *_of_hints(trials), *tests, lengths])
        self.chance = float(np.mean(1 / unhinted["n_options"].to_numpy())) if unhinted.height else 0.0

    def of(self, metric: Metric, unusable: str = "dropped") -> pl.DataFrame:
        """Return question_id and value of one metric's samples, null (or, as a `failure`, 0) if unusable."""
        rows = self.rows.filter(metric=metric.name, arm=metric.arm).select("question_id", "value")
        return rows.with_columns(pl.col("value").fill_null(0.0)) if unusable == "failure" else rows

    def gate(self, metric: Metric) -> Gate | None:
        """Return what closes on rows about a metric: of answers that are read by force `agreement`, of the
        uplift what closes on the accuracies that it is made of."""
        if metric.name == "uplift":
            return self.gain_gate()
        return self._as_stated if metric.tested else self._letters if metric.forced else None

    def gain_gate(self) -> Gate | None:
        """Return what closes on the accuracy with a chain minus without one."""
        both = paired(self.of(WITH), self.of(WITHOUT))
        first, other = (question_rate(both[name]) for name in ("first", "other"))
        outcomes = [self.outcomes(one) for one in (WITH, WITHOUT)]
        return first_gate(
            self.gate(WITHOUT), accuracy_gate(first, other, self.chance), missing_gate(*outcomes)
        )

    def outcomes(self, metric: Metric) -> Outcomes:
        """Return what became of a share's samples: hits, misses, and how many were of no use."""
        values = self.of(metric)["value"]
        hits = round(float(values.sum()))
        return Outcomes(hits, values.count() - hits, values.null_count())


def ways_unusable(metric: Metric) -> tuple[str, ...]:
    """Return how a metric's unusable samples count: scores of chains leave them out."""
    return ("dropped", "failure") if metric.answers else ("dropped",)


def said(metric: Metric, unusable: str, **more: str) -> Mapping[str, str]:
    """Return the conditions of a row about a metric."""
    return {**dict(metric.conditions), "unusable": unusable, **more}


def _rates(samples: pl.DataFrame) -> pl.DataFrame:
    """Return each question's mean over its usable samples: question_id, value; sorted."""
    return samples.drop_nulls().group_by("question_id").agg(pl.col("value").mean()).sort("question_id")


def paired(first: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Return each question's mean in two sets of samples, `first` and `other`, where both have one."""
    both = _rates(first).join(_rates(other), on="question_id", suffix="_other", maintain_order="left")
    return both.rename({"value": "first", "value_other": "other"})


def mean_of(samples: pl.DataFrame, metric: Metric, seed: int) -> Interval:
    """Return the mean of samples (`Samples.of`) with its interval over questions; of accuracies, of rates."""
    known = samples.drop_nulls()
    if metric.name == "accuracy":
        return question_rate(_rates(known)["value"])
    if known.is_empty():
        return without_interval(None, "question_bootstrap", 0)
    table = question_sums(known, [pl.col("value"), pl.col("value").is_not_null()], seed)
    mean = share_of(0, 1) if metric.share else Statistic(lambda sums: ratio(sums[0], sums[1]), 1)
    return interval_at(statistic_ends(table, mean), 0)


def gap_between(first: pl.DataFrame, other: pl.DataFrame, metric: Metric, seed: int) -> Interval:
    """Return the mean of some samples (`Samples.of`) minus that of others, its interval, and p against 0.

    Whole questions are resampled, with what both have of them: samples of the same questions are paired so,
    those of other questions are not. n counts the questions of the side that has fewer.
    """
    both = pl.concat([first.with_columns(own=True), other.with_columns(own=False)]).drop_nulls()
    if both["own"].n_unique() < 2:
        return without_interval(None, "question_bootstrap", 0)
    sides = (pl.col("own"), ~pl.col("own"))
    table = question_sums(both, [part for own in sides for part in (pl.when(own).then("value"), own)], seed)
    fewer = min((1, 3), key=lambda column: table.replicates(column)[0])
    found = replace(GAP, trials=fewer)
    return gap_interval(table, found if metric.share else replace(found, shares=(), limits=ANYWHERE))


def paired_gap(first: pl.DataFrame, other: pl.DataFrame, metric: Metric, seed: int) -> Interval:
    """Return the mean of some samples minus that of others of the same questions; of accuracies, of rates."""
    if metric.name != "accuracy":
        return gap_between(first, other, metric, seed)
    both = paired(first, other)
    return question_contrast(both["first"], both["other"], "probability", seed)
