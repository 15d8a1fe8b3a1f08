"""A kind's wordings as a random effect: what the choice of these wordings adds to an interval."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from unspoken.statistics.bootstrap import Ends, Statistic
from unspoken.statistics.exact_ends import LEVELS
from unspoken.statistics.intervals import ROUNDING, Floats

HETEROGENEITY = 0.5
"""Cochran's Q over its expectation above which wordings count as replicates. DerSimonian and Laird's
estimate takes 1, and z for t: with three or four wordings that differ, it then covers 73% to 90%."""


@dataclass(frozen=True)
class Spread:
    """How k wordings spread, [tables]: the variance of their mean, with degrees of freedom for a t.

    `q` is Cochran's statistic and `expected` what it is, k - 1, where wordings do not differ.
    """

    variance: Floats
    df: Floats
    q: Floats
    expected: Floats


def wording_spread(values: Floats, variances: Floats) -> Spread:
    """Return how wordings spread, from a statistic of each, [tables, wordings], and its own variance.

    Wordings with a NaN, or without variance, are left out; fewer than two have no spread.
    """
    known = np.isfinite(values) & (np.nan_to_num(variances) > 0)
    k = known.sum(axis=-1).astype(np.float64)
    value = np.where(known, values, 0)
    weights = np.where(known, 1 / np.where(known, variances, 1), 0)
    middle = (weights * value).sum(axis=-1) / np.maximum(weights.sum(axis=-1), ROUNDING)
    q = (weights * (value - middle[..., None]) ** 2).sum(axis=-1)
    mean = value.sum(axis=-1) / np.maximum(k, 1)
    squares = np.where(known, (value - mean[..., None]) ** 2, 0).sum(axis=-1)
    df = np.maximum(k - 1, 0)
    return Spread(squares / np.maximum(df, 1) / np.maximum(k, 1), df, q, df)


def mean_spread(one: Spread, weights: Floats) -> Spread:
    """Return, [1], the spread of a weighted mean of tables; degrees of freedom by Satterthwaite."""
    parts = weights**2 * one.variance
    below = (parts**2 / np.maximum(one.df, 1)).sum()
    df = parts.sum() ** 2 / below if below > 0 else 0.0
    used = weights > 0
    return Spread(*(np.array([sum_]) for sum_ in (parts.sum(), df, one.q[used].sum(), one.df[used].sum())))


def widened(found: Ends, spread: Spread, statistic: Statistic) -> Ends:
    """Return intervals that hold for wordings like these, not only for questions like these.

    Where wordings differ by more than half of what chance makes of their questions, they are replicates
    too: the interval becomes the union of the questions' and of value +- t x the standard error over
    wordings. Standard error and p are the larger of the two.
    """
    differ = (spread.q > HETEROGENEITY * spread.expected) & (spread.expected > 0)
    se = np.where(differ, np.sqrt(spread.variance), 0)
    df = np.maximum(spread.df, 1)
    t_ends = found.value[:, None] + special.stdtrit(df[:, None], LEVELS) * se[:, None]
    ends = np.empty_like(found.ends)
    ends[:, ::2] = np.minimum(found.ends, t_ends)[:, ::2]
    ends[:, 1::2] = np.maximum(found.ends, t_ends)[:, 1::2]
    far = np.abs(found.value) / np.maximum(se, ROUNDING)
    p = np.maximum(found.p, np.where(differ, 2 * special.stdtr(df, -far), 0))
    ends = np.clip(ends, *statistic.limits)
    method = np.where(differ, np.char.add(found.method, "_wordings"), found.method)
    return replace(found, se=np.maximum(found.se, se), ends=ends, p=p, method=method)
