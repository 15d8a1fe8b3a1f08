"""The published rules and the study's slope, each by hand and at its limits."""

import numpy as np
import pytest
from planted_scaling import BUDGETS, drawn

from unspoken.experiments.scaling.trends.rules import (
    accuracy_slope,
    called_by_code,
    called_by_paper,
    code_correlation,
    error_slope,
    is_separated,
    paper_change,
)

RNG = np.random.default_rng(4)


class TestPapersRule:
    def test_ends_part_exactly_where_the_two_intervals_do(self):
        for misses in range(2, 40):
            first, last = np.repeat([1.0, 0.0], [98, 2]), np.repeat([1.0, 0.0], [100 - misses, misses])
            high = last.mean() + 1.959964 * last.std(ddof=1) / 10
            low = first.mean() - 1.959964 * first.std(ddof=1) / 10
            change = paper_change(first, last)
            assert (change.ci_high < 0) == (high < low)
            assert change.value == pytest.approx(last.mean() - first.mean())

    @pytest.mark.parametrize(
        ("first", "last", "called"),
        [(500, 480, "flat"), (500, 479, "noisy"), (500, 300, "inverse"), (300, 500, "positive")],
    )
    def test_words(self, first, last, called):
        scores = [np.repeat([1.0, 0.0], [hits, 1000 - hits]) for hits in (first, last)]
        assert called_by_paper(paper_change(*scores), "accuracy") == called

    def test_a_growing_error_is_inverse(self):
        errors = RNG.normal(1, 0.1, 500), RNG.normal(1.2, 0.1, 500)
        assert called_by_paper(paper_change(*errors), "error") == "inverse"
        assert called_by_paper(paper_change(errors[0], errors[0] + 0.04), "error") == "flat"

    def test_repeats_count_as_items_as_published(self):
        first, last = np.repeat([1.0, 0.0], [80, 20]), np.repeat([1.0, 0.0], [70, 30])
        assert called_by_paper(paper_change(first, last), "accuracy") == "noisy"
        repeated = paper_change(np.tile(first, 9), np.tile(last, 9))
        assert called_by_paper(repeated, "accuracy") == "inverse"


class TestCodesRule:
    def test_four_in_order_are_a_trend_and_one_swap_is_none(self):
        assert called_by_code(code_correlation(BUDGETS[1:], [0.4, 0.3, 0.2, 0.1]), "accuracy") == "inverse"
        assert called_by_code(code_correlation(BUDGETS[1:], [0.4, 0.2, 0.3, 0.1]), "accuracy") == "none"
        assert called_by_code(code_correlation(BUDGETS, [0.1, 0.2, 0.4, 0.3, 0.5]), "accuracy") == "positive"
        assert called_by_code(code_correlation(BUDGETS, [1, 2, 3, 4, 5]), "error") == "inverse"

    def test_equal_means_and_two_budgets_have_none(self):
        assert code_correlation(BUDGETS, [0.5] * 5).value is None
        assert code_correlation([1, 2], [0.5, 0.1]).value is None


class TestSlopes:
    LENGTHS = np.log2(BUDGETS[1:])

    def test_slope_of_exact_log_odds(self):
        odds = 1.5 - 0.5 * (self.LENGTHS - self.LENGTHS[0])
        hits = np.round(10_000 / (1 + np.exp(-odds)))
        rates = (np.arange(10_000)[:, None] < hits).astype(float)
        assert accuracy_slope(rates, self.LENGTHS).value == pytest.approx(-0.5, abs=1e-3)

    def test_errors_of_the_slope_are_those_of_an_item_bootstrap(self):
        rates = drawn([0.8, 0.75, 0.7, 0.6], 150)
        found = accuracy_slope(rates, self.LENGTHS)
        again = [accuracy_slope(rates[RNG.integers(0, 150, 150)], self.LENGTHS).value for _ in range(200)]
        assert found.se == pytest.approx(np.std(again), rel=0.15)

    def test_error_slope_is_least_squares(self):
        errors = RNG.normal(2, 0.5, (80, 4)) + 0.3 * (self.LENGTHS - self.LENGTHS[0])
        line = np.polyfit(np.tile(self.LENGTHS, 80), errors.ravel(), 1)
        found = error_slope(errors, self.LENGTHS)
        assert (found.value, found.ci_method) == (pytest.approx(line[0]), "linear_cluster_robust")

    @pytest.mark.parametrize("means", [[1, 1, 1, 1], [0.9, 1, 1, 1], [1, 1, 0.5, 0], [0, 0, 0, 1]])
    def test_no_slope_without_a_finite_maximum(self, means):
        assert is_separated(np.array(means, dtype=float))
        rates = (np.arange(100)[:, None] < 100 * np.array(means)).astype(float)
        assert accuracy_slope(rates, self.LENGTHS).value is None

    def test_a_finite_maximum_is_found(self):
        assert not is_separated(np.array([1.0, 0.99, 0.99, 1.0]))
        assert not is_separated(np.array([1.0, 0.0, 1.0]))

    def test_no_slope_where_lengths_are_alike_or_items_few(self):
        rates = drawn([0.8, 0.7, 0.6, 0.5], 100)
        assert accuracy_slope(rates, np.array([1, 1.1, 1.15, 1.2])).value is None
        assert accuracy_slope(rates[:9], self.LENGTHS).value is None
