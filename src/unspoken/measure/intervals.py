"""Intervals and p-values; the replicate of each is fixed by the claim, never by convenience.

Trained models are replicates of a t interval; questions are replicates of a cluster bootstrap.
An interval that cannot be estimated (fewer than two replicates, a replicate that is not a finite
number, no spread at all) is null, never an exception and never of width zero.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    test_proportions_2indep,
)

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
Scale = Literal["probability", "log_odds"]

# Spread below this share of the values is rounding, not variation.
ROUNDING = 1e-12
# An exact probability nearer to 0 or 1 than this is taken as this: +-27.6 log-odds.
SMALLEST_PROBABILITY = 1e-12
# With fewer questions than this that ever hit (or ever miss), the spread between them is not
# estimable and the rate's interval is Clopper-Pearson over questions.
FEW_QUESTIONS = 5


@dataclass(frozen=True)
class Interval:
    """A value with its standard error, 95% and 90% intervals and two-sided p against 0."""

    value: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    ci90_low: float | None
    ci90_high: float | None
    p: float | None
    ci_method: str
    n_replicates: int


def _finite(number: float | None) -> float | None:
    return float(number) if number is not None and math.isfinite(number) else None


def _interval(
    value: float,
    se: float | None,
    ends: Sequence[float],
    p: float | None,
    method: str,
    n: int,
) -> Interval:
    """Return an Interval from `ends` (low 95, high 95, low 90, high 90): all of them or none."""
    four = [_finite(end) for end in ends]
    if None in four or _finite(value) is None:
        return without_interval(value, method, n)
    return Interval(_finite(value), _finite(se), *four, _finite(p), method, n)


def without_interval(value: float | None, method: str, n_replicates: int) -> Interval:
    """Return a value (null if not finite) whose interval, standard error and p are null."""
    return Interval(_finite(value), None, None, None, None, None, None, method, n_replicates)


def exact_value(value: float, n_replicates: int = 1) -> Interval:
    """Return a quantity without sampling: the interval is the value, there is no p."""
    return _interval(value, 0.0, [value] * 4, None, "exact", n_replicates)


def mde80(se: float | None, n_replicates: int) -> float | None:
    """Return the effect that this spread and n detect with 80% power at the two-sided 5% level.

    (t(0.975) + t(0.8)) x se with n - 1 degrees of freedom; null without a standard error.
    """
    if se is None or n_replicates < 2:
        return None
    df = n_replicates - 1
    return _finite((special.stdtrit(df, 0.975) + special.stdtrit(df, 0.8)) * se)


# Trained models as replicates.


def _student(value: float, se: float, df: float, method: str, n: int) -> Interval:
    wide, narrow = se * special.stdtrit(df, 0.975), se * special.stdtrit(df, 0.95)
    ends = [value - wide, value + wide, value - narrow, value + narrow]
    return _interval(value, se, ends, 2 * special.stdtr(df, -abs(value / se)), method, n)


def _sorted_values(values: ArrayLike) -> Floats:
    # Sorted, so that the order of the replicates cannot move the last digit.
    return np.sort(np.asarray(values, dtype=np.float64).ravel())


def _has_spread(values: Floats) -> bool:
    """Whether there are two or more finite values that differ by more than rounding."""
    if values.size < 2 or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) > ROUNDING * np.abs(values).max())


def t_interval(values: ArrayLike) -> Interval:
    """Return the mean over replicates (or of paired differences) with its one-sample t interval.

    p is two-sided against 0. Fewer than two replicates, one that is not finite, or replicates that
    are all equal give no interval: with equal ones the spread is unknown, not zero.
    """
    sample = _sorted_values(values)
    n = sample.size
    value = float(sample.mean()) if n else math.nan
    if not _has_spread(sample):
        return without_interval(value, "t", n)
    return _student(value, float(sample.std(ddof=1)) / math.sqrt(n), n - 1, "t", n)


def welch_interval(a: ArrayLike, b: ArrayLike) -> Interval:
    """Return mean(a) - mean(b) of unpaired replicates, with Welch's t interval.

    `n_replicates` is that of the smaller arm. No interval where neither arm has spread.
    """
    first, second = _sorted_values(a), _sorted_values(b)
    n = min(first.size, second.size)
    value = float(first.mean() - second.mean()) if n else math.nan
    if n < 2 or not (_has_spread(first) or _has_spread(second)) or not math.isfinite(value):
        return without_interval(value, "welch", n)
    parts = [float(arm.var(ddof=1)) / arm.size for arm in (first, second)]
    df = sum(parts) ** 2 / (parts[0] ** 2 / (first.size - 1) + parts[1] ** 2 / (second.size - 1))
    return _student(value, math.sqrt(sum(parts)), df, "welch", n)


def replicate_values(frame: pl.DataFrame, value: str, levels: Sequence[str]) -> Floats:
    """Return one value per level of `levels[0]`, in its order, averaging the inner levels first.

    `replicate_values(frame, "gain", ["base", "trait", "seed"])` averages over seeds within base
    and trait, then over traits within base. A null or NaN anywhere makes its replicate NaN.
    """
    rows = frame.select(*levels, pl.col(value).cast(pl.Float64).fill_null(math.nan)).rows()
    means = [(row[:-1], row[-1]) for row in rows]
    for depth in range(len(levels), 0, -1):
        groups: dict[tuple, list[float]] = {}
        for key, number in means:
            groups.setdefault(key[:depth], []).append(number)
        # fmean sums without rounding: the order of the rows does not matter.
        means = [(key, fmean(numbers)) for key, numbers in groups.items()]
    return np.array([number for _, number in sorted(means, key=lambda mean: mean[0])])


# Log-odds.


def log_odds(hits: ArrayLike, trials: ArrayLike) -> Floats:
    """Return the log-odds of sampled rates, with 0.5 added to hits and misses; NaN without trials.

    Raises ValueError unless 0 <= hits <= trials.
    """
    hit, tried = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if np.any(hit < 0) or np.any(hit > tried * (1 + ROUNDING)):
        raise ValueError("hits must lie between 0 and trials")
    odds = np.log((hit + 0.5) / (np.maximum(tried - hit, 0) + 0.5))
    return np.where(tried > 0, odds, np.nan)


def log_odds_of(probability: ArrayLike) -> Floats:
    """Return the log-odds of exact probabilities, clipped to [1e-12, 1 - 1e-12].

    Raises ValueError for one outside [0, 1] by more than the rounding of float32 sums.
    """
    exact = np.asarray(probability, dtype=np.float64)
    if np.any(exact < -1e-5) or np.any(exact > 1 + 1e-5):
        raise ValueError("a probability lies outside [0, 1]")
    return special.logit(np.clip(exact, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


# One sample a replicate.


def _proportion_interval(hits: float, n: int, name: str, method: str) -> Interval:
    if n == 0:
        return without_interval(None, method, 0)
    ends = [end for alpha in (0.05, 0.1) for end in proportion_confint(hits, n, alpha, method=name)]
    # sqrt(p (1 - p) / n) is 0 at 0 and n hits, so the error is read off the interval.
    se = (ends[1] - ends[0]) / (2 * special.ndtri(0.975))
    return _interval(hits / n, se, ends, None, method, n)


def wilson_interval(hits: float, n: int) -> Interval:
    """Return a rate where each of n replicates gives one sample, with Wilson's interval; no p."""
    return _proportion_interval(hits, n, "wilson", "wilson")


