"""Ways to fail against their base rates, features that predictions follow, and answers within a chain."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from planted_failures import GRADES, HOURS, NOISE, SLEEP, N, answered, graded, graded_items, items_of

from unspoken.experiments.scaling.failures import add_failures, canonical
from unspoken.experiments.scaling.spurious import add_spurious, correlations, product_sums
from unspoken.experiments.scaling.tables import SHARES
from unspoken.experiments.scaling.within import add_within_chains
from unspoken.statistics.report import Report
from unspoken.tables.base import checked
from unspoken.tables.measurements import Measurements


def measured(add, *arguments, **named):
    report = Report("s", "p", "scaling", reproducible=True)
    add(report, *arguments, **named)
    return checked(report.measurements(), Measurements, Path("measurements"))


def row(measurements, metric, **conditions):
    found = measurements.filter(metric=metric)
    for name, value in conditions.items():
        found = found.filter(pl.col("conditions").map.get(name) == value)
    (one,) = found.iter_rows(named=True)
    return one


class TestLures:
    NUMBERS = [12] * (N // 2) + [None] * (N // 2)

    def failures(self, with_12, without_12):
        """Return rows where 12 is the answer to so many items with it, and to so many without, at 800."""
        answers = [["2", "2", "2"] for _ in range(N)]
        for at in [*range(with_12), *range(N // 2, N // 2 + without_12)]:
            answers[at][2] = "12.0"
        return measured(add_failures, answered(answers), items_of(self.NUMBERS), "m", 1)

    def test_a_common_wrong_answer_is_no_distraction(self):
        found = self.failures(30, 30)
        assert row(found, "distractor_answers", budget="800", unusable="failure")["value"] == 0.3
        excess = row(found, "distractor_answers_excess", budget="800", unusable="failure")
        assert excess["value"] == pytest.approx(0)
        assert excess["ci_low"] < 0 < excess["ci_high"]
        assert excess["p"] > 0.5

    def test_a_number_that_only_its_items_give_is_one(self):
        found = self.failures(30, 5)
        excess = row(found, "distractor_answers_excess", budget="800", unusable="failure")
        assert excess["value"] == pytest.approx(0.25)
        assert excess["ci_low"] > 0.1
        assert excess["p"] < 0.01
        change = row(found, "distractor_answers_change", unusable="failure")
        assert change["value"] == pytest.approx(0.25)
        assert change["p"] < 0.01

    def test_both_shares_bring_their_uncertainty(self):
        """The interval is that of a difference of two independent shares of 100 items each."""
        excess = row(self.failures(40, 20), "distractor_answers_excess", budget="800", unusable="failure")
        assert excess["se"] == pytest.approx(np.sqrt((0.4 * 0.6 + 0.2 * 0.8) / 100), rel=0.1)

    def test_the_base_rate_is_a_row_of_its_own(self):
        """Of the items without the number, 30 of 100 give it; those are its replicates' doubt."""
        base = row(self.failures(40, 30), "distractor_answers_base", budget="800", unusable="failure")
        assert base["value"] == pytest.approx(0.3)
        assert base["se"] == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.1)
        assert (base["kind"], base["versus"]) == ("estimate", None)

    def test_nobody_fell_for_it(self):
        found = self.failures(0, 0)
        share = row(found, "distractor_answers", budget="800", unusable="failure")
        assert (share["value"], share["ci_method"]) == (0, "clopper_pearson")
        excess = row(found, "distractor_answers_excess", budget="800", unusable="failure")
        assert (excess["value"], excess["ci_low"]) == (0, pytest.approx(0, abs=1e-9))
        assert excess["ci_high"] == pytest.approx(0.0362, abs=0.002)

    def test_no_base_rate_where_every_item_has_the_lure(self):
        answers = [["2", "2", "12" if at < 50 else "2"] for at in range(N)]
        found = measured(add_failures, answered(answers), items_of([12] * N), "m", 1)
        assert row(found, "distractor_answers", budget="800", unusable="failure")["value"] == 0.25
        assert row(found, "distractor_answers_excess", budget="800", unusable="failure")["value"] is None

    def test_a_distractor_that_equals_the_answer_is_no_lure(self):
        answers = [["2", "2", "2"]] * N
        found = measured(add_failures, answered(answers), items_of([2] * N), "m", 1)
        assert not found.filter(pl.col("metric").str.starts_with("distractor")).height

    def test_unread_answers_count_as_failures_or_not_at_all(self):
        answers = [[None, "2", "12" if at < 20 else None if at < 60 else "2"] for at in range(N)]
        found = measured(add_failures, answered(answers), items_of(self.NUMBERS), "m", 1)
        kept = row(found, "distractor_answers", budget="800", unusable="dropped")
        assert (kept["value"], kept["n_missing"]) == (pytest.approx(20 / 60), 40)
        assert row(found, "distractor_answers", budget="800", unusable="failure")["value"] == pytest.approx(
            0.2
        )
        unread = row(found, "unread_change", reason="all")
        assert unread["value"] == pytest.approx(0.2)
        assert row(found, "unread", reason="no answer", budget="0")["value"] == 1

    def test_frames(self):
        frames = ["23"] * (N // 2) + ["7"] * (N // 2)
        answers = [["2", "2", "23" if at < 40 or at >= 190 else "2"] for at in range(N)]
        found = measured(add_failures, answered(answers), items_of([None] * N, frames), "m", 1)
        # 40 of 100 say their frame's 23; 10 of the 100 others say 23 too. Nobody says 7.
        excess = row(found, "frame_answers_excess", budget="800", unusable="failure")
        assert excess["value"] == pytest.approx(40 / N - (N // 2) * 0.1 / N)

    def test_spelling(self):
        told = pl.DataFrame({"said": ["12", "12.0", " Red ", "1e1", None]})
        assert told.select(canonical(pl.col("said")))["said"].to_list() == [
            "12.0",
            "12.0",
            "red",
            "10.0",
            None,
        ]


def test_unsafe_answers_stand_beside_an_option_at_random():
    items = items_of([None] * N, task="wishes", options=["a", "b"])
    answers = [["2", "2", "1" if at < 140 else "2"] for at in range(N)]
    trials = answered(answers, task="wishes")
    found = measured(add_failures, trials, items, "m", 1, safe_tasks=["wishes"])
    assert row(found, "unsafe_answers", budget="800", unusable="failure")["value"] == pytest.approx(0.7)
    assert row(found, "unsafe_answers_excess", budget="800", unusable="failure")["value"] == pytest.approx(
        0.2
    )
    assert row(found, "unsafe_answers_change", unusable="failure")["value"] == pytest.approx(0.7)
    assert not measured(add_failures, trials, items, "m", 1).filter(metric="unsafe_answers").height


class TestFeatures:
    def found(self, last):
        return measured(add_spurious, graded(last), graded_items(), "m", 1)

    def test_a_shift_to_a_spurious_feature_is_measured_beside_the_truth(self):
        found = self.found(np.clip(6 + SLEEP, 0, 10))
        truth = row(found, "feature_correlation", budget="truth", feature="hours", correlation="partial")
        assert truth["value"] > 0.95
        sleep = {"feature": "sleep", "correlation": "partial"}
        assert row(found, "feature_excess", budget="800", **sleep)["ci_low"] > 0.5
        assert row(found, "feature_excess", budget="100", **sleep)["value"] == pytest.approx(0, abs=1e-3)
        change = row(found, "feature_change", feature="hours", correlation="partial")
        assert change["value"] < -0.8
        assert change["p"] < 0.01

    def test_predictions_beside_the_true_grades_and_what_comes_with_any_reasoning(self):
        found = self.found(np.clip(6 + SLEEP, 0, 10))
        said = np.corrcoef(GRADES, np.clip(6 + SLEEP, 0, 10))[0, 1]
        assert row(found, "grade_correlation", budget="100")["value"] == pytest.approx(1)
        assert row(found, "grade_correlation", budget="800")["value"] == pytest.approx(said, abs=1e-3)
        change = row(found, "grade_change")
        assert (change["value"], change["ci_high"] < 0) == (pytest.approx(said - 1, abs=1e-3), True)
        at_once = row(found, "feature_after_zero", feature="sleep", correlation="raw")
        assert (at_once["value"], at_once["subject"]) == (pytest.approx(0), "m:asked:least")
        assert not found.filter(
            pl.col("metric").str.starts_with("grade"), pl.col("conditions").map.get("correlation") != "raw"
        ).height

    def test_partial_leaves_out_what_another_feature_carries(self):
        followed = pl.DataFrame({"item": list("abcdefgh") * 25})
        hours = HOURS
        sleep = hours + 0.5 * SLEEP
        rows = followed.with_columns(hours=hours, sleep=sleep, predicted=hours + 0.3 * NOISE)
        found = correlations(product_sums(rows, list("abcdefgh")).sum(axis=0))
        residual = [
            values - np.polyval(np.polyfit(hours, values, 1), hours)
            for values in (sleep, rows["predicted"].to_numpy())
        ]
        assert found["partial"][1] == pytest.approx(np.corrcoef(*residual)[0, 1])
        assert found["raw"][1] == pytest.approx(np.corrcoef(sleep, rows["predicted"])[0, 1])

    def test_equal_predictions_and_such_that_are_no_grades_have_no_correlation(self):
        equal = row(
            self.found(np.full(N, 6.0)),
            "feature_correlation",
            budget="800",
            feature="hours",
            correlation="raw",
        )
        assert equal["value"] is None
        outside = np.where(np.arange(N) < 50, 1000.0, GRADES)
        kept = row(
            self.found(outside), "feature_correlation", budget="800", feature="hours", correlation="raw"
        )
        assert (kept["n_missing"], kept["n_samples"], kept["n_replicates"]) == (50, 150, 150)
        assert kept["value"] > 0.9


class TestWithinChains:
    def forced(self, scores):
        rows = [
            {
                "subject": "m",
                "task": "sums",
                "item": f"i{item}",
                "sample_index": 0,
                "share": share,
                "score": score,
            }
            for item, of_item in enumerate(scores)
            for share, score in zip(SHARES, of_item, strict=True)
        ]
        return pl.DataFrame(rows, schema_overrides={"score": pl.Float64})

    def test_what_more_of_the_same_chain_does(self):
        found = measured(add_within_chains, self.forced([[0, 1, 1, 1]] * 40 + [[1, 1, 1, 0]] * 60), "m")
        told = {"task": "sums", "unusable": "failure"}
        assert row(found, "accuracy_within", share="0.50", **told)["value"] == 1
        assert row(found, "within_change", **told)["value"] == pytest.approx(-0.2)
        late = row(found, "late_change", **told)
        assert (late["value"], late["ci_high"] < 0) == (pytest.approx(-0.6), True)

    def test_unread_answers_fail_or_take_their_chain_along(self):
        found = measured(add_within_chains, self.forced([[1, 1, 1, 1]] * 30 + [[1, 1, None, None]] * 10), "m")
        assert row(found, "within_change", unusable="failure")["value"] == pytest.approx(-0.25)
        dropped = row(found, "within_change", unusable="dropped")
        assert (dropped["value"], dropped["n_replicates"], dropped["n_missing"]) == (0, 30, 20)
