"""Intervals for claims about one fixed model: questions are the replicates, never replies."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

from unspoken.statistics.intervals import (
    Floats,
    Interval,
    clopper_pearson_interval,
    has_spread,
    log_odds,
    log_odds_of,
    make_interval,
    sorted_values,
    student_interval,
    wilson_interval,
    without_interval,
)

Statistic = Callable[[Floats], Floats]
Scale = Literal["probability", "log_odds"]

# With fewer questions than this that ever hit (or ever miss), the spread between them is not
# estimable and the rate's interval is Clopper-Pearson over questions.
FEW_QUESTIONS = 5


@lru_cache(maxsize=8)
def _question_weights(n: int, draws: int, seed: int) -> Floats:
    """Return [draws, n]: the share of each question in each resample."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws) / n


def difference_of(means: Floats) -> Floats:
    """Statistic: the mean of the first column minus that of the second, paired by question."""
    return means[..., 0] - means[..., 1]


def ratio_of(means: Floats) -> Floats:
    """Statistic: the sum of the first column over the sum of the second; NaN over 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(means[..., 1] == 0, np.nan, means[..., 0] / means[..., 1])


def log_odds_difference(n_samples: tuple[float, float] | None) -> Statistic:
    """Return the statistic: log-odds of the first mean rate minus log-odds of the second.

    `n_samples` counts the usable samples of each arm, whose hits and misses get 0.5; None for
    exact probabilities.
    """

    def statistic(means: Floats) -> Floats:
        if n_samples is None:
            odds = log_odds_of(means)
        else:
            n = np.asarray(n_samples, dtype=np.float64)
            odds = np.log((means * n + 0.5) / ((1 - means) * n + 0.5))
        return odds[..., 0] - odds[..., 1]

    return statistic


def question_bootstrap(
    per_question: ArrayLike,
    statistic: Statistic,
    seed: int,
    draws: int = 2000,
    ends: Literal["percentile", "se"] = "percentile",
) -> Interval:
    """Return a statistic of questions with a cluster bootstrap that resamples whole questions.

    `per_question` is [questions] or [questions, columns]; `statistic` maps the columns' means over
    (resampled) questions, [..., columns], to [...]: see difference_of, ratio_of and
    log_odds_difference. No interval where no resample moves the statistic. Two kinds of ends, both
    with t quantiles of n - 1 degrees of freedom and a standard error larger by sqrt(n / (n - 1)):

    * `percentile` (`question_bootstrap`): Hesterberg's expanded percentile (2015, section 4) for
      means, differences and ratios, where the plain one is too narrow at 30 to 50 questions and BCa
      fails for paired differences of which many are 0. p is the level at which the interval would
      touch 0; resamples resolve it down to about 2 / draws.
    * `se` (`question_bootstrap_se`): value +- t x the bootstrap's standard error, for log-odds,
      whose skewed resamples put percentiles on the wrong side (85% coverage for 0.5 against 0.02).
    """
    method = "question_bootstrap" if ends == "percentile" else "question_bootstrap_se"
    parts = np.asarray(per_question, dtype=np.float64)
    n = len(parts)
    if n == 0 or not np.isfinite(parts).all():
        return without_interval(None, method, n)
    parts = parts.reshape(n, -1)
    parts = parts[np.lexsort(parts.T)]  # the order of the questions must not matter
    value = float(statistic(parts.mean(axis=0)))
    # einsum, not matmul: its sums do not depend on the number of threads.
    columns = np.ascontiguousarray(parts.T)
    drawn = statistic(np.einsum("dq,pq->dp", _question_weights(n, draws, seed), columns))
    if not math.isfinite(value) or not has_spread(drawn):
        return without_interval(value, method, n)
    widening = math.sqrt(n / (n - 1))
    se = float(drawn.std(ddof=1)) * widening
    if ends == "se":
        return student_interval(value, se, n - 1, method, n)
    levels = special.ndtr(widening * special.stdtrit(n - 1, [0.025, 0.975, 0.05, 0.95]))
    four = [float(end) for end in np.quantile(drawn, levels)]
    tail = (1 + min((drawn <= 0).sum(), (drawn >= 0).sum())) / (draws + 1)
    p = min(1.0, 2 * float(special.stdtr(n - 1, special.ndtri(min(tail, 0.5)) / widening)))
    return make_interval(value, se, four, p, method, n)


def question_rate(rates: ArrayLike) -> Interval:
    """Return the mean over questions of each one's rate (sampled or exact), with its interval.

    Questions are the replicates: t interval on the log-odds scale from the spread between
    questions (`cluster_robust_logit`), which keeps its level where percentile and BCa bootstraps
    of a rate do not (rates below 0.1). Wilson where every question's rate is 0 or 1 (0 and n hits
    among them); Clopper-Pearson over questions where fewer than five of them ever hit, or ever
    miss. Questions with NaN (no usable outcome) are left out. No p: a rate is not tested against 0.
    """
    sample = sorted_values(rates)
    sample = sample[~np.isnan(sample)]
    n, value = sample.size, float(sample.mean()) if sample.size else math.nan
    if np.isin(sample, (0.0, 1.0)).all():
        return wilson_interval(float(sample.sum()), n)
    if min((sample > 0).sum(), (sample < 1).sum()) < FEW_QUESTIONS:
        return clopper_pearson_interval(float(sample.sum()), n)
    if not has_spread(sample):
        return without_interval(value, "cluster_robust_logit", n)
    se = float(sample.std(ddof=1)) / math.sqrt(n)
    reach = special.stdtrit(n - 1, [0.025, 0.975, 0.05, 0.95]) * se / (value * (1 - value))
    ends = [float(end) for end in special.expit(special.logit(value) + reach)]
    return make_interval(value, se, ends, None, "cluster_robust_logit", n)


def _unpaired_contrast(first: Floats, second: Floats, scale: Scale) -> Interval:
    """Return the contrast that counts every question as one reply of its rate.

    That is the widest that the spread between questions can be, and never zero: a pseudo-hit and a
    pseudo-miss an arm on the probability scale (Agresti-Caffo), half of each on the log-odds scale.
    """
    n, hits = first.size, (float(first.sum()), float(second.sum()))
    compare, method = {
        "probability": ("diff", "agresti-caffo"),
        "log_odds": ("odds-ratio", "logit-adjusted"),
    }[scale]
    arms = (hits[0], n, hits[1], n)
    ends = [
        float(end)
        for alpha in (0.05, 0.1)
        for end in confint_proportions_2indep(*arms, compare=compare, method=method, alpha=alpha)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):  # of ratios that are not used here
        p = float(test_proportions_2indep(*arms, compare=compare, method=method).pvalue)
    value = (hits[0] - hits[1]) / n
    if scale == "log_odds":
        ends = [math.log(end) for end in ends]
        value = float(log_odds(hits[0], n) - log_odds(hits[1], n))
    se = (ends[1] - ends[0]) / (2 * special.ndtri(0.975))
    return make_interval(value, se, ends, p, method.replace("-", "_"), n)


def question_contrast(
    rates_a: ArrayLike,
    rates_b: ArrayLike,
    scale: Scale,
    seed: int,
    n_samples: tuple[float, float] | None = None,
) -> Interval:
    """Return arm a minus arm b, paired by question, on the probability or the log-odds scale.

    `rates_a` and `rates_b` are [questions] of one model under two conditions, in the same order of
    questions; `n_samples` as in `log_odds_difference`. A question with NaN in an arm is left out of
    both. Where all of an arm's rates are 0, or all 1, the bootstrap would take that arm for known
    exactly, and where the arms are alike in every question it collapses: then each question counts
    as one reply of its rate, unpaired (Agresti-Caffo, or the adjusted logit for log-odds).
    """
    both = np.stack([np.asarray(rates_a, np.float64), np.asarray(rates_b, np.float64)], axis=1)
    both = both[~np.isnan(both).any(axis=1)]
    if len(both) < 2:
        return without_interval(None, "question_bootstrap", len(both))
    at_an_end = any(np.all(both[:, arm] == end) for arm in (0, 1) for end in (0.0, 1.0))
    if at_an_end or not has_spread(np.sort(both[:, 0] - both[:, 1])):
        return _unpaired_contrast(both[:, 0], both[:, 1], scale)
    if scale == "probability":
        return question_bootstrap(both, difference_of, seed)
    return question_bootstrap(both, log_odds_difference(n_samples), seed, ends="se")
