"""Three rules for what length does to accuracy or error, on one table of items by lengths.

The rule of the paper and the rule of its code are as published (Gema et al. 2025, section 3, and the code
beside it); the third is the study's own. Each rule is a function from intervals to a word, so that a word
can be had again from the rows of `measurements`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from scipy import special

from unspoken.statistics.gates import Ends, Gate, lies_within
from unspoken.statistics.intervals import (
    Floats,
    Interval,
    has_spread,
    make_interval,
    sorted_values,
    student_interval,
    t_interval,
    without_interval,
)
from unspoken.statistics.questions import question_contrast

Measure = Literal["accuracy", "error"]
THRESHOLDS = {"accuracy": 0.02, "error": 0.05}
"""Of the paper: a change up to this is flat."""
MARGINS = {"accuracy": 0.05, "error": 0.125}
"""Of the study: a change is flat if it surely lies within this; for both measures 2.5 times the paper's."""
LEVEL = 0.05
LEAST_RANGE = 0.25
"""Doublings between the shortest and the longest mean length, below which nothing is said about length."""
FEWEST_ITEMS = 10
OVERLAP, SPEARMAN, LOGISTIC, LINEAR = (
    "interval_overlap", "spearman", "logistic_cluster_robust", "linear_cluster_robust",
)  # fmt: skip
CALLS = (
    "inverse", "positive", "flat", "noisy", "none", "U", "inverted U", "undecided",
    "floor", "saturated", "lengths alike",
)  # fmt: skip
"""What a rule can say; `none` is the code's only word for no trend."""


