"""Questions as replicates: whole statistics resampled, nothing taken for certain."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unspoken.statistics.intervals import (
    Interval,
    clopper_pearson_interval,
    log_odds,
    log_odds_of,
    t_interval,
    wilson_interval,
)
from unspoken.statistics.questions import (
    difference_of,
    log_odds_difference,
    question_bootstrap,
    question_contrast,
    question_rate,
    ratio_of,
)

RNG = np.random.default_rng(0)
RATES = RNG.beta(1, 3, 50)
OTHER_RATES = np.clip(RATES * 0.5 + RNG.uniform(0, 0.1, 50), 0, 1)


def mean_of(means: np.ndarray) -> np.ndarray:
    """Statistic: the mean of the only arm."""
    return means[..., 0]


def ends(interval: Interval) -> list[float]:
    return [interval.ci_low, interval.ci_high, interval.ci90_low, interval.ci90_high]


def has_none(interval: Interval) -> bool:
    return interval.se is None and interval.p is None and all(end is None for end in ends(interval))


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
        widths = [np.ptp(ends(question_bootstrap(a, difference_of, 0))[:2]) for a in (arms, unpaired)]
        assert widths[0] < widths[1] / 3

    @given(st.integers(0, 2**32))
    def test_order_of_questions_does_not_matter(self, shuffle):
        arms = np.stack([RATES, OTHER_RATES], axis=1)
        order = np.random.default_rng(shuffle).permutation(50)
        assert question_bootstrap(arms[order], difference_of, 5) == question_bootstrap(arms, difference_of, 5)

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
        assert difference.ci_method == "question_bootstrap"
        assert odds.ci_method == "question_bootstrap_se"
        assert odds.ci_high - odds.value == pytest.approx(odds.se * stats.t.ppf(0.975, 49))

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
