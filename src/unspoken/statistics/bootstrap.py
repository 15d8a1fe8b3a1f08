"""Intervals of statistics of sums over questions, which are the replicates (verdicts.md, section 2).

A table holds the sums of each question, [tables, questions, columns]; a statistic maps total sums,
[columns, ...], to [...]. Whole questions are resampled and the whole statistic is computed again. All
tables share the resamples, so that the kinds of one study, which ask the same questions, move together.

A bootstrap of a share collapses where it is never or always hit. So where fewer than five questions
ever hit it, or ever miss it, it is drawn from the beta distributions whose quantiles are the ends of
Clopper-Pearson's interval over questions, and so brings its uncertainty into what is made from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from unspoken.statistics.exact_ends import (
    LEVELS,
    agresti_caffo_ends,
    clopper_pearson_draws,
    clopper_pearson_ends,
)
from unspoken.statistics.intervals import ROUNDING, Floats, Interval, make_interval
from unspoken.statistics.questions import FEW_QUESTIONS

DRAWS = 2000
MOST_UNDEFINED = 0.05
"""With a larger share of resamples in which a statistic has no value, it has no interval."""


class Sums(Protocol):
    """Total sums by column: an array [columns, ...], or what reads like an array."""

    def __getitem__(self, column: int, /) -> Floats:
        """Return the sums of one column."""


class Share(NamedTuple):
    """A share that a statistic rises (sign 1) or falls (-1) with: the columns of its hits and trials."""

    hits: int
    trials: int
    sign: int = 1


@dataclass(frozen=True)
class Statistic:
    """A function of total sums, [columns, ...] -> [...], NaN where it is undefined.

    Questions with anything in the column `trials` are its replicates. `shares` are made exact where
    few questions hit or miss them. Value and interval are cut at `limits`.
    """

    of: Callable[[Sums], Floats]
    trials: int
    shares: tuple[Share, ...] = ()
    limits: tuple[float, float] = (-np.inf, np.inf)
    form: Literal["share", "difference", "derived"] = "derived"


def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where below is not above 0."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0)


def share_of(hits: int, trials: int) -> Statistic:
    """Return the statistic: sum of `hits` over sum of `trials`, columns with 0 <= hits <= trials."""
    shares = (Share(hits, trials),)
    return Statistic(lambda sums: ratio(sums[hits], sums[trials]), trials, shares, (0, 1), "share")


def difference_of(first: int, second: int, trials: int) -> Statistic:
    """Return the statistic: the share of `first` minus that of `second`, paired in `trials`."""
    shares = (Share(first, trials), Share(second, trials, -1))
    return Statistic(
        lambda sums: ratio(sums[first] - sums[second], sums[trials]), trials, shares, (-1, 1), "difference"
    )


@lru_cache(maxsize=8)
def question_counts(questions: int, draws: int, seed: int) -> Floats:
    """Return [draws, questions]: how often each resample holds each question."""
    even = np.full(questions, 1 / questions)
    return np.random.default_rng(seed).multinomial(questions, even, draws).astype(np.float64)


@dataclass(frozen=True)
class Resampled:
    """Tables of sums, [tables, questions, columns], their totals and resamples, [columns, tables, draws]."""

    per_question: Floats
    totals: Floats
    drawn: Floats
    seed: int

    def replicates(self, column: int) -> NDArray[np.intp]:
        """Return [tables]: in how many questions there is anything in a column."""
        return (self.per_question[..., column] > 0).sum(axis=-1)

    def few(self, share: Share) -> NDArray[np.bool_]:
        """Return [tables]: whether fewer than five questions hit a share, or miss it."""
        hits, trials = self.per_question[..., share.hits], self.per_question[..., share.trials]
        missed = hits < trials * (1 - ROUNDING)
        few = np.minimum((hits > 0).sum(axis=-1), missed.sum(axis=-1)) < FEW_QUESTIONS
        return few & (self.totals[share.trials] > 0)


def resampled(per_question: ArrayLike, seed: int, draws: int = DRAWS) -> Resampled:
    """Return tables of sums, [tables, questions, columns], with the same resamples of questions for all.

    Give questions in an order that does not depend on the data's. Raises ValueError where a sum is not
    finite, or without questions.
    """
    sums = np.asarray(per_question, dtype=np.float64)
    tables, questions, columns = sums.shape
    if questions == 0 or not np.isfinite(sums).all():
        raise ValueError("sums must be finite, of one question or more")
    counts, drawn = question_counts(questions, draws, seed), np.zeros((columns, tables, draws))
    for column, out in enumerate(drawn):
        part = np.ascontiguousarray(sums[..., column])
        # Whole numbers add up exactly in any order. Of others, einsum's sums do not depend on the number
        # of threads; a matrix product's do.
        if (part % 1).any():
            np.einsum("tq,dq->td", part, counts, out=out)
        elif part.any():
            np.matmul(part, counts.T, out=out)
    return Resampled(sums, sums.sum(axis=1).T, drawn, seed)


@dataclass(frozen=True)
class Drawn:
    """A statistic, [tables], and the draws its lower and its upper ends are read from, [tables, draws]."""

    value: Floats
    lower: Floats
    upper: Floats
    few: NDArray[np.bool_]
    """Whether a share in it is drawn from its exact interval."""
    n: NDArray[np.intp]


@dataclass(frozen=True)
class Ends:
    """Values with their intervals: [tables], `ends` [tables, 4] (95% low, high, 90% low, high).

    NaN where there is none. `undefined` is the share of resamples in which there is no value.
    """

    value: Floats
    se: Floats
    ends: Floats
    p: Floats
    undefined: Floats
    n: NDArray[np.intp]
    method: NDArray[np.str_]


def interval_at(found: Ends, table: int) -> Interval:
    """Return one table's interval; null where there is none."""
    return make_interval(
        float(found.value[table]), float(found.se[table]), [float(end) for end in found.ends[table]],
        float(found.p[table]), str(found.method[table]), int(found.n[table]),
    )  # fmt: skip


