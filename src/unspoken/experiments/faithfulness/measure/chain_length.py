"""Are chains that leave the hint unspoken longer than chains that say it (Chen et al. 2025, section 3)?

Raw, as published, and within hint kind and question: both the kind of hint and the question move length
and faithfulness at once, so that the raw gap mixes them.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linprog

from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import (
    Resampled,
    Statistic,
    interval_at,
    ratio,
    resampled,
    statistic_ends,
)
from unspoken.statistics.gaps import gap_interval
from unspoken.statistics.intervals import Floats, Interval, student_interval, without_interval
from unspoken.statistics.report import Report

FEWEST = 10
"""Questions with a chain of a class, below which nothing is said about the spread of that class."""
COX = "cox_cluster_robust"


def hinted_chains(trials: pl.DataFrame) -> pl.DataFrame:
    """Return the hinted trials at risk, with what can be known of each chain's class.

    Columns added: `cut` (truncated, and not known to have kept another answer), `moved` (switched, or
    without an answer and so perhaps switched), and `faithful` (mentions the hint and relies on it), null
    unless the trial switched and its whole chain was judged. A cut chain has no class: what it had not said
    yet it may have said later. Nor has one that states no answer: whether the hint moved it nobody knows.
    """
    truncated, switched = pl.col("outcome") == "truncated", pl.col("switched")
    judged = pl.col("mentions").is_not_null() & pl.col("relies").is_not_null()
    cut = truncated & switched.fill_null(value=True)
    return trials.filter(pl.col("at_risk"), arm="hint").with_columns(
        cut=cut,
        moved=switched.fill_null(value=True),
        faithful=pl.when(switched & ~truncated & judged).then(pl.col("mentions") & pl.col("relies")),
    )


def question_sums(chains: pl.DataFrame, columns: Sequence[pl.Expr], seed: int) -> Resampled:
    """Return the sums of `columns` by question as one table, resampled; nulls count 0.

    Raises ValueError without chains.
    """
    sums = [column.cast(pl.Float64).sum().alias(f"sum{at}") for at, column in enumerate(columns)]
    by_question = chains.group_by("question_id").agg(sums).sort("question_id")
    return resampled(by_question.drop("question_id").to_numpy()[None], seed)


def has_finite_maximum(rows: Floats, column: int) -> bool:
    """Whether a likelihood that rises with every row's product with the coefficients fixes that of `column`.

    `rows` is [rows, coefficients]. The coefficient has no finite value, or not one alone, if some direction
    that has a part in it lets no product fall (separation: Konis 2007); linear programs look for one.
    """
    cases, goal = np.unique(rows, axis=0), np.eye(rows.shape[1])[column]
    found = [linprog(sign * goal, -cases, np.zeros(len(cases)), bounds=(-1, 1)) for sign in (1.0, -1.0)]
    return all(one.status == 0 and abs(one.fun) < 1e-4 for one in found)


class ChainClasses(ABC):
    """The hinted chains of one subject by class, and where the rows about them go."""

    metric: str
    conditions: dict[str, str]
    """What all rows share; a row's own conditions replace them."""

    def __init__(self, report: Report, chains: pl.DataFrame, subject: str, seed: int) -> None:
        self.report, self.chains, self.subject, self.seed = report, chains, subject, seed

    def add_row(self, interval: Interval, used: int, missing: int, *names: str, **fields: Any) -> None:
        """Add a row about one class of chains, or about the first class minus the second."""
        groups = [self.report.arm(self.subject, name) for name in names]
        contrast = len(names) > 1
        conditions = self.conditions | fields.pop("conditions", {})
        self.report.add(
            interval, metric=self.metric, kind="contrast" if contrast else "estimate",
            subject=groups[0], versus=groups[1] if contrast else None, conditions=conditions,
            role="finding", replicate="question", n_samples=used, n_missing=missing, **fields,
        )  # fmt: skip

    @abstractmethod
    def add_raw(self) -> None:
        """Add the rows as published, all kinds pooled."""

    @abstractmethod
    def add_adjusted(self) -> None:
        """Add the rows at equal kinds of hint."""

    @classmethod
    def add_to(cls, report: Report, trials: pl.DataFrame, subject: str, seed: int) -> None:
        """Add all rows about one subject's trials; none without a hinted trial at risk."""
        chains = hinted_chains(trials)
        if chains.is_empty():
            return
        classes = cls(report, chains, subject, seed)
        classes.add_raw()
        classes.add_adjusted()


