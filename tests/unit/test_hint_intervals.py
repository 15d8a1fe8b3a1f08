"""Intervals of sums over questions: against those of the other experiments, and what widens them."""

import math

import numpy as np
import pytest

from unspoken.experiments.faithfulness.wording_spread import mean_spread, widened, wording_spread
from unspoken.statistics.bootstrap import (
    Share,
    Statistic,
    difference_of,
    interval_at,
    ratio,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.intervals import clopper_pearson_interval
from unspoken.statistics.questions import question_bootstrap, question_contrast, ratio_of


class TestBootstrap:
    RNG = np.random.default_rng(1)
    TRIALS = RNG.integers(1, 4, (60, 1))
    HITS = RNG.binomial(TRIALS, 0.4)
    MORE = RNG.binomial(TRIALS, 0.2)

    def test_share_agrees_with_the_bootstrap_of_the_other_experiments(self):
        sums = np.concatenate([self.HITS, self.TRIALS], axis=1)
        found = interval_at(statistic_ends(resampled([sums], 1), share_of(0, 1)), 0)
        other = question_bootstrap(sums, ratio_of, 2)
        assert found.value == pytest.approx(other.value)
        assert (found.se, found.ci_low, found.ci_high) == pytest.approx(
            (other.se, other.ci_low, other.ci_high), abs=0.015
        )

    def test_difference_agrees_with_the_contrast_of_the_other_experiments(self):
        rates = np.concatenate([self.HITS > 0, self.MORE > 0], axis=1).astype(float)
        sums = np.concatenate([rates, np.ones_like(rates[:, :1])], axis=1)
        found = interval_at(statistic_ends(resampled([sums], 1), difference_of(0, 1, 2)), 0)
        other = question_contrast(*rates.T, "probability", 2)
        assert found.value == pytest.approx(other.value)
        assert (found.se, found.ci_low) == pytest.approx((other.se, other.ci_low), abs=0.02)

    @pytest.mark.parametrize(("first", "second"), [(0, 0), (60, 60), (9, 0), (60, 20)])
    def test_difference_at_an_end_is_agresti_caffo(self, first, second):
        sums = np.array([[n < first, n < second, 1] for n in range(60)], dtype=float)
        found = interval_at(statistic_ends(resampled([sums], 1), difference_of(0, 1, 2)), 0)
        other = question_contrast(sums[:, 0], sums[:, 1], "probability", 2)
        assert found.ci_method == other.ci_method == "agresti_caffo"
        for name in ("value", "se", "ci_low", "ci_high", "ci90_low", "ci90_high", "p"):
            assert getattr(found, name) == pytest.approx(getattr(other, name), abs=1e-9), name

    @pytest.mark.parametrize("hits", [0, 1, 4, 16, 20])
    def test_few_hits_or_misses_are_clopper_pearson(self, hits):
        sums = np.array([[n < hits, 1] for n in range(20)], dtype=float)
        found = interval_at(statistic_ends(resampled([sums], 1), share_of(0, 1)), 0)
        other = clopper_pearson_interval(hits, 20)
        assert (found.ci_method, found.n_replicates) == ("clopper_pearson", 20)
        for name in ("value", "se", "ci_low", "ci_high", "ci90_low", "ci90_high"):
            assert getattr(found, name) == pytest.approx(getattr(other, name), abs=1e-9), name

    @pytest.mark.parametrize("hits", [0, 3, 20])
    def test_what_is_made_from_such_a_share_has_its_uncertainty(self, hits):
        sums = np.array([[n < hits, 1] for n in range(20)], dtype=float)
        for sign in (1, -1):
            made = Statistic(lambda s, sign=sign: sign * ratio(s[0], s[1]), 1, (Share(0, 1, sign),))
            found = interval_at(statistic_ends(resampled([sums], 1), made), 0)
            exact = clopper_pearson_interval(hits, 20)
            expected = sorted([sign * exact.ci_low, sign * exact.ci_high])
            assert [found.ci_low, found.ci_high] == pytest.approx(expected, abs=0.003)

    def test_no_interval_for_one_question_or_where_nothing_moves(self):
        one = interval_at(statistic_ends(resampled([[[2.0, 3.0]]], 1), Statistic(lambda s: s[0], 1)), 0)
        same = interval_at(
            statistic_ends(resampled([[[2.0, 4.0]] * 9], 1), Statistic(lambda s: s[0] / s[1], 1)), 0
        )
        assert (one.value, one.ci_low, same.value, same.ci_low, same.p) == (2, None, 0.5, None, None)

    def test_sums_must_be_finite(self):
        with pytest.raises(ValueError, match="finite"):
            resampled([[[math.nan, 1.0]]], 1)

    def test_fractions_resample_as_whole_numbers_do(self):
        sums = self.TRIALS[None] / 3
        np.testing.assert_allclose(resampled(sums, 1).drawn, resampled(self.TRIALS[None], 1).drawn / 3)


class TestWordings:
    def test_spread_by_hand(self):
        spread = wording_spread(np.array([[0.2, 0.4, 0.9, np.nan]]), np.array([[0.01, 0.01, 0.01, 1.0]]))
        assert spread.q == pytest.approx([((0.3**2) + (0.1**2) + (0.4**2)) / 0.01])
        assert spread.variance == pytest.approx([0.26 / 2 / 3])
        assert (spread.df, spread.expected) == (2, 2)

    def test_one_wording_has_no_spread(self):
        spread = wording_spread(np.array([[0.2, np.nan]]), np.array([[0.01, 0.01]]))
        assert (spread.variance, spread.df) == (0, 0)

    def test_mean_over_kinds(self):
        spread = wording_spread(np.array([[0.0, 0.2], [0.0, 0.4]]), np.full((2, 2), 0.01))
        mean = mean_spread(spread, np.array([0.5, 0.5]))
        assert mean.variance == pytest.approx([0.25 * 0.01 + 0.25 * 0.04])
        assert mean.df == pytest.approx([(0.01 + 0.04) ** 2 / (0.01**2 + 0.04**2)])
        assert mean_spread(spread, np.array([1.0, 0.0])).variance == pytest.approx([0.01])

    def test_p_of_a_difference_grows_with_the_spread(self):
        sums = np.array([[[n < 30, n < 5, 1] for n in range(60)]], dtype=float)
        statistic = difference_of(0, 1, 2)
        found = statistic_ends(resampled(sums, 1), statistic)
        spread = wording_spread(np.array([[0.1, 0.4, 0.75]]), np.full((1, 3), 0.005))
        wide = widened(found, spread, statistic)
        assert found.p[0] < 0.01 < 0.1 < wide.p[0]
        assert wide.ends[0, 0] < 0 < found.ends[0, 0]