def clopper_pearson_interval(hits: float, n: int) -> Interval:
    """Return a rate over n replicates with the Clopper-Pearson interval; no p.

    `hits` may be a fraction: the sum over questions of each one's rate.
    """
    return _proportion_interval(hits, n, "beta", "clopper_pearson")


# Questions as replicates.


@lru_cache(maxsize=8)
def _question_weights(n: int, draws: int, seed: int) -> Floats:
    """Return [draws, n]: the share of each question in each resample."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws) / n


def mean_of(means: Floats) -> Floats:
    """Statistic: the mean of the only part."""
    return means[..., 0]


def difference_of(means: Floats) -> Floats:
    """Statistic: the mean of the first part minus that of the second, paired by question."""
    return means[..., 0] - means[..., 1]


def ratio_of(means: Floats) -> Floats:
    """Statistic: the sum of the first part over the sum of the second; NaN over 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(means[..., 1] == 0, np.nan, means[..., 0] / means[..., 1])


def log_odds_difference(n_samples: tuple[float, float] | None) -> Statistic:
    """Return the statistic: log-odds of the first mean rate minus log-odds of the second.

    `n_samples` counts the usable samples of each arm, whose hits and misses get 0.5; None for
    exact probabilities.
    """

    def statistic(means: Floats) -> Floats:
        first, second = means[..., 0], means[..., 1]
        if n_samples is None:
            return log_odds_of(first) - log_odds_of(second)
        a, b = n_samples
        return log_odds(first * a, np.full_like(first, a)) - log_odds(
            second * b, np.full_like(second, b)
        )

    return statistic


