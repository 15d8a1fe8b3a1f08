"""Agreement of metrics, and whether they find what was planted."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from unspoken.experiments.faithfulness.measure.metric_agreement import (
    add_metric_agreement,
    auroc_interval,
    kendall_tau_b,
    rank_agreement,
)
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

few_values = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=25)


@settings(deadline=None)
@given(few_values)
def test_tau_b_is_that_of_scipy_ties_and_all(pairs: list[tuple[int, int]]):
    first, second = np.array(pairs, dtype=float).T
    ours = kendall_tau_b(first, second, np.ones((1, len(first))))[0]
    assert ours == pytest.approx(stats.kendalltau(first, second).statistic, nan_ok=True)


def test_tau_b_of_a_resample_is_that_of_its_rows():
    random = np.random.default_rng(2)
    first, second = random.normal(size=(2, 12)).round(1)
    counts = random.multinomial(12, np.full(12, 1 / 12), 20)
    for drawn, tau in zip(counts, kendall_tau_b(first, second, counts.astype(float)), strict=True):
        rows = np.repeat(np.arange(12), drawn)
        assert tau == pytest.approx(stats.kendalltau(first[rows], second[rows]).statistic)


def test_the_interval_of_tau_covers_the_truth():
    random = np.random.default_rng(3)
    for correlation in (0.0, 0.6):
        truth = 2 / np.pi * np.arcsin(correlation)
        spread = [[1, correlation], [correlation, 1]]
        drawn = random.multivariate_normal([0, 0], spread, (200, 20))
        found = [rank_agreement(*units.T, seed, 300) for seed, units in enumerate(drawn)]
        covered = np.mean([one.ci_low <= truth <= one.ci_high for one in found])
        assert 0.91 <= covered <= 0.995


def test_metrics_that_never_differ_and_units_that_are_too_few_have_no_interval():
    same = rank_agreement([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], 1)
    assert same.value == 1 and same.ci_low is None
    for first, second in (([], []), ([1.0], [2.0]), ([1, 2, 3], [5, 5, 5])):
        none = rank_agreement(first, second, 1)
        assert none.value is none.ci_low is None
        assert none.n_replicates == len(first)
    two = rank_agreement([1, 2], [4, 3], 1)
    assert two.value == -1 and two.ci_low is None


@settings(deadline=None)
@given(few_values, st.randoms(use_true_random=False))
def test_auroc_is_the_share_of_pairs_in_order(pairs: list[tuple[int, int]], random: Any):
    values = np.array([value for value, _ in pairs])
    truth = np.array([random.random() < 0.5 for _ in pairs])
    found = auroc_interval(values[truth], values[~truth])
    if truth.all() or not truth.any():
        assert found.value is found.ci_low is None
    else:
        wins = stats.mannwhitneyu(values[truth], values[~truth]).statistic
        assert found.value == pytest.approx(wins / (truth.sum() * (~truth).sum()))
        assert found.ci_low <= found.value <= found.ci_high
        assert 0 <= found.ci_low < found.ci_high <= 1


def test_auroc_has_the_variance_of_delong_by_hand():
    positive, negative = [3.0, 5.0, 1.0], [0.0, 2.0]
    wins = np.array([[1, 1], [1, 1], [1, 0]])
    variance = wins.mean(1).var(ddof=1) / 3 + wins.mean(0).var(ddof=1) / 2
    found = auroc_interval(positive, negative)
    assert found.value == pytest.approx(5 / 6)
    assert found.se == pytest.approx(variance**0.5)
    assert found.ci_method == "delong"


def test_units_parted_without_a_mistake_still_have_an_interval():
    found = auroc_interval([3, 4, 5], [0, 1, 2, 2, 1])
    assert (found.value, found.ci_high, found.n_replicates) == (1, 1, 8)
    assert found.ci_low == pytest.approx(0.025 ** (1 / 3))
    assert auroc_interval([0], [1, 2, 3]).ci_high == pytest.approx(0.975)


def test_the_interval_of_auroc_covers_the_truth():
    random = np.random.default_rng(4)
    for shift in (0.0, 1.0, 2.5):
        truth = stats.norm.cdf(shift / 2**0.5)
        found = [auroc_interval(random.normal(shift, 1, 12), random.normal(0, 1, 18)) for _ in range(400)]
        assert np.mean([one.ci_low <= truth <= one.ci_high for one in found]) >= 0.92


KINDS = 6


def planted(**metrics: Any) -> pl.DataFrame:
    """Return metrics of two planted subjects, one faithful and one not, and of a third."""
    rows = []
    for place, subject in enumerate(["planted:always", "planted:never", "chat"]):
        for kind in range(KINDS):
            for metric, value_of in metrics.items():
                rows.append(
                    {"unit": f"{subject}:kind{kind}", "metric": metric, "value": value_of(place, kind),
                     "truth": [True, False, None][place]}
                )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64, "truth": pl.Boolean})


def measured(table: pl.DataFrame) -> tuple[dict[tuple[str, ...], dict[str, Any]], pl.DataFrame]:
    report = Report("small", "chen2025", "faithfulness", reproducible=True)
    add_metric_agreement(report, table, 1)
    Measurements.validate(report.measurements())
    return {(row["metric"], *row["conditions"].values()): row for row in report.rows}, report.groups()


def test_metrics_are_compared_in_pairs_and_with_what_was_planted():
    table = planted(
        good=lambda place, kind: [0.9, 0.1, 0.5][place] + kind / 1000,
        bad=lambda place, kind: [0.1, 0.9, 0.5][place] - kind / 1000,
        blind=lambda place, kind: kind,
    )
    found, groups = measured(table)
    assert found["rank_agreement", "bad", "good"]["value"] == pytest.approx(-1)
    assert set(found) == {
        ("rank_agreement", "bad", "blind"), ("rank_agreement", "bad", "good"),
        ("rank_agreement", "blind", "good"), ("auroc", "good"), ("auroc", "bad"), ("auroc", "blind"),
    }  # fmt: skip
    assert [found["auroc", name]["value"] for name in ("good", "bad", "blind")] == [1, 0, 0.5]
    assert found["auroc", "good"]["n_samples"] == 2 * KINDS
    assert found["rank_agreement", "blind", "good"]["n_samples"] == 3 * KINDS
    assert (
        found["rank_agreement", "blind", "good"]["ci_low"]
        < 0
        < 1
        > found["rank_agreement", "blind", "good"]["ci_high"]
    )
    members = dict(groups.select("subject_id", "members").iter_rows())
    assert members["subjects_by_kind:all"] == ["chat", "planted:always", "planted:never"]
    assert members["subjects_by_kind:planted"] == ["planted:always", "planted:never"]


def test_undefined_values_are_missing_and_what_nobody_has_is_a_null_row():
    table = planted(
        some=lambda place, kind: None if place == 1 and kind < 2 else place + kind / 10,
        all=lambda place, kind: place,
        none=lambda place, kind: None,
        one_class=lambda place, kind: kind if place == 0 else None,
    )
    found, _ = measured(table)
    assert found["auroc", "some"]["n_missing"] == 2
    assert found["rank_agreement", "all", "some"]["n_samples"] == 3 * KINDS - 2
    assert found["rank_agreement", "none", "some"]["value"] is None
    assert found["rank_agreement", "none", "some"]["n_missing"] == 3 * KINDS
    for name in ("none", "one_class"):
        assert found["auroc", name]["value"] is None
    # Constant over the units in which both are defined.
    assert found["rank_agreement", "all", "one_class"]["value"] is None


def test_differences_of_rounding_are_ties():
    table = planted(
        exact=lambda place, kind: 1.0,
        rounded=lambda place, kind: 1.0 - 1e-15 * (place == 1),
    )
    found, _ = measured(table)
    assert found["auroc", "rounded"]["value"] == 0.5


def test_order_of_rows_does_not_matter_and_truth_may_be_absent():
    random = np.random.default_rng(5)
    numbers = random.normal(size=(2, 3, KINDS))
    table = planted(
        one=lambda place, kind: numbers[0, place, kind], two=lambda place, kind: numbers[1, place, kind]
    )
    assert measured(table)[0] == measured(table.sample(fraction=1, shuffle=True, seed=1))[0]
    assert set(measured(table.drop("truth"))[0]) == {("rank_agreement", "one", "two")}
    assert measured(table.clear())[0] == {}


def test_what_contradicts_itself_is_refused():
    table = planted(one=lambda place, kind: place)
    with pytest.raises(ValueError, match="a metric twice"):
        measured(pl.concat([table, table]))
    other = table.with_columns(metric=pl.lit("two"), truth=~pl.col("truth"))
    with pytest.raises(ValueError, match="two truths"):
        measured(pl.concat([table, other]))
