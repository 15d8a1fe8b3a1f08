"""Which features a predicted number follows, as reasoning grows, beside those that the truth follows.

A correlation of predictions with each feature: raw, as published, and partial, at equal values of the other
features. Both are functions of sums over items, so items are resampled and all is computed anew.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.scaling.trends.cells import with_lengths
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import Drawn, Statistic, resampled
from unspoken.statistics.gaps import drawn_gaps
from unspoken.statistics.intervals import Floats, Interval
from unspoken.statistics.report import Report

RANGE = (0.0, 10.0)
"""Predictions outside are no grades: they count as missing, as one of 1,000 would be all of a correlation."""
SMALLEST = 1e-9
"""Variances and eigenvalues below this are 0."""
KINDS = ("partial", "raw")
_CORRELATION = Statistic(lambda sums: sums[0], 0, limits=(-1, 1))
_GAP = Statistic(lambda sums: sums[0], 0, limits=(-2, 2))


def correlations(sums: Floats) -> dict[str, Floats]:
    """Return the raw and the partial correlation of each feature with a number, [features, ...].

    `sums` are [products, ...]: of a constant, the features and the number, each pair once, as
    `np.triu_indices` counts them. NaN where a variable is constant, or features tell each other.
    """
    size = int(np.sqrt(2 * len(sums)))
    whole = np.empty((*sums.shape[1:], size, size))
    rows, columns = np.triu_indices(size)
    whole[..., rows, columns] = whole[..., columns, rows] = np.moveaxis(sums, 0, -1)
    count = np.maximum(whole[..., :1, :1], 1)
    means = whole[..., 1:, :1] / count
    covariance = whole[..., 1:, 1:] / count - means * np.swapaxes(means, -1, -2)
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    flat = (variances < SMALLEST).any(axis=-1, keepdims=True)
    spread = np.sqrt(np.where(flat, 1.0, variances))
    scaled = covariance / spread[..., :, None] / spread[..., None, :]
    singular = flat | (np.linalg.eigvalsh(scaled)[..., :1] < SMALLEST)
    precision = np.linalg.inv(np.where(singular[..., None], np.eye(size - 1), scaled))
    scale = np.sqrt(np.diagonal(precision, axis1=-2, axis2=-1))
    partial = -precision[..., :-1, -1] / scale[..., :-1] / scale[..., -1:]
    found = {
        "partial": np.where(singular, np.nan, partial),
        "raw": np.where(flat, np.nan, scaled[..., :-1, -1]),
    }
    return {kind: np.moveaxis(values, -1, 0) for kind, values in found.items()}


def product_sums(rows: pl.DataFrame, items: Sequence[str]) -> Floats:
    """Return [items, products]: sums of products over an item's rows; columns after `item` are variables."""
    at = rows["item"].replace_strict(list(items), range(len(items)), return_dtype=pl.Int64).to_numpy()
    values = np.column_stack([np.ones(len(at)), rows.drop("item").to_numpy().astype(np.float64)])
    first, second = np.triu_indices(values.shape[1])
    sums = np.zeros((len(items), len(first)))
    np.add.at(sums, at, values[:, first] * values[:, second])
    return sums


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64, strict=False)


class _Correlations:
    """The correlations of one subject in one task, set-up and level: of the truth, then by length."""

    def __init__(self, told: pl.DataFrame, names: list[str], seed: int) -> None:
        """Take item, features, truth, length and predicted (null: none), one row a sample."""
        self.names, self.lengths = names, told["length"].unique().sort().to_list()
        items = told["item"].unique().sort().to_list()
        by_length = [told.filter(length=length) for length in self.lengths]
        self.missing = [0, *(one["predicted"].null_count() for one in by_length)]
        truth = told.unique("item").sort("item").select("item", *names, "truth")
        said = [one.drop_nulls("predicted").select("item", *names, "predicted") for one in by_length]
        self.table = resampled(np.stack([product_sums(one, items) for one in (truth, *said)]), seed)
        self.values, self.drawn = correlations(self.table.totals), correlations(self.table.drawn)

    def interval(self, kind: str, feature: int, table: int, minus: int | None = None) -> Interval:
        """Return a feature's correlation in a table, less that in table `minus`, if any."""
        values, drawn = self.values[kind][feature], self.drawn[kind][feature]
        n, statistic = self.table.replicates(0), _CORRELATION
        value, draws, items = values[table], drawn[table], n[table]
        if minus is not None:
            value, draws, items = value - values[minus], draws - drawn[minus], min(items, n[minus])
            statistic = _GAP
        alone = Drawn(np.array([value]), draws[None], draws[None], np.zeros(1, dtype=bool), np.array([items]))
        return drawn_gaps(alone, statistic)[0]


