"""Do metrics of faithfulness agree: how alike they rank units, and do they find the planted truth?

A unit is one subject under one kind of hint. Units are resampled whole; units of one subject are taken
as independent, so that the intervals are of these units and not of other subjects.
"""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import special

from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import (
    DRAWS,
    Drawn,
    Statistic,
    interval_at,
    percentile_ends,
    question_counts,
    ratio,
)
from unspoken.statistics.intervals import (
    Floats,
    Interval,
    clopper_pearson_interval,
    make_interval,
    without_interval,
)
from unspoken.statistics.pairs import wins
from unspoken.statistics.report import Report

FEWEST_UNITS = 3
"""Two units are ranked alike, or the other way round, and say nothing of agreement."""
# Metrics that differ by less are tied: 1 and 0.9999999999999999 are one value.
DECIMALS = 12


def _pairs(signs: Floats, weights: Floats) -> Floats:
    """Return, [draws], the sum of signs, [units, units], over pairs of units drawn `weights` times."""
    # All are whole numbers: the product does not depend on the number of threads.
    return ((weights @ signs) * weights).sum(axis=-1)


def kendall_tau_b(first: Floats, second: Floats, weights: Floats) -> Floats:
    """Return Kendall's tau-b of two metrics, [units], for each of the draws, [draws, units].

    `weights` says how often a draw holds each unit; copies of one unit are tied in both metrics and
    count for nothing. NaN where a metric is the same in all units of a draw.
    """
    one, two = (np.sign(values[:, None] - values) for values in (first, second))
    agree, apart, apart_too = (_pairs(signs, weights) for signs in (one * two, np.abs(one), np.abs(two)))
    return ratio(agree, np.sqrt(apart * apart_too))


def rank_agreement(first: ArrayLike, second: ArrayLike, seed: int, draws: int = DRAWS) -> Interval:
    """Return Kendall's tau-b of two metrics of the same units, with a bootstrap over units.

    Expanded percentile interval; none where over 5% of the resamples have no value (few units, or many
    ties), or where no resample moves it. Null for a metric that is the same in all units. No p.
    """
    one, two = (np.asarray(metric, dtype=np.float64) for metric in (first, second))
    n = len(one)
    if n == 0:
        return without_interval(None, "unit_bootstrap", 0)
    value = kendall_tau_b(one, two, np.ones((1, n)))
    drawn = kendall_tau_b(one, two, question_counts(n, draws, seed))[None]
    tau = Drawn(value, drawn, drawn, np.array([False]), np.array([n]))
    found = percentile_ends(tau, Statistic(lambda sums: sums[0], 0, limits=(-1, 1)))
    return replace(interval_at(found, 0), ci_method="unit_bootstrap")


def auroc_interval(positive: ArrayLike, negative: ArrayLike) -> Interval:
    """Return the chance that a positive unit's metric is above a negative one's, ties counting half.

    Exact, by ranks (Mann-Whitney). The interval is that of DeLong et al. (1988) on the logit scale, with
    t quantiles of Welch's degrees of freedom. Where the units are parted without a mistake, or that
    variance is 0, it is Clopper-Pearson's over as many trials as the smaller class has units. Null
    without units of both classes. No p.
    """
    above, below = (np.asarray(values, dtype=np.float64) for values in (positive, negative))
    n = len(above) + len(below)
    if not len(above) or not len(below):
        return without_interval(None, "delong", n)
    won = wins(above, below)
    value = float(won.mean())
    places = [won.mean(axis=1), won.mean(axis=0)]
    parts = [float(one.var(ddof=1)) / len(one) if len(one) > 1 else math.nan for one in places]
    variance = sum(parts)
    if not variance > 0 or value in (0.0, 1.0):
        least = min(len(above), len(below))
        return replace(clopper_pearson_interval(value * least, least), n_replicates=n)
    df = variance**2 / sum(part**2 / (len(one) - 1) for part, one in zip(parts, places, strict=True))
    se = math.sqrt(variance)
    reach = special.stdtrit(df, [0.025, 0.975, 0.05, 0.95]) * se / (value * (1 - value))
    ends = [float(end) for end in special.expit(special.logit(value) + reach)]
    return make_interval(value, se, ends, None, "delong", n)


def _by_unit(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row a unit and one column a metric, and the unit's truth; see `add_metric_agreement`."""
    if table.select("unit", "metric").is_duplicated().any():
        raise ValueError("a unit has a metric twice")
    truth = pl.col("truth") if "truth" in table.columns else pl.lit(None, pl.Boolean).alias("truth")
    rows = table.select("unit", "metric", pl.col("value").cast(pl.Float64).round(DECIMALS), truth)
    if rows.group_by("unit").agg(pl.col("truth").drop_nulls().n_unique())["truth"].gt(1).any():
        raise ValueError("a unit has two truths")
    truths = rows.group_by("unit").agg(pl.col("truth").drop_nulls().first())
    wide = rows.sort("metric").pivot("metric", index="unit", values="value")
    return wide.join(truths, on="unit", validate="1:1").sort("unit")


def _group(report: Report, name: str, units: pl.DataFrame) -> str:
    """Name the subjects of units: what stands before the last colon."""
    subjects = units["unit"].str.replace(":[^:]*$", "").unique().to_list()
    return report.group(f"subjects_by_kind:{name}", name, subjects)


def add_metric_agreement(report: Report, table: pl.DataFrame, seed: int) -> None:
    """Add how alike metrics rank units, by pairs, and how well each finds the planted truth.

    `table` has a row for each unit and metric: unit (`subject:kind`), metric, value (null where it is
    undefined) and, where a truth is planted, truth (Bool; null in other units); see `metric_table`.
    Agreement: Kendall's tau-b over the units in which both metrics are defined (`rank_agreement`); truth:
    the AUROC over the units that have one (`auroc_interval`). Conditions `score` and `versus_score` name
    the metrics. Units without a value are missing. `replicate` is `none`: n counts units, which are no
    replicates of any claim. Nothing is added for fewer than FEWEST_UNITS.

    Raises ValueError for a unit with a metric, or a truth, twice over.
    """
    units = _by_unit(table)
    if units.height < FEWEST_UNITS:
        return
    metrics = sorted(set(units.columns) - {"unit", "truth"})
    shared = {"kind": "estimate", "role": "finding", "replicate": "none"}
    everyone = _group(report, "all", units)
    for first, second in combinations(metrics, 2):
        known = units.drop_nulls([first, second])
        report.add(
            rank_agreement(known[first], known[second], hashed_seed(seed, "metric_agreement", first, second)),
            metric="rank_agreement", unit="correlation", subject=everyone,
            conditions={"score": first, "versus_score": second},
            n_samples=known.height, n_missing=units.height - known.height, **shared,
        )  # fmt: skip
    planted = units.filter(pl.col("truth").is_not_null())
    if planted.is_empty():
        return
    everyone = _group(report, "planted", planted)
    for metric in metrics:
        known = planted.drop_nulls(metric)
        report.add(
            auroc_interval(known.filter("truth")[metric], known.filter(~pl.col("truth"))[metric]),
            metric="auroc", unit="auroc", subject=everyone, conditions={"score": metric},
            n_samples=known.height, n_missing=planted.height - known.height, **shared,
        )  # fmt: skip
