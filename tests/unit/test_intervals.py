"""Intervals against the libraries' own, and what must not matter to them."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from unspoken.measure.intervals import (
    Interval,
    clopper_pearson_interval,
    exact_value,
    label_permutation_p,
    log_odds,
    log_odds_of,
    mde80,
    own_minus_others,
    replicate_values,
    specificity,
    t_interval,
    welch_interval,
    wilson_interval,
)
from unspoken.measure.questions import (
    difference_of,
    log_odds_difference,
    mean_of,
    question_bootstrap,
    question_contrast,
    question_rate,
    ratio_of,
)

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))
SAMPLES = st.lists(NUMBERS, min_size=3, max_size=12)
RNG = np.random.default_rng(0)
RATES = RNG.beta(1, 3, 50)
OTHER_RATES = np.clip(RATES * 0.5 + RNG.uniform(0, 0.1, 50), 0, 1)


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


@given(SAMPLES, SAMPLES)
def test_welch_interval_is_scipys(a, b):
    assume(np.ptp(a) > 0 and np.ptp(b) > 0)
    expected = stats.ttest_ind(a, b, equal_var=False)
    found = welch_interval(a, b)
    both = [*expected.confidence_interval(0.95), *expected.confidence_interval(0.9)]
    assert ends(found) == pytest.approx(both, rel=1e-9, abs=1e-9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.n_replicates == min(len(a), len(b))


@given(SAMPLES, st.randoms(use_true_random=False))
def test_order_of_replicates_does_not_matter(values, random):
    shuffled = random.sample(values, len(values))
    assert t_interval(shuffled) == t_interval(values)
    assert welch_interval(shuffled, [1.0, 2.0]) == welch_interval(values, [1.0, 2.0])


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
    assert has_none(welch_interval(values, values))
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


class TestReplicateValues:
    FRAME = pl.DataFrame(
        [("b", "owl", 1, 4.0), ("b", "cat", 1, 2.0)]
        + [("a", "owl", seed, float(seed)) for seed in (1, 2, 3)]
        + [("a", "cat", 1, 10.0)],
        schema=["base", "trait", "seed", "gain"],
        orient="row",
    )

    def test_inner_levels_are_averaged_first(self):
        found = replicate_values(self.FRAME, "gain", ["base", "trait", "seed"])
        # Over rows, base a would be 4.0: three seeds of one trait must not outvote the other.
        assert found.tolist() == [6.0, 3.0]

    def test_order_of_rows_does_not_matter(self):
        levels = ["base", "trait", "seed"]
        shuffled = self.FRAME.sample(fraction=1, shuffle=True, seed=1)
        assert (
            replicate_values(shuffled, "gain", levels).tolist()
            == replicate_values(self.FRAME, "gain", levels).tolist()
        )

    def test_a_null_makes_its_replicate_nan(self):
        holed = self.FRAME.with_columns(
            pl.when(pl.col("base") == "b").then(None).otherwise("gain").alias("gain")
        )
        found = replicate_values(holed, "gain", ["base", "trait", "seed"])
        assert found[0] == 6.0
        assert np.isnan(found[1])


class TestQuestionBootstrap:
    def test_near_the_t_interval_for_a_mean_of_many_questions(self):
        values = np.random.default_rng(1).normal(0.1, 1, 400)
        found, expected = question_bootstrap(values, mean_of, 0, draws=20_000), t_interval(values)
        assert ends(found) == pytest.approx(ends(expected), abs=0.005)
        assert found.p == pytest.approx(expected.p, abs=0.01)
        assert found.se == pytest.approx(expected.se, rel=0.03)

    def test_wider_than_scipys_percentile_by_the_stated_factor_only(self):
        plain = stats.bootstrap((RATES,), np.mean, method="percentile", n_resamples=20_000, rng=1)
        found = question_bootstrap(RATES, mean_of, 0, draws=20_000)
        low, high = plain.confidence_interval
        widening = math.sqrt(50 / 49) * stats.t.ppf(0.975, 49) / stats.norm.ppf(0.975)
        assert (found.ci_high - found.ci_low) / (high - low) == pytest.approx(widening, abs=0.03)

    def test_whole_statistics_are_recomputed(self):
        hits, trials = RATES * 8, np.full(50, 8.0)
        ratio = question_bootstrap(np.stack([hits, trials], axis=1), ratio_of, 3)
        mean = question_bootstrap(RATES, mean_of, 3)
        assert ends(ratio) == pytest.approx(ends(mean))
        arms = np.stack([RATES, OTHER_RATES], axis=1)
        difference = question_bootstrap(arms, difference_of, 3)
        assert difference.value == pytest.approx(RATES.mean() - OTHER_RATES.mean())
        odds = question_bootstrap(arms, log_odds_difference(None), 3)
        expected = log_odds_of(RATES.mean()) - log_odds_of(OTHER_RATES.mean())
        assert odds.value == pytest.approx(float(expected))

    def test_pairing_narrows(self):
        arms = np.stack([RATES, RATES * 0.9], axis=1)
        unpaired = np.stack([RATES, np.random.default_rng(2).permutation(RATES) * 0.9], axis=1)
        widths = [
            np.ptp(ends(question_bootstrap(a, difference_of, 0))[:2]) for a in (arms, unpaired)
        ]
        assert widths[0] < widths[1] / 3

    @given(st.integers(0, 2**32))
    def test_order_of_questions_does_not_matter(self, shuffle):
        arms = np.stack([RATES, OTHER_RATES], axis=1)
        order = np.random.default_rng(shuffle).permutation(50)
        assert question_bootstrap(arms[order], difference_of, 5) == question_bootstrap(
            arms, difference_of, 5
        )

    def test_swapping_the_arms_turns_the_sign(self):
        there = question_bootstrap(np.stack([RATES, OTHER_RATES], axis=1), difference_of, 0)
        back = question_bootstrap(np.stack([OTHER_RATES, RATES], axis=1), difference_of, 0)
        assert back.value == pytest.approx(-there.value)
        assert back.ci_low == pytest.approx(-there.ci_high, abs=0.01)

    def test_seeds_give_other_resamples_of_the_same_value(self):
        one, two = (question_bootstrap(RATES, mean_of, seed) for seed in (1, 2))
        assert one.value == two.value
        assert one.ci_low != two.ci_low
        assert one.ci_low == pytest.approx(two.ci_low, abs=0.01)

    def test_p_and_interval_agree_on_0(self):
        for shift in np.linspace(-0.2, 0.2, 41):
            found = question_bootstrap(RATES - RATES.mean() + shift, mean_of, 0)
            if abs(found.p - 0.05) > 0.005:
                assert (found.p < 0.05) == (found.ci_low > 0 or found.ci_high < 0)

    @pytest.mark.parametrize("collapsed", [[], [0.4], [0.4, 0.4], [0.1, math.nan]])
    def test_collapsed_bootstraps_have_no_interval(self, collapsed):
        assert has_none(question_bootstrap(collapsed, mean_of, 0))


class TestQuestionRate:
    def test_rates_with_spread_stay_inside_0_and_1(self):
        found = question_rate(RATES)
        assert found.ci_method == "cluster_robust_logit"
        assert 0 < found.ci_low < found.ci90_low < found.value < found.ci90_high < found.ci_high < 1
        assert found.se == pytest.approx(stats.sem(RATES))

    def test_swapping_hits_and_misses_mirrors(self):
        assert question_rate(1 - RATES).ci_low == pytest.approx(1 - question_rate(RATES).ci_high)

    def test_no_hits_count_questions_never_replies(self):
        assert question_rate(np.zeros(50)) == wilson_interval(0, 50)
        assert question_rate(np.ones(50)) == wilson_interval(50, 50)
        assert question_rate([1, 0, 0, 1] * 10) == wilson_interval(20, 40)

    def test_few_questions_with_hits_use_clopper_pearson_over_questions(self):
        rates = np.zeros(50)
        rates[:4] = 0.1
        assert question_rate(rates) == clopper_pearson_interval(float(rates.sum()), 50)

    def test_questions_without_usable_outcome_are_left_out(self):
        assert question_rate([*RATES, math.nan]) == question_rate(RATES)
        assert question_rate([math.nan]).value is None
        assert has_none(question_rate(np.full(50, 0.3)))


class TestQuestionContrast:
    def test_scales(self):
        difference = question_contrast(RATES, OTHER_RATES, "probability", 0)
        odds = question_contrast(RATES, OTHER_RATES, "log_odds", 0, (500, 500))
        assert difference.value == pytest.approx(RATES.mean() - OTHER_RATES.mean())
        expected = log_odds(RATES.mean() * 500, 500) - log_odds(OTHER_RATES.mean() * 500, 500)
        assert odds.value == pytest.approx(float(expected))
        assert difference.ci_method == odds.ci_method == "question_bootstrap"

    @pytest.mark.parametrize("scale", ["probability", "log_odds"])
    @pytest.mark.parametrize("end", [0.0, 1.0])
    def test_arms_without_hits_are_not_taken_for_exact(self, scale, end):
        found = question_contrast(np.full(50, end), RATES, scale, 0, (500, 500))
        assert found.ci_method in ("agresti_caffo", "logit_adjusted")
        assert found.ci_low < found.value < found.ci_high
        both = question_contrast(np.full(50, end), np.full(50, end), scale, 0, (500, 500))
        assert both.value == 0
        assert both.ci_low < -0.04 < 0.04 < both.ci_high
        assert both.p == pytest.approx(1)

    def test_arms_alike_in_every_question_do_not_collapse(self):
        found = question_contrast(RATES, RATES, "probability", 0)
        assert found.value == 0
        assert found.ci_low < -0.1 < 0.1 < found.ci_high

    def test_a_question_missing_in_one_arm_leaves_both(self):
        holed = RATES.copy()
        holed[3] = math.nan
        assert question_contrast(holed, OTHER_RATES, "probability", 0) == question_contrast(
            np.delete(RATES, 3), np.delete(OTHER_RATES, 3), "probability", 0
        )
        assert has_none(question_contrast([math.nan], [0.5], "probability", 0))


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