def mean_and_error(scores: Floats) -> tuple[float, float, int]:
    """Return mean, standard error and number of scores, as published: repeats count as items."""
    n = scores.size
    return float(scores.mean()), float(scores.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan, n


def paper_change(first: Floats, last: Floats) -> Interval:
    """Return the last mean minus the first, with ends that leave 0 out where the two intervals part.

    Two intervals of 1.96 standard errors part exactly where the means differ by more than 1.96 times the
    sum of both errors. Not an interval of the difference: it is wider for arms that have nothing in
    common, and blind to items that are the same.
    """
    (start, error, n), (end, other, m) = mean_and_error(first), mean_and_error(last)
    value, reach = end - start, error + other
    z = special.ndtri([0.025, 0.975, 0.05, 0.95])
    return make_interval(value, math.hypot(error, other), value + z * reach, None, OVERLAP, min(n, m))


def code_correlation(budgets: Sequence[int], means: Sequence[float]) -> Interval:
    """Return Spearman's correlation of budgets with their mean scores, with its p; it has no interval.

    Budgets are what it counts. p is 0 for any four in order. Null for fewer than three, or where all
    means are equal.
    """
    from scipy.stats import spearmanr

    n = len(budgets)
    if n < 3 or np.ptp(means) == 0:
        return without_interval(None, SPEARMAN, n)
    found = spearmanr(budgets, means)
    return replace(without_interval(float(found.statistic), SPEARMAN, n), p=float(found.pvalue))


def is_separated(means: Floats) -> bool:
    """Whether a logistic slope over lengths in order has no finite value: 0 up to some length, then 1."""
    low, high = means == 0, means == 1
    places = range(len(means))
    return any(
        bool(below[:at].all() and above[at + 1 :].all())
        for at in places
        for below, above in ((low, high), (high, low))
    )


def accuracy_slope(rates: Floats, lengths: Floats) -> Interval:
    """Return the slope of the log-odds of a right answer over log2 tokens, with items as clusters.

    `rates` is [items, lengths], the share of right answers without gaps, `lengths` log2 of the mean
    tokens at each, in order. As every item has every length, an item that is hard and has long chains
    does not tilt it. Null where lengths differ by less than a quarter of a doubling, for fewer than 10
    items, and without a finite maximum.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    n, count = rates.shape
    if n < FEWEST_ITEMS or np.ptp(lengths) < LEAST_RANGE or is_separated(rates.mean(axis=0)):
        return without_interval(None, LOGISTIC, n)
    design = np.column_stack([np.ones(n * count), np.tile(lengths, n)])
    model = GLM(rates.ravel(), design, family=Binomial())
    found = model.fit(cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(n), count)})
    value, error = float(found.params[1]), float(found.bse[1])
    if not found.converged or not error > 0:
        return without_interval(value if found.converged else None, LOGISTIC, n)
    return student_interval(value, error, n - 1, LOGISTIC, n)


def error_slope(errors: Floats, lengths: Floats) -> Interval:
    """Return the slope of an error over log2 tokens, with items as clusters; arguments as above.

    Least squares with errors robust by item: as every item has every length, that is the mean of the
    items' own slopes.
    """
    n = len(errors)
    if n < FEWEST_ITEMS or np.ptp(lengths) < LEAST_RANGE:
        return without_interval(None, LINEAR, n)
    centred = lengths - lengths.mean()
    return replace(t_interval(errors @ centred / (centred @ centred)), ci_method=LINEAR)


def length_slope(scores: Floats, lengths: Floats, measure: Measure) -> Interval:
    """Return the study's own trend: `accuracy_slope` or `error_slope`."""
    return (accuracy_slope if measure == "accuracy" else error_slope)(scores, lengths)


def paired_change(last: Floats, first: Floats, measure: Measure) -> Interval:
    """Return the mean difference over items, with a t interval.

    Where all items differ alike, rates count as unpaired (Agresti-Caffo): their spread is unknown, not
    zero. Errors have no interval then.
    """
    differences = last - first
    if measure == "accuracy" and not has_spread(sorted_values(differences)):
        return question_contrast(last, first, "probability", seed=0)
    return t_interval(differences)


def turn(scores: Floats, measure: Measure) -> Interval | None:
    """Return how far the scores between go beyond those of both the shortest and the longest; None of two.

    `scores` is [items, lengths] in order of length. Of each length between, the end that it is nearer to
    counts; of these the farthest. p is that of lying beyond both ends (the larger of the two, 1 between
    them) times the number of lengths that were looked at.
    """
    inner = range(1, scores.shape[1] - 1)
    found = []
    for at in inner:
        sides = [paired_change(scores[:, at], scores[:, end], measure) for end in (0, -1)]
        nearer = min(sides, key=lambda side: abs(side.value or 0))
        beyond = all((side.value or 0) > 0 for side in sides) or all((side.value or 0) < 0 for side in sides)
        known = [1.0 if side.p is None else side.p for side in sides]
        p = min(1.0, max(known) * len(inner)) if beyond else 1.0
        found.append((beyond, abs(nearer.value or 0), replace(nearer, p=p)))
    return max(found, key=lambda one: one[:2])[2] if found else None


def called_by_paper(change: Interval, measure: Measure) -> str:
    """Return inverse, positive, flat or noisy from `paper_change`: a change of exactly 2 points is flat."""
    if change.value is None:
        return "undecided"
    # Means of whole answers: 0.52 - 0.5 is 0.02, whatever the last digit says.
    if abs(change.value) <= THRESHOLDS[measure] + 1e-12:
        return "flat"
    apart = (
        change.ci_low is not None and change.ci_high is not None and not change.ci_low <= 0 <= change.ci_high
    )
    return direction(change.value, measure) if apart else "noisy"


def called_by_code(correlation: Interval, measure: Measure) -> str:
    """Return inverse, positive or none from `code_correlation`."""
    if correlation.value is None or correlation.p is None or correlation.p >= LEVEL:
        return "none"
    return direction(correlation.value, measure)


def called_by_study(
    slope: Interval, change: Interval, bend: Interval | None, gate: Gate | None, measure: Measure
) -> str:
    """Return what the study's own rule says, from `length_slope`, `paired_change` and `turn`.

    In this order: `floor` and `saturated` where the task says nothing of the model; `lengths alike` where
    lengths differ too little; `flat` where the longest minus the shortest, and any turn between, lie
    within the margin; `U` and `inverted U` where a length between lies surely beyond both ends, and not
    surely within the margin; `inverse` and `positive` by the slope; else `undecided`. For errors a U is a
    dip of the error.
    """
    if gate in ("floor", "ceiling"):
        return "floor" if gate == "floor" else "saturated"
    if slope.value is None and change.value is None:
        return "lengths alike"
    margin = MARGINS[measure]
    is_straight = bend is None or lies_within(*_ends(bend), margin) is True
    if is_straight and lies_within(*_ends(change), margin) is True:
        return "flat"
    if bend is not None and not is_straight and bend.value and bend.p is not None and bend.p < LEVEL:
        return "U" if bend.value < 0 else "inverted U"
    # Where all are right up to some length and wrong beyond it, the slope has no finite value.
    trend = change if slope.value is None else slope
    if trend.value and trend.p is not None and trend.p < LEVEL:
        return direction(trend.value, measure)
    return "undecided"


def direction(value: float, measure: Measure) -> str:
    """Return inverse where accuracy falls or an error grows, else positive."""
    return "inverse" if (value < 0) == (measure == "accuracy") else "positive"


def _ends(interval: Interval) -> tuple[Ends, Ends]:
    return (interval.ci_low, interval.ci_high), (interval.ci90_low, interval.ci90_high)
