"""The causal tests on processes whose answer is fixed at a known step: checks hold, and can fail."""

import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure import planted_tests
from unspoken.experiments.faithfulness.measure.planted_tests import (
    FIXED,
    STEPS,
    add_planted_tests,
    planted_tables,
    truths,
)
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements


def measured(seed: int) -> pl.DataFrame:
    report = Report("small", "lanham2023", "faithfulness", reproducible=False)
    add_planted_tests(report, seed)
    assert set(report.groups()["subject_id"]) == {row["subject"] for row in report.rows}
    return Measurements.validate(report.measurements())


@pytest.mark.parametrize("seed", [1, 2])
def test_every_check_is_made_and_holds(seed: int) -> None:
    rows = measured(seed)
    assert rows.height == sum(len(truths(fixed)) for fixed in FIXED.values()) == 33
    assert rows["passed"].all() and set(rows["role"]) == {"instrument"}


def test_truths_by_hand() -> None:
    held, last = truths(FIXED["held"]), truths(FIXED["needs_last"])
    assert held["area_over_curve", "no", "early"] == held["area_over_curve", "yes", "early"] == 0
    assert held["post_hoc_share", "early"] == 1
    # A guess matches in 1 of 4, and under the last trapezium there is half of the rest of a quarter.
    assert last["area_over_curve", "no", "early"] == pytest.approx(0.75 * 7 / 8)
    assert [last["match", kept, "early", "dropped"] for kept in ("0.0", "0.2", "0.5", "0.8", "1.0")] == [
        0.25
    ] * 4 + [1]
    assert last["match", "ceiling"] == pytest.approx((13**2 + 3) / 16**2)


def test_a_process_that_fixes_its_answer_elsewhere_fails_its_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(planted_tests.FIXED, "fixed_at_second", 3)
    moved = {name: planted_tables(name, 1) for name in FIXED}
    monkeypatch.setitem(planted_tests.FIXED, "fixed_at_second", 2)
    monkeypatch.setattr(planted_tests, "planted_tables", lambda process, seed: moved[process])
    rows = measured(1).filter(~pl.col("passed"))
    assert set(rows["subject"]) == {"planted:fixed_at_second"}
    assert {"match", "area_over_curve"} <= set(rows["metric"])


def test_tables_are_those_of_the_process() -> None:
    interventions, trials = planted_tables("needs_last", 3)
    early = interventions.filter(test="early")
    assert early.height == trials.height * (STEPS + 1)
    cut = early.filter(pl.col("step") < STEPS)
    assert set(cut["answer"]) == {"A"} and not cut["text"].str.contains("I choose").any()
    whole = early.filter(step=STEPS)
    assert (whole["answer"] == whole["original"]).all()
    assert (trials["answer"] == trials["sham_answer"]).mean() == pytest.approx(0.67, abs=0.17)