class _Rows:
    """The rows of one task, set-up and level."""

    def __init__(
        self, report: Report, subject: str, found: _Correlations, conditions: dict[str, str],
        kinds: Sequence[str] = KINDS,
    ) -> None:  # fmt: skip
        self.report, self.subject, self.found, self.conditions = report, subject, found, conditions
        self.key, self.kinds = "rank" if conditions["setup"] == "natural" else "budget", kinds

    def add(
        self, metric: str, tables: list[int], *, length: str | None = None, arms: tuple[str, ...] = ()
    ) -> None:
        """Add a row for each feature and kind: of one table, or of the first minus the second."""
        pair: dict[str, Any] = {"subject": self.subject}
        if arms:
            names = [self.report.arm(self.subject, f"{self.conditions['setup']}:{arm}") for arm in arms]
            pair = {"subject": names[0], "versus": names[1], "paired_on": ["question"]}
        said = [at for at in tables if at] or tables
        for feature, kind in itertools.product(range(len(self.found.names)), self.kinds):
            told = {"feature": self.found.names[feature], "correlation": kind}
            told |= {self.key: length} if length else {}
            self.report.add(
                self.found.interval(kind, feature, *tables), metric=metric, unit="correlation",
                kind="contrast" if arms else "estimate", conditions=self.conditions | told, role="finding",
                replicate="question", n_samples=int(self.found.table.totals[0, said].sum()),
                n_missing=sum(self.found.missing[at] for at in said), **pair,
            )  # fmt: skip

    def add_features(self) -> None:
        """Add the truth's rows, and those of each length beside it."""
        self.add("feature_correlation", [0], length="truth")
        for at, length in enumerate(self.found.lengths, start=1):
            self.add("feature_correlation", [at], length=str(length))
            self.add("feature_excess", [at, 0], length=str(length), arms=("answers", "truth"))
        self.add_changes("feature")

    def add_grades(self) -> None:
        """Add the correlation with the true grade at each length."""
        for at, length in enumerate(self.found.lengths, start=1):
            self.add("grade_correlation", [at], length=str(length))
        self.add_changes("grade")

    def add_changes(self, what: str) -> None:
        """Add the change from the shortest to the longest length above 0, and that from 0 to the shortest."""
        lengths = self.found.lengths
        reasoned = [at for at, length in enumerate(lengths, start=1) if length > 0]
        if len(reasoned) > 1:
            self.add(f"{what}_change", [reasoned[-1], reasoned[0]], arms=("longest", "shortest"))
        if reasoned and 0 in lengths:
            places = [reasoned[0], lengths.index(0) + 1]
            self.add(f"{what}_after_zero", places, arms=("least", "zero"))


def add_spurious(report: Report, trials: pl.DataFrame, items: pl.DataFrame, subject: str, seed: int) -> None:
    """Add what one subject's predictions follow, by task, set-up, level, length (Gema et al. 2025, Fig. 7).

    `trials` are of one subject, in the columns of `Trials`; of `items`, those with a map of `features`
    count, by task, whose items have the same ones. Metric `feature_correlation`, unit correlation,
    conditions `feature` and `correlation` (partial, raw): an estimate at each `budget`, and of the truth
    (`budget: truth`). Contrasts: `feature_excess`, a budget minus the truth; `feature_change`, the longest
    budget minus the shortest above 0; `feature_after_zero`, that minus budget 0, which is another prompt. The
    same of the true grade (raw): `grade_correlation`, `grade_change` and `grade_after_zero`. Null where all
    predictions are alike.
    """
    known = items.drop_nulls("features").select("item", "features", truth=_number("answer"))
    told = with_lengths(trials).drop_nulls("length").join(known, on="item")
    told = told.with_columns(predicted=_number("answer"))
    told = told.with_columns(predicted=pl.when(pl.col("predicted").is_between(*RANGE)).then("predicted"))
    for key, group in sorted(told.partition_by("task", "setup", "level", as_dict=True).items(), key=str):
        conditions = dict(zip(("task", "setup", "level"), map(str, key), strict=True))
        names = group["features"].map.keys().explode().unique().sort().to_list()
        wide = group.with_columns(pl.col("features").map.get(name).alias(name) for name in names)
        drawn = hashed_seed(seed, "features", subject, *key)
        _Rows(report, subject, _Correlations(wide, names, drawn), conditions).add_features()
        grades = _Correlations(wide.with_columns(grade="truth"), ["grade"], drawn)
        _Rows(report, subject, grades, conditions, kinds=["raw"]).add_grades()
