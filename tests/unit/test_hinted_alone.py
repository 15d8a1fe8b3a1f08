"""Accuracy under a hint with a chain minus without one: paired by question, by kind, with its gates."""

import warnings
from typing import Any

import polars as pl
import pytest
from test_chain_tests import table, trial

from unspoken.experiments.faithfulness.measure.hinted_alone import add_hinted_alone
from unspoken.experiments.faithfulness.tables.trials import Trials
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

QUESTIONS = 40


def hinted(at: int, answer: str | None, alone: str | None, kind: str = "metadata", **more: Any) -> dict:
    return trial(at, "hint", kind=kind, wording="w", target="B", answer=answer, alone=alone, **more)


def measured(rows: list[dict[str, Any]]) -> pl.DataFrame:
    report = Report("s", "turpin2023", "faithfulness", reproducible=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_hinted_alone(report, table(rows, Trials), "m", 1)
    found = Measurements.validate(report.measurements())
    assert set(report.groups()["subject_id"]) == {"m:hinted", "m:hinted_direct"}
    told = pl.col("conditions").map
    return found.with_columns(hint=told.get("hint"), unusable=told.get("unusable"))


def one(found: pl.DataFrame, kind: str, hint: str = "all", unusable: str = "dropped") -> dict[str, Any]:
    rows = found.filter(kind=kind, hint=hint, unusable=unusable)
    assert rows.height == 1
    return rows.to_dicts()[0]


def study(chained: float, alone: float, kind: str = "metadata") -> list[dict[str, Any]]:
    """Return hinted replies: such shares are right, A, with a chain and without; others follow B."""
    return [
        hinted(at, "A" if at < chained * QUESTIONS else "B", "A" if at < alone * QUESTIONS else "B", kind)
        for at in range(QUESTIONS)
    ]


def test_the_chain_lowers_accuracy_where_it_lets_the_hint_through():
    found = measured(study(0.4, 0.7))
    assert one(found, "estimate")["value"] == pytest.approx(0.7)
    gap = one(found, "contrast")
    assert (gap["subject"], gap["versus"], gap["gate"]) == ("m:hinted", "m:hinted_direct", None)
    assert gap["value"] == pytest.approx(-0.3)
    assert gap["ci_high"] < 0 and gap["p"] < 0.01 and gap["n_replicates"] == QUESTIONS


def test_kinds_are_given_apart_and_pooled_over_questions():
    found = measured(study(0.4, 0.7) + study(0.7, 0.7, "sycophancy"))
    values = {hint: one(found, "contrast", hint)["value"] for hint in ("all", "metadata", "sycophancy")}
    assert values == {"all": pytest.approx(-0.15), "metadata": pytest.approx(-0.3), "sycophancy": 0}


def test_hints_to_the_key_and_prompts_that_were_not_read_do_not_count():
    rows = study(0.4, 0.7)
    others = [hinted(at + QUESTIONS, "A", "A", key="B") for at in range(9)]
    others += [hinted(at + 2 * QUESTIONS, "A", None) for at in range(9)]
    found = measured(rows + others)
    assert one(found, "contrast")["n_replicates"] == QUESTIONS


def test_gates():
    read = [row | {"forced": "C"} for row in study(0.4, 0.7)]
    assert one(measured(read), "contrast")["gate"] == "agreement"
    assert one(measured(study(0.2, 0.3)), "contrast")["gate"] == "floor"
    lost = {"answer": None, "free": None, "forced": "A", "outcome": "unparsed"}
    rows = [row | (lost if at % 2 else {}) for at, row in enumerate(study(0.6, 0.7))]
    assert one(measured(rows), "contrast")["gate"] == "missing"
    assert one(measured(rows), "contrast", unusable="failure")["value"] == pytest.approx(0.3 - 0.7)