class _Changed:
    """Resampled sums of some tables, some columns changed; the others are read when asked for."""

    def __init__(self, drawn: Floats, tables: NDArray[np.bool_]) -> None:
        self.drawn, self.tables, self.changed = drawn, tables, dict[int, Floats]()

    def __getitem__(self, column: int, /) -> Floats:
        known = self.changed.get(column)
        return self.drawn[column, self.tables] if known is None else known

    def change(self, column: int, where: NDArray[np.bool_], sums: Floats) -> None:
        changed = self[column].copy()
        changed[where] = sums
        self.changed[column] = changed


def drawn_statistic(table: Resampled, statistic: Statistic, *, exact: bool = True) -> Drawn:
    """Return a statistic of each table with its draws, `exact` in the shares that few questions hit."""
    value, n = statistic.of(table.totals), table.replicates(statistic.trials)
    lower = upper = statistic.of(table.drawn)
    shares = () if statistic.form == "difference" else statistic.shares
    few = np.array([table.few(share) for share in shares], dtype=bool).reshape(len(shares), len(value))
    any_few = np.any(few, axis=0)
    if exact and any_few.any():
        low, high = _Changed(table.drawn, any_few), _Changed(table.drawn, any_few)
        for place, (share, of_share) in enumerate(zip(shares, few, strict=True)):
            count = table.replicates(share.trials)[of_share].astype(np.float64)
            hits = count * table.totals[share.hits, of_share] / table.totals[share.trials, of_share]
            rng = np.random.default_rng([table.seed, place])
            ends = clopper_pearson_draws(hits, count, table.drawn.shape[-1], rng)
            for sums, end in zip((low, high), ends[:: share.sign], strict=True):
                sums.change(share.hits, of_share[any_few], table.drawn[share.trials, of_share] * end)
        lower, upper = lower.copy(), upper.copy()
        lower[any_few], upper[any_few] = statistic.of(low), statistic.of(high)
    return Drawn(value, lower, upper, any_few, n)


def _quantiles(drawn: Floats, levels: Floats) -> Floats:
    """Return the quantiles of the draws that are not NaN: [tables, levels], by linear interpolation."""
    ordered = np.sort(drawn, axis=-1)  # NaN last
    last = np.maximum((~np.isnan(drawn)).sum(axis=-1, keepdims=True) - 1, 0)
    places = np.nan_to_num(levels) * last
    below = np.floor(places).astype(np.intp)
    low, high = (np.take_along_axis(ordered, at, axis=-1) for at in (below, np.minimum(below + 1, last)))
    return low + (places - below) * (high - low)


def _spread(drawn: Floats) -> tuple[Floats, Floats]:
    """Return the standard deviation and the range of the draws that are not NaN: [tables]."""
    defined = ~np.isnan(drawn)
    count = np.maximum(defined.sum(axis=-1), 2)
    mean = np.where(defined, drawn, 0).sum(axis=-1) / count
    gap = np.where(defined, drawn - mean[:, None], 0)
    return np.sqrt((gap**2).sum(axis=-1) / (count - 1)), np.ptp(gap, axis=-1)


