"""One contrast over several independent studies: a random-effects model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unspoken.statistics.intervals import ROUNDING, Floats, Interval, make_interval, without_interval

FEWEST_SEEDS = 3
METHOD = "random_effects"


@dataclass(frozen=True)
class Pooled:
    """A pooled effect with its interval, and how far the studies differ; null where nothing can tell."""

    interval: Interval
    """Its `n_replicates` are the studies."""
    tau2: float | None = None
    """Variance of the true effects between studies, in squared units of the effect."""
    i2: float | None = None
    """Share of the studies' spread that their standard errors do not explain, 0 to 1."""
    q: float | None = None
    """Cochran's Q: the squared distances from the common mean, in variances of the studies."""
    q_p: float | None = None
    """Its p, if all effects are equal."""
    reason: str | None = None
    """Why there is no pooled effect."""


def shared_variances(errors: Sequence[float], counts: Sequence[int]) -> Floats:
    """Return the variance of each study's effect from one spread that the studies share.

    `errors` are their standard errors, `counts` their replicates. Replicates of one design vary alike, and
    a handful of them tells its spread badly: weights by each study's own would let a lucky study decide.
    """
    n, df = np.asarray(counts, float), np.asarray(counts, float) - 1
    spread = (df * n * np.asarray(errors, float) ** 2).sum() / df.sum()
    return spread / n


def pooled_effect(values: Sequence[float], errors: Sequence[float], counts: Sequence[int]) -> Pooled:
    """Return the mean effect of independent studies of one design.

    Takes their effects, positive standard errors, and numbers of replicates (two or more). Random effects
    after Paule and Mandel, whose variance between studies is never below 0, with the interval of Hartung
    and Knapp (t with one degree of freedom less than studies). Null, with the reason, for fewer than three
    studies, and where they do not differ at all: an interval of no width would be false.
    """
    if len(values) < FEWEST_SEEDS:
        return _nothing(f"{len(values)} of the {FEWEST_SEEDS} seeds that a pool needs", len(values))
    from scipy import special
    from statsmodels.stats.meta_analysis import combine_effects

    effects = np.asarray(values, float)
    if np.ptp(effects) <= ROUNDING * np.abs(effects).max():
        return _nothing("the seeds do not differ, so nothing tells how far others would", len(values))
    variances, df = shared_variances(errors, counts), len(values) - 1
    found = combine_effects(effects, variances, method_re="iterated", use_t=True, maxiter=500)
    mean, error = float(found.mean_effect_re), float(found.sd_eff_w_re_hksj)
    ends = [*found.conf_int(alpha=0.05)[3], *found.conf_int(alpha=0.1)[3]]
    p = 2 * special.stdtr(df, -abs(mean / error))
    return Pooled(
        make_interval(mean, error, ends, float(p), METHOD, len(values)),
        tau2=float(found.tau2),
        i2=max(0.0, float(found.i2)),
        q=float(found.q),
        # By F, as the spread within studies is estimated; with many replicates that is chi-squared.
        q_p=float(special.fdtrc(df, sum(counts) - len(counts), found.q / df)),
    )


def _nothing(why: str, count: int) -> Pooled:
    return Pooled(without_interval(None, METHOD, count), reason=why)