class _Design(NamedTuple):
    """Chains as a Cox model sees them that has the questions as strata."""

    tokens: Floats
    ended: NDArray[np.bool_]
    questions: NDArray[np.str_]
    columns: Floats
    """[chains, columns]: unfaithful, then what the questions show of the kinds."""
    comparisons: Floats
    """[comparisons, columns]: a chain that ended minus one of its question that was not over by then."""
    informative: int
    """Questions that compare an unfaithful chain with a faithful chain."""


def _design(chains: pl.DataFrame) -> _Design:
    """Return the design of chains; see `length_hazard`."""
    # A chain that was cut before any other of its question ended is compared with none: PHReg's residuals
    # have NaN there.
    first_end = pl.col("tokens").filter("ended").min().over("question_id")
    compared = chains.filter(pl.col("tokens") >= first_end).filter(pl.len().over("question_id") > 1)
    kept = compared.sort(pl.all()).with_row_index("row")
    asked = kept.select("question_id", "row", "tokens", "ended")
    pairs = asked.filter("ended").join(asked, on="question_id", suffix="_other")
    pairs = pairs.filter(pl.col("tokens_other") >= pl.col("tokens"), pl.col("row") != pl.col("row_other"))
    first, other = pairs["row"].to_numpy(), pairs["row_other"].to_numpy()
    kinds = kept["kind"].to_dummies().cast(pl.Float64).to_numpy()
    # Kinds that no question compares have no coefficient, and one of each connected set is the reference.
    _, sizes, directions = np.linalg.svd(kinds[first] - kinds[other], full_matrices=False)
    unfaithful = kept["unfaithful"].cast(pl.Float64).to_numpy()
    columns = np.column_stack([unfaithful, kinds @ directions[sizes > 1e-8].T])
    comparisons = np.round(columns[first] - columns[other], 9)
    informative = pairs["question_id"].filter(pl.Series(comparisons[:, 0] != 0)).n_unique()
    return _Design(
        kept["tokens"].cast(pl.Float64).to_numpy(), kept["ended"].to_numpy(),
        kept["question_id"].to_numpy(), columns, comparisons, informative,
    )  # fmt: skip


def length_hazard(chains: pl.DataFrame) -> Interval:
    """Return the log hazard ratio of ending, unfaithful over faithful: below 0, the unfaithful are longer.

    `chains` has question_id, kind, tokens, ended (Bool; false: cut at its tokens) and unfaithful (Bool).
    Cox model with the questions as strata and a coefficient for each kind: chains are compared within
    their question, at equal kinds, and a cut chain is censored. Errors are robust by question; t with
    G - 1 degrees of freedom, G being the questions that compare the two classes. Null for fewer than 10
    of them, or without a finite maximum (the same class ends first in every question).
    """
    from statsmodels.duration.hazard_regression import PHReg

    design = _design(chains)
    questions = design.informative
    if questions < FEWEST or not has_finite_maximum(design.comparisons, 0):
        return without_interval(None, COX, questions)
    model = PHReg(design.tokens, design.columns, design.ended.astype(int), strata=design.questions)
    with warnings.catch_warnings():
        # A kind that always ends first has no finite coefficient, but that of the class has one.
        warnings.simplefilter("ignore")
        try:
            found = model.fit(groups=design.questions)
        except np.linalg.LinAlgError:
            return without_interval(None, COX, questions)
    error = float(found.bse[0]) * np.sqrt(questions / (questions - 1))
    if not error > 0 or np.abs(model.score(found.params)).max() > 1e-3:
        return without_interval(None, COX, questions)
    return student_interval(float(found.params[0]), error, questions - 1, COX, questions)


def _mean(tokens: int, chains: int) -> Statistic:
    return Statistic(lambda sums: ratio(sums[tokens], sums[chains]), chains, limits=(0, np.inf))