def _reach(ends: Floats) -> Floats:
    """Return the standard error that a 95% interval stands for."""
    return (ends[:, 1] - ends[:, 0]) / (2 * special.ndtri(0.975))


def percentile_ends(drawn: Drawn, statistic: Statistic) -> Ends:
    """Return percentile intervals of a statistic, [tables]; no p, but for differences, against 0.

    Hesterberg's expanded percentile (2015, section 4), with the questions that count: the plain one is
    too narrow where they are few. Plain levels where a share is drawn from its exact interval. None
    for fewer than two questions, where over 5% of resamples have no value, or where none moves it.
    """
    many = drawn.n >= 2
    df = np.where(many, drawn.n - 1, 1)
    widening = np.sqrt((df + 1) / df)
    expanded = special.ndtr(widening[:, None] * special.stdtrit(df[:, None], LEVELS))
    levels = np.where(drawn.few[:, None], LEVELS, expanded)
    ends = np.empty_like(levels)
    ends[:, ::2] = _quantiles(drawn.lower, levels[:, ::2])
    ends[:, 1::2] = _quantiles(drawn.upper, levels[:, 1::2])
    undefined = np.isnan(drawn.lower).mean(axis=-1)
    deviation, reach = _spread(drawn.lower)
    still = reach <= ROUNDING * np.maximum(1, np.abs(drawn.value))
    none = np.isnan(drawn.value) | (undefined > MOST_UNDEFINED) | ((still | ~many) & ~drawn.few)
    ends = np.clip(np.where(none[:, None], np.nan, ends), *statistic.limits)
    p = np.full(len(df), np.nan)
    if statistic.form == "difference":
        sides = np.minimum((drawn.lower <= 0).sum(axis=-1), (drawn.lower >= 0).sum(axis=-1))
        tail = np.minimum((1 + sides) / (drawn.lower.shape[-1] + 1), 0.5)
        p = np.minimum(1, 2 * special.stdtr(df, special.ndtri(tail) / widening))
    return Ends(
        np.clip(drawn.value, *statistic.limits),
        np.where(none, np.nan, np.where(drawn.few, _reach(ends), deviation * widening)),
        ends,
        np.where(none, np.nan, p),
        undefined,
        drawn.n,
        np.where(drawn.few, "question_bootstrap_exact", "question_bootstrap"),
    )


def _replaced(found: Ends, where: NDArray[np.bool_], ends: Floats, p: Floats, method: str) -> Ends:
    """Return the same values with other intervals in some tables."""
    return replace(
        found,
        se=np.where(where, _reach(ends), found.se),
        ends=np.where(where[:, None], ends, found.ends),
        p=np.where(where, p, found.p),
        undefined=np.where(where, 0, found.undefined),
        method=np.where(where, method, found.method),
    )


def statistic_ends(table: Resampled, statistic: Statistic) -> Ends:
    """Return a statistic of each table with its interval by the cluster bootstrap over questions.

    A share that fewer than five questions hit, or miss, has Clopper-Pearson's interval over questions.
    A difference with a share at 0 or 1, or alike in every question, counts questions unpaired
    (Agresti-Caffo), as `measure.questions.question_contrast` does.
    """
    drawn = drawn_statistic(table, statistic, exact=statistic.form == "derived")
    found = percentile_ends(drawn, statistic)
    n = np.maximum(drawn.n, 1).astype(np.float64)
    defined = ~np.isnan(drawn.value)
    if statistic.form == "share":
        exact = clopper_pearson_ends(np.clip(np.nan_to_num(drawn.value), 0, 1), n)
        return _replaced(found, drawn.few & defined, exact, found.p, "clopper_pearson")
    if statistic.form == "difference":
        trials = np.maximum(table.totals[statistic.trials], ROUNDING)
        rates = [np.clip(table.totals[share.hits] / trials, 0, 1) for share in statistic.shares]
        at_an_end = [(rate == 0) | (rate >= 1 - ROUNDING) for rate in rates]
        collapsed = at_an_end[0] | at_an_end[1] | np.isnan(found.se)
        ends, p = agresti_caffo_ends(rates[0], rates[1], n)
        return _replaced(found, collapsed & defined & (drawn.n >= 2), ends, p, "agresti_caffo")
    return found
