"""Intervals and p-values; the replicate of each is fixed by the claim, never by convenience.

Trained models are replicates of a t interval; questions have a module of their own, `questions`.
An interval that cannot be estimated (fewer than two replicates, a replicate that is not a finite
number, no spread at all) is null, never an exception and never of width zero.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

# Spread below this share of the values is rounding, not variation.
ROUNDING = 1e-12
# An exact probability nearer to 0 or 1 than this is taken as this: +-27.6 log-odds.
SMALLEST_PROBABILITY = 1e-12


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


def make_interval(
    value: float,
    se: float | None,
    ends: Sequence[float],
    p: float | None,
    method: str,
    n: int,
) -> Interval:
    """Return an Interval from `ends` (low 95, high 95, low 90, high 90): all of them or none."""
    if _finite(value) is None or not all(math.isfinite(end) for end in ends):
        return without_interval(value, method, n)
    low, high, low90, high90 = map(float, ends)
    return Interval(float(value), _finite(se), low, high, low90, high90, _finite(p), method, n)


def without_interval(value: float | None, method: str, n_replicates: int) -> Interval:
    """Return a value (null if not finite) whose interval, standard error and p are null."""
    return Interval(_finite(value), None, None, None, None, None, None, method, n_replicates)


def exact_value(value: float, n_replicates: int = 1) -> Interval:
    """Return a quantity without sampling: the interval is the value, there is no p."""
    return make_interval(value, 0.0, [value] * 4, None, "exact", n_replicates)


def mde80(se: float | None, n_replicates: int) -> float | None:
    """Return the effect that this spread and n detect with 80% power at the two-sided 5% level.

    (t(0.975) + t(0.8)) x se with n - 1 degrees of freedom; null without a standard error.
    """
    if se is None or n_replicates < 2:
        return None
    df = n_replicates - 1
    return _finite((special.stdtrit(df, 0.975) + special.stdtrit(df, 0.8)) * se)


# Trained models as replicates.


def student_interval(value: float, se: float, df: float, method: str, n: int) -> Interval:
    """Return value +- t x se with `df` degrees of freedom, p two-sided against 0; se above 0."""
    wide, narrow = se * special.stdtrit(df, 0.975), se * special.stdtrit(df, 0.95)
    ends = [value - wide, value + wide, value - narrow, value + narrow]
    return make_interval(value, se, ends, 2 * special.stdtr(df, -abs(value / se)), method, n)


def sorted_values(values: ArrayLike) -> Floats:
    """Return the replicates as one sorted array."""
    # Sorted, so that the order of the replicates cannot move the last digit.
    return np.sort(np.asarray(values, dtype=np.float64).ravel())


def has_spread(values: Floats) -> bool:
    """Whether there are two or more finite values that differ by more than rounding."""
    if values.size < 2 or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) > ROUNDING * np.abs(values).max())


def t_interval(values: ArrayLike) -> Interval:
    """Return the mean over replicates (or of paired differences) with its one-sample t interval.

    p is two-sided against 0. Fewer than two replicates, one that is not finite, or replicates that
    are all equal give no interval: with equal values the spread is unknown, not zero.
    """
    sample = sorted_values(values)
    n = sample.size
    value = float(sample.mean()) if n else math.nan
    if not has_spread(sample):
        return without_interval(value, "t", n)
    return student_interval(value, float(sample.std(ddof=1)) / math.sqrt(n), n - 1, "t", n)


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
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return without_interval(None, method, 0)
    ends = [end for alpha in (0.05, 0.1) for end in proportion_confint(hits, n, alpha, method=name)]
    # Exactly 0 and 1 at no and at all hits, where rounding leaves 1e-17.
    ends = [
        0.0 if hits == 0 and end < ROUNDING else 1.0 if hits == n and 1 - end < ROUNDING else end
        for end in ends
    ]
    # sqrt(p (1 - p) / n) is 0 at 0 and n hits, so the error is read off the interval.
    se = (ends[1] - ends[0]) / (2 * special.ndtri(0.975))
    return make_interval(hits / n, se, ends, None, method, n)


def wilson_interval(hits: float, n: int) -> Interval:
    """Return a rate where each of n replicates gives one sample, with Wilson's interval; no p."""
    return _proportion_interval(hits, n, "wilson", "wilson")


def clopper_pearson_interval(hits: float, n: int) -> Interval:
    """Return a rate over n replicates with the Clopper-Pearson interval; no p.

    `hits` may be a fraction: the sum over questions of each one's rate.
    """
    return _proportion_interval(hits, n, "beta", "clopper_pearson")


# Labels that could have been given otherwise.


def own_minus_others(table: ArrayLike) -> Floats:
    """Return [base, trait]: the trait in its own students minus its mean in the other students.

    `table` is [base, student's trait, measured trait] of log-odds. Students are compared on the
    same measured trait, so that how popular a trait is cancels.
    """
    odds = np.asarray(table, dtype=np.float64)
    own = np.diagonal(odds, axis1=1, axis2=2)
    return own - (odds.sum(axis=1) - own) / (odds.shape[1] - 1)


def specificity(table: ArrayLike) -> Floats:
    """Return [base]: the mean over traits of `own_minus_others`; give it to `t_interval`."""
    return own_minus_others(table).mean(axis=1)


def _relabellings(bases: int, traits: int, seed: int, draws: int) -> tuple[NDArray[np.intp], bool]:
    """Return [relabelling, base, trait] and whether these are all there are."""
    if math.factorial(traits) ** bases <= draws:
        orders = itertools.permutations(range(traits))
        return np.array(list(itertools.product(list(orders), repeat=bases))), True
    identity = np.broadcast_to(np.arange(traits), (draws, bases, traits))
    return np.random.default_rng(seed).permuted(identity, axis=-1), False


def label_permutation_p(table: ArrayLike, seed: int = 0, draws: int = 10_000) -> Interval:
    """Return the mean specificity over bases with the two-sided p of relabelling the students.

    `table` is [base, student's trait, measured trait]; students trade labels within their base,
    independently in each. All relabellings when there are at most `draws`, else p = (1 + as far
    from 0) / (1 + draws). No interval (`ci_method` is `permutation`: a row of its own); p is null
    for fewer than two traits or a value that is not finite.
    """
    odds = np.asarray(table, dtype=np.float64)
    bases, traits = odds.shape[0], odds.shape[1]
    if bases < 1 or traits < 2 or not np.isfinite(odds).all():
        return without_interval(None, "permutation", bases)
    value = float(specificity(odds).mean())
    orders, complete = _relabellings(bases, traits, seed, draws)
    own = odds[np.arange(bases)[:, None], orders, np.arange(traits)].mean(axis=(1, 2))
    # Specificity is linear in the own values, whose mean over all relabellings is the table's.
    relabelled = np.abs(own - odds.mean()) * traits / (traits - 1)
    rounding = ROUNDING * np.abs(odds).max()
    far = int((relabelled >= abs(value) - rounding).sum())
    p = far / len(orders) if complete else (1 + far) / (1 + draws)
    return replace(without_interval(value, "permutation", bases), p=p)
