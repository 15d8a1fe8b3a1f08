"""Trends over lengths: each rule by hand, what is left out of a slope, and when a task says nothing."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from planted_scaling import BUDGETS, drawn, trials_of

from unspoken.experiments.scaling.tables import Trials
from unspoken.experiments.scaling.trends.baselines import Baseline, baselines
from unspoken.experiments.scaling.trends.called import trends_called
from unspoken.experiments.scaling.trends.cells import cells, never_cut, with_lengths
from unspoken.experiments.scaling.trends.rows import add_trends
from unspoken.experiments.scaling.trends.rules import (
    accuracy_slope,
    called_by_study,
    paired_change,
    turn,
)
from unspoken.statistics.report import Report
from unspoken.tables.base import TableError, checked
from unspoken.tables.measurements import Measurements

RNG = np.random.default_rng(3)


def measured(trials, known=None):
    report = Report("s", "p", "scaling", reproducible=True)
    add_trends(report, trials, "m", known or {})
    return checked(report.measurements(), Measurements, Path("measurements"))


def row(measurements, metric, **conditions):
    found = measurements.filter(metric=metric)
    for name, value in conditions.items():
        found = found.filter(pl.col("conditions").map.get(name) == value)
    (one,) = found.iter_rows(named=True)
    return one


def word(measurements, rule="study", **conditions):
    told = {"level": "all", "items": "all", "unusable": "failure"} | conditions
    (one,) = trends_called(measurements).filter(rule=rule, **told)["called"]
    return one


class TestStudysRule:
    def test_a_perfect_fall_has_no_slope_and_is_inverse(self):
        trials = trials_of([[1, 1, 1, 0, 0]] * 40, budgets=BUDGETS)
        found = measured(trials)
        assert row(found, "trend", unusable="failure")["value"] is None
        assert word(found) == "inverse"

    def test_equal_answers_are_flat_only_with_enough_items(self):
        few, many = (trials_of(drawn([0.5] * 5, n), budgets=BUDGETS) for n in (30, 6000))
        assert word(measured(few)) == "undecided"
        assert word(measured(many)) == "flat"

    def test_a_turn_is_no_trend_and_not_flat(self):
        down, up = [0.8, 0.8, 0.5, 0.5, 0.8], [0.4, 0.4, 0.7, 0.7, 0.4]
        for means, called in ((down, "U"), (up, "inverted U")):
            found = measured(trials_of(drawn(means, 300), budgets=BUDGETS))
            assert word(found) == called
            bend = row(found, "trend_turn", unusable="failure")
            assert bend["value"] == pytest.approx(means[2] - means[1], abs=0.01)

    def test_a_curve_that_only_levels_off_does_not_turn(self):
        bend = turn(drawn([0.3, 0.8, 0.85, 0.9], 300), "accuracy")
        assert bend.p == 1
        assert (
            word(measured(trials_of(drawn([0.3, 0.3, 0.8, 0.85, 0.9], 300), budgets=BUDGETS))) == "positive"
        )

    def test_a_turn_that_is_surely_small_hides_no_trend(self):
        """With many items a dip of a point is sure to be one, and still means nothing."""
        found = measured(trials_of(drawn([0.5, 0.14, 0.21, 1.0, 0.989], 1000), budgets=BUDGETS))
        bend = row(found, "trend_turn", unusable="failure")
        assert bend["p"] < 0.05 and bend["value"] == pytest.approx(0.011)
        assert word(found) == "positive"

    def test_two_lengths_have_no_turn(self):
        assert turn(drawn([0.5, 0.4]), "accuracy") is None
        slope, change = (
            accuracy_slope(drawn([0.9, 0.4]), np.array([1.0, 2])),
            paired_change(np.zeros(30), np.ones(30), "accuracy"),
        )
        assert called_by_study(slope, change, None, None, "accuracy") == "inverse"

    def test_budget_0_is_in_no_slope(self):
        rest = drawn([0.9, 0.8, 0.7, 0.6], 100)
        slopes = [
            row(
                measured(trials_of(np.column_stack([zero, rest]), budgets=BUDGETS)),
                "trend",
                unusable="failure",
            )
            for zero in (np.zeros(100), np.ones(100))
        ]
        assert slopes[0]["value"] == slopes[1]["value"]
        apart = measured(trials_of(np.column_stack([np.zeros(100), rest]), budgets=BUDGETS))
        assert row(apart, "after_zero", unusable="failure")["value"] == pytest.approx(0.9)

    def test_length_counts_as_used_not_as_asked(self):
        scores = drawn([0.5, 0.5, 0.6, 0.7, 0.8], 300)
        found = measured(trials_of(scores, budgets=BUDGETS, used=[0, 800, 400, 200, 100]))
        assert (word(found), word(found, "paper"), word(found, "code")) == ("inverse", "positive", "positive")
        assert row(found, "length_response")["value"] == pytest.approx(-1)

    def test_hard_items_with_long_chains_do_not_tilt_the_slope(self):
        easy, hard = np.ones((150, 5)), np.zeros((150, 5))
        scores = np.concatenate([easy, hard])
        for at in range(5):
            scores[at::10, at] = 1 - scores[at::10, at]
        used = np.where(np.arange(300)[:, None] < 150, 0.2, 5) * np.array(BUDGETS)
        slope = row(measured(trials_of(scores, budgets=BUDGETS, used=used)), "trend", unusable="failure")
        assert slope["value"] == pytest.approx(0, abs=1e-9)

    def test_budgets_that_nobody_follows_say_nothing_of_length(self):
        found = measured(
            trials_of(drawn([0.5, 0.9, 0.7, 0.5, 0.3], 200), budgets=BUDGETS, used=[0, 99, 100, 101, 99])
        )
        assert word(found) == "lengths alike"

    def test_items_without_a_length_are_left_out_of_the_slope_alone(self):
        scores = drawn([0.7] * 5, 200).astype(object)
        scores[:100, -1] = None
        found = measured(trials_of(scores, budgets=BUDGETS))
        assert row(found, "trend", unusable="failure")["n_replicates"] == 100
        assert row(found, "accuracy_by_length", unusable="failure", budget="100")["n_replicates"] == 200


class TestRepeats:
    def test_copies_of_an_answer_do_not_narrow_it(self):
        once = trials_of(drawn([0.9, 0.8, 0.7, 0.6, 0.5], 60), budgets=BUDGETS)
        copies = pl.concat([once.with_columns(sample_index=pl.lit(at, pl.Int64)) for at in range(3)])
        told = {"level": "all", "items": "all", "unusable": "failure"}
        one, three = (row(measured(trials), "trend", **told) for trials in (once, copies))
        assert three["se"] == pytest.approx(one["se"], rel=1e-6)
        assert (one["n_replicates"], three["n_replicates"]) == (60, 60)
        assert three["n_samples"] == 3 * one["n_samples"]


class TestGates:
    def test_floor_by_chance_and_saturated(self):
        at_chance = trials_of(drawn([0.25] * 5, 200), budgets=BUDGETS)
        assert word(measured(at_chance, {"sums": Baseline(0.25, {})})) == "floor"
        assert (
            row(measured(at_chance, {"sums": Baseline(0.25, {})}), "trend", unusable="failure")["gate"]
            == "floor"
        )
        assert word(measured(at_chance)) != "floor"
        saturated = measured(trials_of(drawn([0.99] * 5, 400), budgets=BUDGETS))
        assert word(saturated) == "saturated"
        assert row(saturated, "trend", unusable="failure")["gate"] == "ceiling"

    def test_a_fall_from_saturation_is_informative(self):
        assert word(measured(trials_of(drawn([1, 1, 0.99, 0.9, 0.7], 200), budgets=BUDGETS))) == "inverse"

    def test_errors_have_the_constant_answer_as_their_floor(self):
        errors = RNG.normal(1.0, 0.2, (100, 5)).clip(0) * np.array([1, 1, 1.2, 1.4, 1.6])
        trials = trials_of(errors, budgets=BUDGETS, measure="error", task="grades")
        for constant, called in ((3.0, "inverse"), (0.9, "floor")):
            known = {"grades": Baseline(0.0, {f"grades-{at}": constant for at in range(100)})}
            assert word(measured(trials, known), unusable="dropped") == called

    def test_unread_answers_close_a_gate_where_they_could_make_the_trend(self):
        scores = drawn([0.8, 0.8, 0.8, 0.8, 0.8], 200)
        scores[:60, -1] = math.nan
        found = measured(trials_of(scores, budgets=BUDGETS))
        for treatment in ("failure", "dropped"):
            assert row(found, "trend", unusable=treatment)["gate"] == "missing"
        assert row(found, "trend", unusable="dropped")["n_replicates"] == 140

    def test_baselines(self):
        items = pl.DataFrame(
            {
                "task": ["letters"] * 4 + ["twos"] * 2 + ["grades"] * 2,
                "level": [1, 1, 2, 2, None, None, 0, 0],
                "item": list("abcdefgh"),
                "options": [["x", "y", "z", "w"]] * 4 + [None] * 4,
                "answer": ["A", "B", "B", "B", "2", "2", "4", "7.5"],
                "constant": ["B"] * 4 + ["2"] * 2 + ["6"] * 2,
            }
        )
        found = baselines(items)
        assert found["letters"].chance == 0.75
        assert found["letters:1"].chance == 0.5
        assert found["letters:2"].chance == 1
        assert found["twos"].chance == 0
        assert found["grades:0"].errors == {"g": 2.0, "h": 1.5}


class TestNatural:
    def test_ranks_are_within_the_item(self):
        used = [[30, 10, 20], [5, 500, 50]]
        ranked = with_lengths(trials_of(np.zeros((2, 3)), budgets=[1, 2, 3], used=used, setup="natural"))
        assert ranked.sort("item", "sample_index")["length"].to_list() == [3, 1, 2, 1, 3, 2]

    def test_items_with_fewer_samples_have_no_rank(self):
        ranked = with_lengths(
            trials_of([[0, 1, 0], [1, 0, None]], budgets=[1, 2, 3], used=[[3, 1, 2]] * 2, setup="natural")
        )
        assert ranked.sort("item", "sample_index")["length"].to_list() == [3, 1, 2, None, None]

    def test_is_called_an_association(self):
        scores = drawn([0.9, 0.8, 0.7, 0.6, 0.4], 200)
        found = measured(
            trials_of(scores, budgets=[1, 2, 3, 4, 5], used=[*BUDGETS[1:], 1600], setup="natural")
        )
        assert not found.filter(pl.col("metric").str.starts_with("trend")).height
        assert row(found, "association", unusable="failure")["value"] < 0
        assert word(found, setup="natural") == "inverse"
        assert row(found, "accuracy_by_length", unusable="failure", rank="5")["value"] == pytest.approx(0.4)


class TestCapped:
    def test_items_that_were_cut_are_told_apart(self):
        cut = [[True, True, True, False, False]] * 30 + [[True, False, False, False, False]] * 50
        scores = drawn([0.5, 0.6, 0.7, 0.8, 0.8], 80)
        trials = trials_of(scores, budgets=BUDGETS, setup="capped", was_cut=cut)
        assert never_cut(trials)["item"].n_unique() == 50
        found = measured(trials)
        assert row(found, "cut_share", budget="100", items="all")["value"] == pytest.approx(30 / 80)
        kept = row(found, "trend", items="never_cut", unusable="failure")
        assert kept["n_replicates"] == 50

    def test_no_rows_where_every_item_was_cut(self):
        trials = trials_of(drawn([0.5] * 5, 20), budgets=BUDGETS, setup="capped", was_cut=[[True] * 5] * 20)
        assert [cell.conditions["items"] for cell in cells(trials)] == ["all"]


def test_levels_have_rows_of_their_own():
    scores = np.concatenate([drawn([0.9] * 5, 50), drawn([0.9, 0.9, 0.7, 0.5, 0.3], 50)])
    found = measured(trials_of(scores, budgets=BUDGETS, level=[1] * 50 + [5] * 50))
    assert word(found, level="5") == "inverse"
    assert set(trends_called(found)["level"]) == {"all", "1", "5"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"budget": None}, "natural_alone_has_no_budget"),
        ({"answer": None}, "answer_or_its_reason"),
        ({"score": 0.5}, "scores_fit_their_measure"),
        ({"setup": "forced"}, "setup"),
        ({"item": "again", "budget": 100}, "key_stands_once"),
    ],
)
def test_wrong_trials_are_named(change, fault):
    trials = trials_of(np.ones((3, 1)), budgets=[100])
    assert checked(trials, Trials, Path("trials.parquet")).height == 3
    wrong = trials.with_columns(
        **{name: pl.lit(value, trials.schema[name]) for name, value in change.items()}
    )
    with pytest.raises(TableError, match=fault):
        checked(wrong, Trials, Path("trials.parquet"))