def _mean_gap(replicates: int) -> Statistic:
    return Statistic(lambda sums: ratio(sums[0], sums[1]) - ratio(sums[2], sums[3]), replicates)


class _Lengths(ChainClasses):
    """Lengths of one subject's chains."""

    metric = "chain_tokens"
    conditions = {"hint": "all", "adjusted": "no", "truncated": "dropped"}

    def __init__(self, report: Report, chains: pl.DataFrame, subject: str, seed: int) -> None:
        super().__init__(report, chains, subject, hashed_seed(seed, "chain_tokens", subject))
        columns = [
            pl.when(faithful=faithful).then(part)
            for faithful in (False, True)
            for part in (pl.col("n_tokens"), pl.col("n_tokens").is_not_null())
        ]
        self.table = question_sums(chains, columns, self.seed)
        self.used = [int(self.table.totals[column, 0]) for column in (1, 3)]
        self.moved = chains.filter("moved").height
        self.questions = [int(self.table.replicates(column)[0]) for column in (1, 3)]

    def _shown(self, interval: Interval) -> Interval:
        """Return an interval, without its ends where a class has too few questions."""
        if interval.n_replicates >= FEWEST:
            return interval
        return without_interval(interval.value, interval.ci_method, interval.n_replicates)

    def add_raw(self) -> None:
        """Add the mean length of each class, and the unfaithful minus the faithful, kinds pooled."""
        missing = self.moved - sum(self.used)
        for at, name in enumerate(("unfaithful", "faithful")):
            mean = statistic_ends(self.table, _mean(2 * at, 2 * at + 1))
            self.add_row(self._shown(interval_at(mean, 0)), self.used[at], missing, name, unit="tokens")
        fewer = 1 if self.questions[0] <= self.questions[1] else 3
        gap = self._shown(gap_interval(self.table, _mean_gap(fewer)))
        self.add_row(gap, sum(self.used), missing, "unfaithful", "faithful", unit="tokens")

    def add_adjusted(self) -> None:
        """Add the log hazard ratio of whole chains, and with the cut chains as either class."""
        cut = self.chains.filter("cut")["n_tokens"].drop_nulls().len()
        for counted in ("dropped", "unfaithful", "faithful") if cut else ("dropped",):
            assumed = pl.lit(None if counted == "dropped" else counted == "unfaithful", pl.Boolean)
            unfaithful = pl.when("cut").then(assumed).otherwise(~pl.col("faithful"))
            ended = ~pl.col("cut")
            chains = self.chains.select("question_id", "kind", "n_tokens", ended=ended, unfaithful=unfaithful)
            chains = chains.rename({"n_tokens": "tokens"}).drop_nulls(["tokens", "unfaithful"])
            self.add_row(
                length_hazard(chains), chains.height, self.moved - chains.height, "unfaithful", "faithful",
                unit="log_hazard_ratio", paired_on=["question"],
                conditions={"adjusted": "yes", "truncated": counted},
            )  # fmt: skip


def add_chain_length(report: Report, trials: pl.DataFrame, subject: str, seed: int) -> None:
    """Add how long the faithful and the unfaithful chains of one subject are (Chen et al. 2025, section 3).

    `trials` are of one subject, in the columns of `tables.trials.Trials`; the arm `hint` counts, where
    the hint moved the answer. Faithful chains mention the hint and rely on it. Metric `chain_tokens`:
    mean tokens of each class and the unfaithful minus the faithful, all kinds pooled (cluster bootstrap
    over questions); condition `adjusted`: the log hazard ratio within kind and question
    (`length_hazard`), negative where unfaithful chains are longer.

    A truncated chain is neither faithful nor unfaithful, and so in none of these rows; it is missing in
    them, as is a chain that states no answer. Without truncated chains the longest lack, of either class.
    So, where there are such chains, two more
    rows censor them at their length, once as if all were unfaithful and once as if all were faithful
    (condition `truncated`): what they are lies between. Those count that switched or may have.
    """
    _Lengths.add_to(report, trials, subject, seed)
