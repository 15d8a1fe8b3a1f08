"""The slope of the uplift over models: planted slopes come back, where least squares mistakes them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from unspoken.experiments.faithfulness.measure.uplift import COVERAGE, MOST_BIAS, SLOPES, planted_answers
from unspoken.experiments.faithfulness.uplift import (
    TOO_ALIKE,
    TOO_FEW,
    Accuracies,
    paired_accuracies,
    uplift_slope,
    uplift_slopes,
)

TABLES = 1000
FALSE_POSITIVES = 0.07
seeds = st.integers(0, 10_000)


def exactly(direct: Any, reasoned: Any) -> Accuracies:
    """Return accuracies without sampling errors."""
    x, y = np.asarray(direct, float), np.asarray(reasoned, float)
    return Accuracies(x, y, np.zeros_like(x), np.zeros_like(x))


def pools(seed: int, slope: float, models: int, error: float, spread: float = 0.2) -> Accuracies:
    """Return pools of models whose errors have known variances, some twice as large as others.

    `error` is the largest standard error without reasoning; errors with reasoning are correlated by 0.6.
    """
    rng = np.random.default_rng(seed)
    true = 0.5 + rng.normal(0, spread, (TABLES, models))
    sizes = np.broadcast_to(np.linspace(error / 2, error, models), true.shape)
    first, second = rng.normal(size=(2, *true.shape))
    scatter = rng.normal(0, 0.05, true.shape)
    reasoned = 0.5 + slope * (true - 0.5) + scatter + sizes * (0.6 * first + 0.8 * second)
    return Accuracies(true + sizes * first, reasoned, sizes**2, 0.6 * sizes**2)


def least_squares(accuracies: Accuracies) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the slope of the uplift regressed on the accuracy without it, and its t interval's ends."""
    x, y = accuracies.direct, accuracies.reasoned - accuracies.direct
    found = [stats.linregress(*pool) for pool in zip(x, y, strict=True)]
    slope, se = (np.array([getattr(one, name) for one in found]) for name in ("slope", "stderr"))
    reach = stats.t.ppf(0.975, x.shape[-1] - 2) * se
    return slope, slope - reach, slope + reach


def covered(low: Any, high: Any, truth: float) -> float:
    known = np.isfinite(low)
    assert known.mean() > 0.85
    return float(((low <= truth) & (truth <= high))[known].mean())


class TestEstimator:
    @settings(deadline=None)
    @given(seeds, st.integers(5, 30))
    def test_without_errors_it_is_least_squares_with_its_t_interval(self, seed: int, models: int):
        x, y = np.random.default_rng(seed).uniform(size=(2, models))
        found, _ = uplift_slope(exactly(x, y))
        line = stats.linregress(x, y)
        assert found.value == pytest.approx(line.slope - 1)
        assert found.se == pytest.approx(line.stderr)
        assert found.n_replicates == models
        assert found.p == pytest.approx(stats.linregress(x, y - x).pvalue, abs=1e-9)
        both = ((found.ci_low, found.ci_high, 0.975), (found.ci90_low, found.ci90_high, 0.95))
        for low, high, level in both:
            reach = stats.t.ppf(level, models - 2) * line.stderr
            assert (low, high) == pytest.approx((line.slope - 1 - reach, line.slope - 1 + reach))

    def test_moments_lose_their_errors_by_hand(self):
        x, y = np.array([0.1, 0.3, 0.5, 0.7, 0.9]), np.array([0.3, 0.5, 0.4, 0.8, 0.7])
        found, reason = uplift_slope(Accuracies(x, y, np.full(5, 0.01), np.full(5, 0.004)))
        # Variance 0.1 and covariance 0.055 over models.
        assert found.value == pytest.approx((0.055 - 0.004) / (0.1 - 0.01) - 1)
        assert reason is None

    @settings(deadline=None)
    @given(seeds, st.floats(-2, 2))
    def test_uplift_or_accuracy_with_reasoning_is_one_regression(self, seed: int, part: float):
        pool = Accuracies(*(one[0] for one in pools(seed, 0.5, 12, 0.04)))
        turned = pool._replace(
            reasoned=pool.reasoned + part * pool.direct,
            covariance=pool.covariance + part * pool.direct_variance,
        )
        before, after = (uplift_slope(one)[0] for one in (pool, turned))
        for name in ("value", "ci_low", "ci_high", "ci90_low", "ci90_high"):
            assert getattr(after, name) == pytest.approx(getattr(before, name) + part, abs=1e-9)

    def test_the_interval_holds_0_where_p_says_so(self):
        for slope in (0.8, 1.0):
            found = uplift_slopes(pools(3, slope, 12, 0.06))
            low, high, low90, high90 = found.ends.T
            assert np.array_equal(found.p < 0.05, (low > 0) | (high < 0))
            assert np.array_equal(found.p < 0.1, (low90 > 0) | (high90 < 0))
            assert (low < low90).all() and (high90 < high).all()

    def test_few_models_have_no_slope(self):
        found, reason = uplift_slope(exactly([0.1, 0.4, 0.6, 0.9], [0.5, 0.2, 0.6, 0.7]))
        assert (found.value, found.ci_low, found.n_replicates) == (None, None, 4)
        assert reason == TOO_FEW

    @pytest.mark.parametrize("variance", [0.03, 0.2])
    def test_models_that_differ_by_their_errors_have_no_interval(self, variance: float):
        x = np.linspace(0.2, 0.8, 6)
        found, reason = uplift_slope(Accuracies(x, x[::-1] ** 2, np.full(6, variance), np.zeros(6)))
        assert (found.ci_low, found.p, reason) == (None, None, TOO_ALIKE)
        assert (found.value is None) == (variance > x.var(ddof=1))

    def test_points_on_a_line_and_equal_models_have_no_interval(self):
        x = np.linspace(0.2, 0.8, 6)
        assert uplift_slope(exactly(x, 0.3 + x / 2))[0].ci_low is None
        same = uplift_slope(exactly(np.full(6, 0.5), x))
        assert (same[0].value, same[1]) == (None, TOO_ALIKE)