def question_bootstrap(
    per_question: ArrayLike, statistic: Statistic, seed: int, draws: int = 2000
) -> Interval:
    """Return a statistic of questions with a cluster bootstrap that resamples whole questions.

    `per_question` is [questions] or [questions, parts]; `statistic` maps the parts' means over
    (resampled) questions, [..., parts], to [...]: see mean_of, difference_of, ratio_of and
    log_odds_difference. The interval is the percentile one with its levels widened from the normal
    to the t distribution of n - 1 degrees of freedom and by sqrt(n / (n - 1)) (Hesterberg 2015,
    section 4): the plain percentile is too narrow at 30 to 50 questions, and BCa fails for paired
    differences of which many are 0. p is the level at which the interval would touch 0, and at
    least 2 / (draws + 1) before widening. No interval where no resample moves the statistic.
    """
    parts = np.asarray(per_question, dtype=np.float64)
    parts = parts.reshape(len(parts), -1)
    n = len(parts)
    if n == 0 or not np.isfinite(parts).all():
        return without_interval(None, "question_bootstrap", n)
    parts = parts[np.lexsort(parts.T)]  # the order of the questions must not matter
    value = float(statistic(parts.mean(axis=0)))
    # einsum, not matmul: its sums do not depend on the number of threads.
    drawn = statistic(np.einsum("dq,qp->dp", _question_weights(n, draws, seed), parts))
    if not math.isfinite(value) or not _has_spread(drawn):
        return without_interval(value, "question_bootstrap", n)
    widening = math.sqrt(n / (n - 1))
    levels = special.ndtr(widening * special.stdtrit(n - 1, [0.025, 0.975, 0.05, 0.95]))
    ends = [float(end) for end in np.quantile(drawn, levels)]
    tail = (1 + min((drawn <= 0).sum(), (drawn >= 0).sum())) / (draws + 1)
    p = min(1.0, 2 * float(special.stdtr(n - 1, special.ndtri(min(tail, 0.5)) / widening)))
    return _interval(value, float(drawn.std(ddof=1)), ends, p, "question_bootstrap", n)


def question_rate(rates: ArrayLike) -> Interval:
    """Return the mean over questions of each one's rate (sampled or exact), with its interval.

    Questions are the replicates: t interval on the log-odds scale from the spread between
    questions (`cluster_robust_logit`), which keeps its level where percentile and BCa bootstraps
    of a rate do not (rates below 0.1). Wilson where every question's rate is 0 or 1 (0 and n hits
    among them); Clopper-Pearson over questions where fewer than five of them ever hit, or ever
    miss. Questions with NaN (no usable outcome) are left out. No p: a rate is not tested against 0.
    """
    sample = _sorted_values(rates)
    sample = sample[~np.isnan(sample)]
    n, value = sample.size, float(sample.mean()) if sample.size else math.nan
    if np.isin(sample, (0.0, 1.0)).all():
        return wilson_interval(float(sample.sum()), n)
    if min((sample > 0).sum(), (sample < 1).sum()) < FEW_QUESTIONS:
        return clopper_pearson_interval(float(sample.sum()), n)
    if not _has_spread(sample):
        return without_interval(value, "cluster_robust_logit", n)
    se = float(sample.std(ddof=1)) / math.sqrt(n)
    reach = special.stdtrit(n - 1, [0.025, 0.975, 0.05, 0.95]) * se / (value * (1 - value))
    ends = [float(end) for end in special.expit(special.logit(value) + reach)]
    return _interval(value, se, ends, None, "cluster_robust_logit", n)
