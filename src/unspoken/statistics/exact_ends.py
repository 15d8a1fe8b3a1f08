"""Ends of intervals that need no resampling, of many tables at once: where a bootstrap collapses."""

import numpy as np
from scipy import special

from unspoken.statistics.intervals import ROUNDING, Floats

LEVELS = np.array([0.025, 0.975, 0.05, 0.95])


def beta_ends(hits: Floats, n: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return Clopper-Pearson's lower ends at levels `low` and upper ends at levels `high`.

    `hits` and `n` are [tables]; `hits` may be fractions. Both results are [tables, levels]; the lower
    ends are exactly 0 at no hits, the upper ends exactly 1 at n.
    """
    hit, miss = hits[:, None], (n - hits)[:, None]
    below, above = np.zeros((len(hits), len(low))), np.ones((len(hits), len(high)))
    special.betaincinv(hit, miss + 1, low, out=below, where=hit > ROUNDING)
    special.betaincinv(hit + 1, miss, high, out=above, where=miss > ROUNDING * n[:, None])
    return below, above


def clopper_pearson_ends(rates: Floats, n: Floats) -> Floats:
    """Return the ends, [tables, 4] in the order of LEVELS, of rates over n questions."""
    low, high = beta_ends(rates * n, n, LEVELS[::2], LEVELS[1::2])
    return np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)


def clopper_pearson_draws(
    hits: Floats, n: Floats, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return draws, [tables, draws], whose quantiles are Clopper-Pearson's lower and upper ends."""
    grid = (np.arange(draws) + 0.5) / draws
    # Rounded, so that hits that differ by rounding alone are one case: each takes time.
    cases, place = np.unique(np.stack([np.round(hits, 9), n], axis=1), axis=0, return_inverse=True)
    # A permutation of its own for each table: its share is not tied to other tables' shares.
    order = rng.permuted(np.broadcast_to(np.arange(draws), (len(hits), draws)), axis=1)
    low, high = (
        np.take_along_axis(ends[place.ravel()], order, axis=1)
        for ends in beta_ends(cases[:, 0], cases[:, 1], grid, grid)
    )
    return low, high


def agresti_caffo_ends(first: Floats, second: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Return the ends, [tables, 4], and p of the difference of two rates, both over n questions.

    The questions count as unpaired: that is the widest that the spread between them can be.
    """
    rates = [(rate * n + 1) / (n + 2) for rate in (first, second)]
    se = np.sqrt((rates[0] * (1 - rates[0]) + rates[1] * (1 - rates[1])) / (n + 2))
    middle = rates[0] - rates[1]
    ends = np.clip(middle[:, None] + special.ndtri(LEVELS) * se[:, None], -1, 1)
    return ends, 2 * special.ndtr(-np.abs(middle / se))
