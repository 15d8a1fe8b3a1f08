"""What written reasoning adds against what a model can do without it: the slope over a pool of models.

Uplift is the accuracy with written reasoning minus the accuracy without it. Regressed on the accuracy
without, it has a slope below 0 even where there is none: the same sampling error is in the predictor and,
with its sign turned, in the uplift. So the accuracy with reasoning is regressed on the accuracy without it,
both with errors of known variance and covariance, models scattering about the line; one less than that
slope is the slope of the uplift.

The slope is that of the moments, each less its share of sampling error (Fuller 1987, Measurement Error
Models, section 1.2; Akritas and Bershady 1996). Its interval is the set of slopes that a t test does not
reject: with a slope put right, a model's distance from the line and its accuracy without reasoning covary by
their errors alone. Without errors it is the t interval of least squares. An interval of this kind can be
unbounded, where models differ little more than their errors do; then there is none. `scipy.odr` knows
neither scatter between models nor covariance of the two errors, and is on its way out of SciPy.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from unspoken.statistics.intervals import ROUNDING, Floats, Interval, make_interval, without_interval

LEAST_MODELS = 5
METHOD = "errors_in_both"
TOO_FEW = f"fewer than {LEAST_MODELS} models"
TOO_ALIKE = "too little spread between models for their errors"


class Accuracies(NamedTuple):
    """Accuracies of a pool of models, each [..., models], and the sampling errors in their spread."""

    direct: Floats
    """Without written reasoning."""
    reasoned: Floats
    direct_variance: Floats
    """Squared standard error of `direct`, without what all models of the pool err alike."""
    covariance: Floats
    """Covariance of the errors of `direct` and `reasoned`, again without what is common to the pool."""


class Slopes(NamedTuple):
    """Slopes of the uplift over models: value, se and p are [...], ends [..., 4] in the order of Interval."""

    value: Floats
    se: Floats
    ends: Floats
    p: Floats


class _Moments(NamedTuple):
    """(Co)variances over models, x without and y with reasoning, and the part that is sampling error."""

    xx: Floats
    xy: Floats
    yy: Floats
    error_xx: Floats
    error_xy: Floats


def paired_accuracies(direct: ArrayLike, reasoned: ArrayLike) -> Accuracies:
    """Return accuracies and their errors from each question's rate, [..., models, questions].

    Rates are in 0..1, NaN where a model was not asked or gave nothing usable; a question counts for a model
    that answered it in both ways. Errors are those of drawing questions. Where models share questions, a
    hard draw lowers them all: that moves the line and not its slope, so errors are taken around the mean
    error of the pool (0 for a single model). Raises ValueError where a model has fewer than two questions.
    """
    both = np.stack([np.asarray(direct, dtype=np.float64), np.asarray(reasoned, dtype=np.float64)])
    known = np.isfinite(both).all(axis=0)
    n = known.sum(axis=-1)
    if (n < 2).any():
        raise ValueError("a model has fewer than two questions that it answered in both ways")
    means = np.where(known, both, 0).sum(axis=-1) / n
    # What each question adds to the error of its model's accuracy.
    errors = np.where(known, (both - means[..., None]) / np.sqrt(n * (n - 1))[..., None], 0)
    models = n.shape[-1]
    errors -= errors.sum(axis=-2, keepdims=True) / max(models, 1)
    variance, covariance = (
        np.einsum("...q,...q->...", errors[0], one) * models / max(models - 1, 1) for one in errors
    )
    return Accuracies(means[0], means[1], variance, covariance)


def _moments(accuracies: Accuracies) -> _Moments:
    x, y = (one - one.mean(axis=-1, keepdims=True) for one in (accuracies.direct, accuracies.reasoned))
    xx, xy, yy = ((one * other).sum(axis=-1) / (x.shape[-1] - 1) for one, other in ((x, x), (x, y), (y, y)))
    errors = (accuracies.direct_variance.mean(axis=-1), accuracies.covariance.mean(axis=-1))
    return _Moments(xx, xy, yy, *errors)


def _tested(moments: _Moments, slope: Floats | float) -> tuple[Floats, Floats]:
    """Return how far the distance from a line of this slope covaries with x beyond errors, and its scale.

    The scale is the variance of that covariance over pools of models, times models - 1.
    """
    xx, xy, yy, error_xx, error_xy = moments
    beyond = xy - error_xy - slope * (xx - error_xx)
    scale = xx * (yy - 2 * slope * xy + slope**2 * xx) + (error_xy - slope * error_xx) ** 2
    return beyond, scale


def _kept_slopes(moments: _Moments, df: int, level: float) -> list[Floats]:
    """Return the lowest and highest slope that a t test at this one-sided level keeps; NaN: unbounded."""
    xx, xy, yy, error_xx, error_xy = moments
    t = special.stdtrit(df, level)
    share = t**2 / (t**2 + df)
    # beyond**2 <= share * scale, a quadratic in the slope.
    square = (xx - error_xx) ** 2 - share * (xx**2 + error_xx**2)
    half = (xy - error_xy) * (xx - error_xx) - share * (xx * xy + error_xy * error_xx)
    rest = (xy - error_xy) ** 2 - share * (xx * yy + error_xy**2)
    root = half**2 - square * rest
    # Points on a line, without errors, leave one slope: its spread is unknown, not zero.
    bounded = (xx > error_xx) & (square > 0) & (root > ROUNDING * half**2)
    reach = np.sqrt(np.where(bounded, root, np.nan))
    return [
        np.divide(half + sign * reach, square, out=np.full_like(half, np.nan), where=bounded)
        for sign in (-1, 1)
    ]


def uplift_slopes(accuracies: Accuracies) -> Slopes:
    """Return the slope of the uplift on the accuracy without reasoning, of many pools of models at once.

    Accuracy gained per accuracy that is there without reasoning: 0 where written reasoning adds the same to
    all models, -1 where all end equally right. See the text above for the estimator and its interval, at
    95% and 90%; p is two-sided against 0, of the same test. NaN where models differ no more than their
    errors; NaN ends where the interval is unbounded. Needs three models.
    """
    moments = _moments(accuracies)
    df = accuracies.direct.shape[-1] - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = moments.xx - moments.error_xx
        value = np.where(spread > 0, (moments.xy - moments.error_xy) / spread, np.nan)
        se = np.sqrt(_tested(moments, value)[1] / df) / spread
        beyond, scale = _tested(moments, 1.0)
        share = np.minimum(beyond**2 / scale, 1)
        p = 2 * special.stdtr(df, -np.sqrt(share * df / (1 - share)))
    ends = [end for level in (0.975, 0.95) for end in _kept_slopes(moments, df, level)]
    return Slopes(value - 1, se, np.stack(ends, axis=-1) - 1, p)


def uplift_slope(accuracies: Accuracies) -> tuple[Interval, str | None]:
    """Return the slope of one pool, accuracies [models], and why it has no interval, if it has none.

    Models are the replicates. With fewer than five there is no value either.
    """
    models = accuracies.direct.shape[-1]
    if models < LEAST_MODELS:
        return without_interval(None, METHOD, models), TOO_FEW
    found = uplift_slopes(accuracies)
    interval = make_interval(
        float(found.value), float(found.se), found.ends.tolist(), float(found.p), METHOD, models
    )
    return interval, TOO_ALIKE if interval.ci_low is None else None
