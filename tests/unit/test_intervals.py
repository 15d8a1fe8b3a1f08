"""Intervals against the libraries' own, and what must not matter to them."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from unspoken.statistics.intervals import (
    Interval,
    clopper_pearson_interval,
    exact_value,
    label_permutation_p,
    log_odds,
    log_odds_of,
    mde80,
    own_minus_others,
    specificity,
    t_interval,
    wilson_interval,
)

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))
SAMPLES = st.lists(NUMBERS, min_size=3, max_size=12)


def ends(interval: Interval) -> list[float]:
    return [interval.ci_low, interval.ci_high, interval.ci90_low, interval.ci90_high]


def has_none(interval: Interval) -> bool:
    return interval.se is None and interval.p is None and all(end is None for end in ends(interval))


@given(SAMPLES)
def test_t_interval_is_scipys(values):
    assume(np.ptp(values) > 0)
    expected = stats.ttest_1samp(values, 0)
    found = t_interval(values)
    both = [*expected.confidence_interval(0.95), *expected.confidence_interval(0.9)]
    assert ends(found) == pytest.approx(both, rel=1e-9, abs=1e-9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.se == pytest.approx(stats.sem(values))


@given(SAMPLES, st.randoms(use_true_random=False))
def test_order_of_replicates_does_not_matter(values, random):
    shuffled = random.sample(values, len(values))
    assert t_interval(shuffled) == t_interval(values)


@given(SAMPLES, NUMBERS, st.sampled_from([-3.0, -1.0, 0.5, 2.0]))
def test_t_interval_moves_and_stretches_with_its_values(values, shift, scale):
    assume(np.ptp(values) > 0)
    plain = t_interval(values)
    moved = t_interval(np.array(values) * scale + shift)
    expected = [end * scale + shift for end in ends(plain)]
    if scale < 0:
        expected = [expected[i] for i in (1, 0, 3, 2)]
    assert ends(moved) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0], [0.1 + 0.2, 0.3], [1.0, math.nan]])
def test_no_spread_no_interval(values):
    assert has_none(t_interval(values))
    assert t_interval(values).n_replicates == len(values)


def test_values_stay_where_the_interval_is_null():
    assert t_interval([2.0]).value == 2.0
    assert t_interval([]).value is None
    assert t_interval([1.0, math.nan]).value is None


@given(st.integers(1, 300), st.data())
def test_proportions_are_statsmodels(n, data):
    hits = data.draw(st.integers(0, n))
    for make, name in ((wilson_interval, "wilson"), (clopper_pearson_interval, "beta")):
        found = make(hits, n)
        expected = [
            *proportion_confint(hits, n, 0.05, method=name),
            *proportion_confint(hits, n, 0.1, method=name),
        ]
        assert ends(found) == pytest.approx(expected)
        assert found.value == hits / n
        assert found.se > 0
        assert found.p is None


def test_textbook_proportions():
    # Rule of three, and Wilson's interval at 0 hits: z^2 / (n + z^2).
    assert clopper_pearson_interval(0, 100).ci90_high == pytest.approx(3 / 100, rel=0.02)
    z2 = stats.norm.ppf(0.975) ** 2
    assert wilson_interval(0, 50).ci_high == pytest.approx(z2 / (50 + z2))
    assert has_none(wilson_interval(0, 0))
    assert wilson_interval(0, 0).value is None


def test_log_odds_add_half_to_hits_and_misses():
    assert log_odds(3, 10) == pytest.approx(math.log(3.5 / 7.5))
    assert log_odds([0, 10], [10, 10]) == pytest.approx([math.log(0.5 / 10.5), math.log(21)])
    assert np.isnan(log_odds([0], [0])).all()
    for hits in (-1, 11):
        with pytest.raises(ValueError, match="hits"):
            log_odds(hits, 10)


def test_log_odds_of_exact_probabilities_are_finite_at_0_and_1():
    low, half, high = log_odds_of([0.0, 0.5, 1.0])
    assert half == 0
    assert low == pytest.approx(math.log(1e-12))
    assert high == pytest.approx(-low, rel=1e-5)
    with pytest.raises(ValueError, match="outside"):
        log_odds_of(1.1)


def test_exact_values_are_their_own_interval():
    assert ends(exact_value(0.25)) == [0.25] * 4
    assert exact_value(0.25).ci_method == "exact"
    assert has_none(exact_value(math.nan))
    assert exact_value(math.nan).value is None


def test_mde80():
    expected = (stats.t.ppf(0.975, 4) + stats.t.ppf(0.8, 4)) * 0.1
    assert mde80(0.1, 5) == pytest.approx(expected)
    assert mde80(None, 5) is None
    assert mde80(0.1, 1) is None


class TestLabelPermutation:
    POPULARITY = np.array([0.0, -3.0, 2.0, 5.0])

    def test_popularity_cancels(self):
        table = np.broadcast_to(self.POPULARITY, (5, 4, 4)) + 0.7 * np.eye(4)
        assert own_minus_others(table) == pytest.approx(np.full((5, 4), 0.7))
        assert specificity(table) == pytest.approx([0.7] * 5)

    def test_all_relabellings_of_few(self):
        # Of the 2 x 2 relabellings of two students on two bases, only the identity and its
        # reverse are as far from 0 as the planted table.
        found = label_permutation_p(np.stack([np.eye(2), np.eye(2)]))
        assert found.p == 2 / 4
        assert label_permutation_p(np.eye(4)[None]).p == 1 / 24
        assert found.value == 1
        assert found.ci_method == "permutation"
        assert found.ci_low is None
        assert found.n_replicates == 2

    def test_sampled_relabellings(self):
        table = np.random.default_rng(3).normal(0, 0.1, (5, 4, 4)) + self.POPULARITY
        assert label_permutation_p(table + np.eye(4)).p == 1 / 10_001
        assert label_permutation_p(table - np.eye(4)).p == 1 / 10_001
        assert label_permutation_p(table).p > 0.05
        assert label_permutation_p(table, seed=1) == label_permutation_p(table, seed=1)

    def test_statistic_of_a_relabelling_is_that_of_the_relabelled_table(self):
        table = np.random.default_rng(4).normal(size=(1, 3, 3))
        shuffles = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        values = [abs(specificity(table[:, order]).mean()) for order in shuffles]
        expected = np.mean([value >= values[0] - 1e-12 for value in values])
        assert label_permutation_p(table).p == pytest.approx(expected)

    def test_nothing_to_relabel(self):
        assert label_permutation_p(np.ones((3, 1, 1))).p is None
        assert label_permutation_p(np.full((2, 3, 3), math.nan)).p is None
