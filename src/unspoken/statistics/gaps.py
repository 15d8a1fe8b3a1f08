"""Differences between sums over questions: percentile intervals with the p that goes with them."""

from dataclasses import replace

import numpy as np
from scipy import special

from unspoken.statistics.bootstrap import (
    Drawn,
    Resampled,
    Statistic,
    drawn_statistic,
    interval_at,
    percentile_ends,
)
from unspoken.statistics.intervals import Interval


def _sign_p(drawn: Drawn, at: int) -> float:
    """Return the two-sided p against 0 that goes with the percentile interval of one table."""
    below, above = (drawn.lower[at] <= 0).sum(), (drawn.upper[at] >= 0).sum()
    tail = min((1 + min(below, above)) / (drawn.lower.shape[-1] + 1), 0.5)
    if drawn.few[at]:
        return float(2 * tail)
    df = drawn.n[at] - 1
    return float(2 * special.stdtr(df, special.ndtri(tail) / np.sqrt((df + 1) / df)))


def drawn_gaps(drawn: Drawn, statistic: Statistic) -> list[Interval]:
    """Return the percentile interval of each table's drawn difference, cut at the statistic's limits."""
    ends = percentile_ends(drawn, statistic)
    found = [interval_at(ends, at) for at in range(len(drawn.value))]
    return [one if one.ci_low is None else replace(one, p=_sign_p(drawn, at)) for at, one in enumerate(found)]


def gap_interval(table: Resampled, statistic: Statistic) -> Interval:
    """Return a difference in the only table, its bootstrap interval, and p against 0."""
    return drawn_gaps(drawn_statistic(table, statistic), statistic)[0]
