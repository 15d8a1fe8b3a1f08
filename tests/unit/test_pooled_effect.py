"""One contrast over study seeds: the random-effects model, by hand and in simulation."""

import numpy as np
import pytest
from scipy import stats

from unspoken.statistics.intervals import t_interval
from unspoken.statistics.pooled import pooled_effect

VALUES, ERRORS, COUNTS = [0.2, 0.5, 0.1, 0.9], [0.1, 0.2, 0.05, 0.15], [5, 5, 4, 9]


def by_hand(values: list[float], errors: list[float], counts: list[int]) -> dict[str, float]:
    """One spread of all replicates, Paule and Mandel by bisection, Hartung and Knapp: from their formulas."""
    y, n, k = np.array(values), np.array(counts), len(values)
    spread = sum((m - 1) * m * error**2 for m, error in zip(counts, errors, strict=True)) / sum(n - 1)

    def q_at(tau2: float) -> float:
        w = 1 / (spread / n + tau2)
        return float(w @ (y - w @ y / w.sum()) ** 2)

    low, high = 0.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if q_at(middle) > k - 1 else (low, middle)
    w = 1 / (spread / n + low)
    mean = w @ y / w.sum()
    se = np.sqrt(w @ (y - mean) ** 2 / (k - 1) / w.sum())
    return {"value": mean, "se": se, "tau2": low, "q": q_at(0), "low": mean - stats.t.ppf(0.975, k - 1) * se}


def test_the_model_is_what_its_formulas_say() -> None:
    found, hand = pooled_effect(VALUES, ERRORS, COUNTS), by_hand(VALUES, ERRORS, COUNTS)
    interval = found.interval
    assert interval.value == pytest.approx(hand["value"], rel=1e-4)
    assert interval.se == pytest.approx(hand["se"], rel=1e-4)
    assert interval.ci_low == pytest.approx(hand["low"], rel=1e-4)
    assert found.tau2 == pytest.approx(hand["tau2"], rel=1e-3)
    assert found.q == pytest.approx(hand["q"])
    assert found.i2 == pytest.approx(1 - 3 / hand["q"])
    assert found.q_p == pytest.approx(stats.f.sf(hand["q"] / 3, 3, sum(COUNTS) - 4))
    assert interval.p == pytest.approx(2 * stats.t.sf(interval.value / interval.se, 3))  # type: ignore[operator]
    assert (interval.n_replicates, found.reason) == (4, None)


def test_seeds_of_equal_size_are_replicates_of_a_t_interval() -> None:
    pooled, plain = pooled_effect(VALUES, ERRORS, [5] * 4).interval, t_interval(VALUES)
    assert (pooled.value, pooled.ci_low, pooled.p) == pytest.approx((plain.value, plain.ci_low, plain.p))


def test_seeds_that_agree_have_no_variance_between_them() -> None:
    found = pooled_effect([0.30, 0.31, 0.29], [0.1, 0.1, 0.1], [5] * 3)
    assert (found.tau2, found.i2) == (0, 0)
    assert found.q_p == pytest.approx(1, abs=0.02)
    assert found.interval.value == pytest.approx(0.3)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4])
def test_the_unit_of_the_effect_scales_all_and_changes_nothing(unit: float) -> None:
    one = pooled_effect(VALUES, ERRORS, COUNTS)
    other = pooled_effect(*(np.array((VALUES, ERRORS)) * unit), COUNTS)
    assert other.interval.ci_low == pytest.approx(one.interval.ci_low * unit, rel=1e-4)  # type: ignore[operator]
    assert other.tau2 == pytest.approx(one.tau2 * unit**2, rel=1e-4)  # type: ignore[operator]
    assert (other.i2, other.q_p) == pytest.approx((one.i2, one.q_p))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_seeds_are_null_with_the_reason(count: int) -> None:
    found = pooled_effect(VALUES[:count], ERRORS[:count], COUNTS[:count])
    assert (found.interval.value, found.interval.ci_low, found.tau2, found.q_p) == (None,) * 4
    assert found.reason == f"{count} of the 3 seeds that a pool needs"


def test_seeds_that_do_not_differ_at_all_have_no_interval_of_no_width() -> None:
    found = pooled_effect([0.2, 0.2, 0.2], [0.1, 0.2, 0.1], [5] * 3)
    assert found.interval.value is None
    assert "do not differ" in str(found.reason)


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("between", [0.0, 0.15, 0.6])
def test_the_interval_covers_the_mean_of_seeds_of_five_bases(seeds: int, between: float) -> None:
    """The errors of seeds are estimated from five bases each, whose spread differs between seeds."""
    rng, draws, bases, hits, found = np.random.default_rng(3), 1000, 5, 0, 0
    for _ in range(draws):
        spread = 0.3 * np.exp(rng.normal(0, 0.3, seeds))
        truth = rng.normal(0.4, between, seeds)
        measured = rng.normal(truth[:, None], spread[:, None], (seeds, bases))
        errors = measured.std(axis=1, ddof=1) / np.sqrt(bases)
        pooled = pooled_effect(measured.mean(axis=1), errors, [bases] * seeds)
        hits += pooled.interval.ci_low <= 0.4 <= pooled.interval.ci_high  # type: ignore[operator]
        found += pooled.q_p < 0.05  # type: ignore[operator]
    print(
        f"{seeds} seeds, {between} between them: {hits / draws:.3f} cover, {found / draws:.3f} find a spread"
    )
    assert 0.91 <= hits / draws <= 0.985
    if between == 0:
        assert found / draws < 0.07
