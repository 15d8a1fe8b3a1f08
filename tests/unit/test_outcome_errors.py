"""What the rule finds by chance, over 10,000 simulated studies, and that it finds what is there."""

import math

import numpy as np
import pytest
from scipy import special

from unspoken.statistics.intervals import t_interval
from unspoken.verdicts.outcomes import Reading, outcome_by_sign, outcome_of_null

SESOI = 0.2


def simulated(mean, n, draws=10_000, seed=20261121):
    """Intervals as `t_interval` makes them, of `draws` studies of n normal replicates at once."""
    sample = np.random.default_rng(seed).normal(mean, 1.0, (draws, n))
    value, se = sample.mean(axis=1), sample.std(axis=1, ddof=1) / math.sqrt(n)
    wide, narrow = (se * special.stdtrit(n - 1, level) for level in (0.975, 0.95))
    p = 2 * special.stdtr(n - 1, -np.abs(value / se))
    ends = np.stack([value, value - wide, value + wide, value - narrow, value + narrow, p], axis=1)
    for row, numbers in list(zip(sample, ends, strict=True))[:5]:
        one = t_interval(row)
        expected = (one.value, one.ci_low, one.ci_high, one.ci90_low, one.ci90_high, one.p)
        assert numbers == pytest.approx(expected)
    return [
        Reading(v, low, high, low90, high90, p=p, n_replicates=n)
        for v, low, high, low90, high90, p in ends.tolist()
    ]


def share(outcomes, *wanted):
    return sum(one in wanted for one in outcomes) / len(outcomes)


@pytest.mark.parametrize("n", [3, 5, 20])
def test_a_direction_is_rarely_found_where_there_is_none(n):
    outcomes = [outcome_by_sign(one, one.p, SESOI) for one in simulated(0.0, n)]
    assert 0.04 < share(outcomes, "shown", "shown, trivial", "opposite") < 0.06


def test_a_direction_is_found_where_there_is_one():
    found = [outcome_by_sign(one, one.p, SESOI) for one in simulated(3.0, 5)]
    assert share(found, "shown") > 0.95
    assert share([outcome_by_sign(one, one.p, SESOI) for one in simulated(-3.0, 5)], "opposite") > 0.95


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("n", [5, 20])
def test_a_null_is_rarely_shown_of_an_effect_at_the_margin(sign, n):
    margin = 3.0
    outcomes = [outcome_of_null(one, margin) for one in simulated(sign * margin, n)]
    assert 0.04 < share(outcomes, "shown") < 0.06
    assert share(outcomes, "opposite") < 0.06


def test_a_null_is_shown_where_there_is_nothing():
    assert share([outcome_of_null(one, 3.0) for one in simulated(0.0, 5)], "shown") > 0.95
