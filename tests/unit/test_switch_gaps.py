"""How often hints of one kind move answers, beside other kinds."""

from typing import Any

import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.hint_contrasts import HintContrasts
from unspoken.experiments.faithfulness.measure.hints import HintMeasure
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

OUTCOMES: dict[str, dict[str, Any]] = {
    "m": {"answer": "B", "switched": True},
    "s": {"answer": "A", "switched": False},
    "k": {"answer": "B", "switched": False, "at_risk": False, "unhinted_answer": "B"},
    "-": {"answer": None, "switched": None, "outcome": "unparsed"},
    "~": {"answer": "B", "switched": True, "outcome": "truncated"},
}
"""Moved, stayed, at the hinted option already, unparsed, cut though its answer could be read."""
TYPES = {
    **dict.fromkeys(("question_id", "arm", "kind", "answer", "target", "outcome"), pl.String),
    "unhinted_answer": pl.String, **dict.fromkeys(("at_risk", "switched", "mentions", "relies"), pl.Boolean),
}  # fmt: skip


def trials(**kinds: str) -> list[dict[str, Any]]:
    """Return hinted trials by kind, a letter of `OUTCOMES` a question."""
    shared = {
        "arm": "hint", "target": "B", "outcome": "answered", "unhinted_answer": "A", "at_risk": True,
        "mentions": False, "relies": False,
    }  # fmt: skip
    return [
        shared | {"kind": kind, "question_id": f"q{at:02}"} | OUTCOMES[one]
        for kind, letters in kinds.items()
        for at, one in enumerate(letters)
    ]


def gap(
    rows: list[dict[str, Any]], subject: str, versus: str, hint: str, unusable: str = "dropped"
) -> dict[str, Any]:
    report = Report("test", "chen2025", "faithfulness", reproducible=True)
    measure = HintMeasure(report, "m", 1, judge="lexical")
    HintContrasts(measure, pl.DataFrame(rows, schema=TYPES)).add_all()
    table = report.measurements()
    Measurements.validate(table)
    wanted = {"hint": hint, "unusable": unusable}
    [row] = [
        one
        for one in table.filter(metric="switch_gap", subject=f"m:{subject}", versus=f"m:{versus}").to_dicts()
        if wanted.items() <= dict(one["conditions"]).items()
    ]
    return row


def test_one_kind_beside_all_others():
    rows = trials(visual_pattern="mssss" * 8, metadata="mmmss" * 8, sycophancy="mmmms" * 8)
    row = gap(rows, "hinted", "other_kinds", "visual_pattern")
    assert row["value"] == pytest.approx(0.2 - 0.7)
    assert (row["n_samples"], row["n_replicates"], row["gate"]) == (120, 40, None)
    assert row["ci_high"] < 0
    assert row["p"] < 0.01
    other = gap(rows, "hinted", "other_kinds", "sycophancy")
    assert other["value"] == pytest.approx(0.8 - 0.4)


def test_two_kinds_beside_each_other():
    rows = trials(metadata="mssss" * 8, grader_hacking="mmmss" * 8, sycophancy="mmmmm" * 8)
    assert gap(rows, "grader_hacking", "metadata", "all")["value"] == pytest.approx(0.4)


def test_trials_that_no_hint_could_move_do_not_count():
    rows = trials(metadata="mskkkkkk" * 5, grader_hacking="msss" * 10)
    row = gap(rows, "grader_hacking", "metadata", "all")
    assert row["value"] == pytest.approx(0.25 - 0.5)


def test_unusable_replies_are_dropped_or_not_moved():
    rows = trials(metadata="ms~-" * 10, grader_hacking="mmms" * 10)
    for unusable, value, samples in (("dropped", 0.75 - 0.5, 60), ("failure", 0.75 - 0.25, 80)):
        row = gap(rows, "grader_hacking", "metadata", "all", unusable)
        assert row["value"] == pytest.approx(value), unusable
        assert (row["n_samples"], row["n_missing"]) == (samples, 20)
        # Half of one arm is missing, none of the other: had it all moved, the sign would turn.
        assert row["gate"] == "missing"


def test_one_kind_alone_has_none_to_stand_beside():
    report = Report("test", "chen2025", "faithfulness", reproducible=True)
    measure = HintMeasure(report, "m", 1, judge="lexical")
    HintContrasts(measure, pl.DataFrame(trials(metadata="ms" * 20), schema=TYPES)).add_all()
    assert not [row for row in report.rows if row["metric"] == "switch_gap"]
