"""Do chains say less about the hint on harder questions (Chen et al. 2025, section 3)?

Raw, as published, between questions labelled easy and hard; and by how hard a question is for the
subject itself, at equal kinds of hint: kinds that move the answers of hard questions alone would
otherwise pass for difficulty.
"""

import warnings

import numpy as np
import polars as pl

from unspoken.experiments.faithfulness.measure.chain_length import (
    FEWEST,
    ChainClasses,
    has_finite_maximum,
    question_sums,
)
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import Share, Statistic, interval_at, ratio, share_of, statistic_ends
from unspoken.statistics.gaps import gap_interval
from unspoken.statistics.gates import Outcomes, missing_gate
from unspoken.statistics.intervals import Interval, student_interval, without_interval
from unspoken.statistics.report import Report

LOGISTIC = "logistic_cluster_robust"
# Columns of sums: faithful and judged chains of hard questions, then of easy questions.
HARD, EASY = (0, 1), (2, 3)


def hard_minus_easy(replicates: int) -> Statistic:
    """Return the statistic: the share of columns 0 in 1 minus that of 2 in 3; n counts `replicates`."""
    return Statistic(
        lambda sums: ratio(sums[0], sums[1]) - ratio(sums[2], sums[3]),
        replicates, (Share(*HARD), Share(*EASY, -1)), (-1, 1),
    )  # fmt: skip


def relative_drop(replicates: int) -> Statistic:
    """Return the statistic: 1 minus the hard questions' share over the easy ones'; NaN where that is 0."""
    return Statistic(
        lambda sums: 1 - ratio(ratio(sums[0], sums[1]), np.nan_to_num(ratio(sums[2], sums[3]))),
        replicates, (Share(*HARD, -1), Share(*EASY)), (-np.inf, 1),
    )  # fmt: skip


def hardness_slope(chains: pl.DataFrame) -> Interval:
    """Return the log-odds of being faithful on a question of hardness 1 minus those on one of hardness 0.

    `chains` has question_id, kind, hardness (0 to 1) and faithful (Bool). Logistic regression with a
    level for each kind and errors robust by question; t with G - 1 degrees of freedom for G questions.
    Kinds whose chains are all alike say nothing and are left out. Null where fewer than 10 questions
    have a faithful, or an unfaithful chain, and without a finite maximum (separation).
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    both = pl.col("faithful").any().over("kind") & ~pl.col("faithful").all().over("kind")
    kept = chains.filter(both).sort("question_id", "kind", "hardness", "faithful")
    questions = kept["question_id"].n_unique()
    asked = [kept.filter(faithful=one)["question_id"].n_unique() for one in (True, False)]
    if min(asked) < FEWEST:
        return without_interval(None, LOGISTIC, questions)
    columns = np.column_stack([kept["hardness"].to_numpy(), kept["kind"].to_dummies().to_numpy()])
    columns = columns.astype(np.float64)
    faithful = kept["faithful"].to_numpy()
    if not has_finite_maximum(np.where(faithful, 1, -1)[:, None] * columns, 0):
        return without_interval(None, LOGISTIC, questions)
    groups = (kept["question_id"].rank("dense") - 1).to_numpy().astype(np.intp)
    model = GLM(faithful.astype(np.float64), columns, family=Binomial())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    error = float(found.bse[0])
    if not found.converged or not error > 0:
        return without_interval(None, LOGISTIC, questions)
    return student_interval(float(found.params[0]), error, questions - 1, LOGISTIC, questions)


def judged_counts(chains: pl.DataFrame) -> tuple[int, int]:
    """Return how many of the chains that moved were judged, and how many were not, or may have moved."""
    judged = chains["faithful"].count()
    return judged, chains.filter("moved").height - judged


class _Difficulties(ChainClasses):
    """The chains of one subject by difficulty."""

    metric = "faithfulness_by_difficulty"
    conditions = {"hint": "all", "unusable": "dropped", "adjusted": "no"}

    def __init__(self, report: Report, chains: pl.DataFrame, subject: str, seed: int) -> None:
        super().__init__(report, chains, subject, hashed_seed(seed, "difficulty", subject))

    def _outcomes(self, difficulty: str) -> Outcomes:
        chains = self.chains.filter(difficulty=difficulty)
        (judged, lost), hits = judged_counts(chains), chains.filter("faithful").height
        return Outcomes(hits, judged - hits, lost)

    def add_raw(self) -> None:
        """Add the share of faithful chains by label, hard minus easy, and the drop relative to easy."""
        labelled = self.chains.filter(pl.col("difficulty").is_in(["easy", "hard"]))
        if labelled["difficulty"].n_unique() < 2:
            return
        columns = [
            pl.when(difficulty=name).then(part)
            for name in ("hard", "easy")
            for part in (pl.col("faithful"), pl.col("faithful").is_not_null())
        ]
        table = question_sums(labelled, columns, self.seed)
        for name, share in (("hard", HARD), ("easy", EASY)):
            found = interval_at(statistic_ends(table, share_of(*share)), 0)
            self.add_row(found, *judged_counts(labelled.filter(difficulty=name)), name, unit="probability")
        fewer = min(HARD[1], EASY[1], key=lambda column: table.replicates(column)[0])
        gate = missing_gate(self._outcomes("hard"), self._outcomes("easy"))
        for unit, statistic in (("probability", hard_minus_easy), ("relative_drop", relative_drop)):
            found = gap_interval(table, statistic(fewer))
            self.add_row(found, *judged_counts(labelled), "hard", "easy", unit=unit, gate=gate)

    def add_adjusted(self) -> None:
        """Add the slope of faithfulness over hardness, at equal kinds."""
        read = self.chains.drop_nulls("hardness")
        if read.is_empty():
            return
        found = hardness_slope(read.drop_nulls("faithful"))
        adjusted = {"adjusted": "yes"}
        self.add_row(found, *judged_counts(read), "hard", "easy", unit="log_odds", conditions=adjusted)


def add_chain_difficulty(report: Report, trials: pl.DataFrame, subject: str, seed: int) -> None:
    """Add how faithful one subject's chains are on hard and on easy questions (Chen et al. 2025, section 3).

    `trials` are of one subject, in the columns of `tables.trials.Trials`; the arm `hint` counts, where
    the hint moved the answer and the chain was judged. Metric `faithfulness_by_difficulty`, condition
    `adjusted`: `no`, the share of faithful chains by label (probability), hard minus easy, and
    1 - hard / easy as published (relative_drop), kinds pooled, cluster bootstrap over questions; `yes`,
    the log-odds per unit of hardness at equal kinds (`hardness_slope`). Without labels of both
    difficulties, or without hardness, those rows are left out.

    A chain that was cut, or states no answer, is neither faithful nor unfaithful: it is missing, and may
    close the gate.
    """
    _Difficulties.add_to(report, trials, subject, seed)