class TestCoverage:
    @pytest.mark.parametrize("slope", SLOPES)
    def test_planted_tables_of_12_models(self, slope: float):
        accuracies = paired_accuracies(*planted_answers(slope, TABLES, seed=77))
        found, truth = uplift_slopes(accuracies), slope - 1
        low, high = found.ends[:, 0], found.ends[:, 1]
        assert np.isnan(low).mean() < 0.02
        assert COVERAGE[0] <= covered(low, high, truth) <= COVERAGE[1]
        assert abs(np.nanmean(found.value - truth)) <= MOST_BIAS * np.nanmean(high - low)
        if truth == 0:
            assert (found.p < 0.05).mean() < FALSE_POSITIVES

    @pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
    @pytest.mark.parametrize(("models", "error"), [(5, 0.04), (8, 0.08), (30, 0.12)])
    def test_other_pools_with_unequal_errors(self, slope: float, models: int, error: float):
        found, truth = uplift_slopes(pools(models, slope, models, error)), slope - 1
        low, high, low90, high90 = found.ends.T
        assert COVERAGE[0] <= covered(low, high, truth) <= COVERAGE[1]
        assert 0.85 <= covered(low90, high90, truth) <= 0.945
        assert abs(np.nanmedian(found.value) - truth) < 0.03

    def test_least_squares_finds_a_slope_that_is_not_there(self):
        accuracies = pools(5, 1.0, 30, 0.2)
        slope, low, high = least_squares(accuracies)
        assert slope.mean() < -0.1  # models that are right without it seem to gain less
        assert covered(low, high, 0.0) < 0.8
        found = uplift_slopes(accuracies)
        assert covered(found.ends[:, 0], found.ends[:, 1], 0.0) >= COVERAGE[0]
        assert abs(np.nanmedian(found.value)) < 0.03

    def test_the_check_would_catch_least_squares(self):
        accuracies = paired_accuracies(*planted_answers(1.0, TABLES, seed=77))
        slope, low, high = least_squares(accuracies)
        assert slope.mean() < -MOST_BIAS * (high - low).mean()
        assert abs(slope.mean()) > 5 * abs(np.nanmedian(uplift_slopes(accuracies).value))


class TestErrors:
    def test_of_models_with_questions_of_their_own_they_are_standard_errors(self):
        rng = np.random.default_rng(1)
        direct, reasoned = np.full((2, 6, 240), np.nan)
        for model in range(6):
            mine = slice(40 * model, 40 * model + 40)
            direct[model, mine], reasoned[model, mine] = rng.integers(0, 2, (2, 40))
        found = paired_accuracies(direct, reasoned)
        errors = [np.cov(one[k], other[k]) / 40 for one, other in zip(direct, reasoned, strict=True)
                  for k in [~np.isnan(one)]]  # fmt: skip
        assert found.direct == pytest.approx(np.nanmean(direct, axis=1))
        assert found.direct_variance.mean() == pytest.approx(np.mean([one[0, 0] for one in errors]))
        assert found.covariance.mean() == pytest.approx(np.mean([one[0, 1] for one in errors]))

    def test_luck_that_all_models_share_is_no_error_of_the_slope(self):
        rng = np.random.default_rng(2)
        hard = rng.normal(size=50)
        alike = paired_accuracies(np.tile(hard, (7, 1)), np.tile(hard**2, (7, 1)))
        assert alike.direct_variance == pytest.approx(0) and alike.covariance == pytest.approx(0)
        own = rng.normal(size=(2, 7, 50))
        alone, shared = paired_accuracies(*own), paired_accuracies(*(own + hard))
        assert shared.direct_variance == pytest.approx(alone.direct_variance)
        assert shared.covariance == pytest.approx(alone.covariance)

    def test_they_are_those_of_drawing_other_questions(self):
        """The variance over models of accuracies that differ by questions alone is the mean squared error."""
        rng = np.random.default_rng(3)
        answers = rng.random((4000, 5, 20)) < rng.uniform(0.3, 0.7, (4000, 1, 20))
        found = paired_accuracies(answers, answers)
        assert found.direct.var(axis=-1, ddof=1).mean() == pytest.approx(
            found.direct_variance.mean(), rel=0.03
        )

    def test_a_question_answered_in_one_way_alone_does_not_count(self):
        nan = np.nan
        found = paired_accuracies([[1, 0, 1, nan], [1, 1, 0, 0]], [[1, 1, nan, 0], [0, 1, 1, 0]])
        assert found.direct.tolist() == [0.5, 0.5] and found.reasoned.tolist() == [1.0, 0.5]
        with pytest.raises(ValueError, match="fewer than two questions"):
            paired_accuracies([[1, 0, nan], [1, 1, 1]], [[nan, 1, 1], [1, 1, 1]])
