"""What changes a verdict: values, intervals, controls, gates, models."""

import math

import polars as pl
import pytest
from planted_claims import (
    CHAT,
    HUB,
    ORGANISM,
    SEEN,
    around,
    claim_of,
    number,
    row_of,
    said,
    verdict_of_one,
    verdicts_of,
    with_counterpart,
)

from unspoken.statistics.intervals import clopper_pearson_interval
from unspoken.statistics.rows import measurement_table
from unspoken.subject_tables import models_under
from unspoken.verdicts.judge import Judge, judged


def test_a_changed_value_flips_the_verdict():
    row = row_of(around(0.5))
    assert verdict_of_one(claim_of(), row)["verdict"] == "reproduced"
    turned = {
        "value": -row["value"], "ci_low": -row["ci_high"], "ci_high": -row["ci_low"],
        "ci90_low": -row["ci90_high"], "ci90_high": -row["ci90_low"],
    }  # fmt: skip
    assert verdict_of_one(claim_of(), row | turned)["verdict"] == "contradicted"


def test_a_widened_interval_is_inconclusive():
    found = verdict_of_one(claim_of(), row_of(around(0.5, 100)))
    assert said(found) == ("undecided", "close", "inconclusive")
    assert found["mde80"] > found["sesoi"] == 0.2
    wanted = math.ceil(5 * (found["mde80"] / 0.2) ** 2)
    assert f"about {wanted:,} would decide" in found["reason"]


def test_what_decides_a_null_is_its_margin_and_a_bound_says_no_number():
    claim = claim_of(kind="null", test={"margin": 0.4, **SEEN})
    null = with_counterpart(claim, row_of(around(0.5, 100)))
    assert f"about {math.ceil(5 * (null['mde80'] / 0.4) ** 2):,} would decide" in null["reason"]
    bound = verdict_of_one(claim_of(kind="bound", **number(0.5, bound=">")), row_of(around(0.5)))
    assert bound["outcome"] == "undecided"
    assert "would decide" not in bound["reason"]


@pytest.mark.parametrize("role", ["positive_control", "negative_control"])
def test_a_failed_control_makes_it_uninformative(role):
    def with_control(passed, **changed):
        control = row_of(around(0.5), metric="control", role=role, passed=passed, **changed)
        (found,) = verdicts_of([claim_of()], [row_of(around(0.5)), control])
        return said(found)

    assert with_control(True)[2] == "reproduced"
    assert with_control(False) == ("uninformative: control", "close", "inconclusive")
    for elsewhere in (
        {"experiment": "other"}, {"subject": "chat:other"}, {"conditions": {"objective": "kl_carrier"}},
        {"conditions": {}},
    ):  # fmt: skip
        assert with_control(False, **elsewhere)[2] == "reproduced"


def test_a_control_without_an_objective_speaks_to_rows_without_one():
    claim = claim_of(test={"conditions": {}, "needs": {}})
    control = row_of(around(0.5), metric="control", role="positive_control", passed=False, conditions={})
    (found,) = verdicts_of([claim], [row_of(around(0.5), conditions={}), control])
    assert found["gate"] == "control"


def test_a_failed_instrument_check_is_not_a_control():
    check = row_of(around(0.5), metric="check", role="instrument", passed=False)
    (found,) = verdicts_of([claim_of()], [row_of(around(0.5)), check])
    assert found["verdict"] == "reproduced"


@pytest.mark.parametrize("gate", ["floor", "ceiling", "missing", "training"])
def test_a_closed_gate_is_inconclusive_and_says_why(gate):
    found = verdict_of_one(claim_of(), row_of(around(0.5), gate=gate))
    assert said(found) == (f"uninformative: {gate}", "close", "inconclusive")
    assert found["gate"] == gate
    assert len(found["reason"]) > 15


def test_questions_need_thirty():
    for n, gate in ((25, "replicates"), (30, None)):
        row = row_of(around(0.5, n=n), replicate="question")
        assert verdict_of_one(claim_of(), row)["gate"] == gate


def test_a_rate_without_a_p_shows_no_direction():
    row = row_of(clopper_pearson_interval(40, 50), replicate="question")
    assert verdict_of_one(claim_of(), row)["outcome"] == "undecided"


def test_another_class_in_models_changes_the_fidelity():
    subjects = pl.DataFrame(
        [
            {"subject_id": "chat:own", "model": "group", "members": ["student"]},
            {"subject_id": "student", "model": "chat", "members": None},
            {"subject_id": "chat:base", "model": "chat", "members": None},
        ],
        schema_overrides={"members": pl.List(pl.String)},
    ).with_columns(source_model=pl.lit(None, pl.String))
    model = {"model": "chat", "source": HUB, "revision": "a" * 40, "synthetic": False}
    claim = claim_of(subject_models=[HUB])

    def judged_on(**changed):
        models = pl.DataFrame([{**model, "classes": ["chat model"], **changed}])
        table = measurement_table([row_of(around(0.5))])
        (found,) = judged([claim], Judge(table, models_under(subjects, models)), "planted")
        return said(found)

    assert judged_on() == ("shown", "original", "reproduced")
    assert judged_on(source="acme/other") == ("shown", "close", "reproduced")
    assert judged_on(classes=["reasoning model"]) == ("shown", "analogue", "analogue: shown")
    assert judged_on(synthetic=True) == ("shown", "analogue", "analogue: shown")


def test_the_versus_counts_for_fidelity_too():
    models = {"chat:own": [CHAT], "chat:base": [ORGANISM]}
    (found,) = judged([claim_of()], Judge(measurement_table([row_of(around(0.5))]), models), "planted")
    assert found["fidelity"] == "analogue"


@pytest.mark.parametrize("value", [0.9, 0.1, -0.9, 0.0])
@pytest.mark.parametrize("spread", [1, 100])
@pytest.mark.parametrize("kind", ["direction", "null", "size", "trend", "bound"])
def test_an_analogue_never_reproduces_or_contradicts(kind, value, spread):
    claim = claim_of(kind=kind, test=SEEN if kind == "null" else {}, **number(0.5, bound=">"))
    found = with_counterpart(claim, row_of(around(value, spread)), ORGANISM)
    assert found["verdict"] == f"analogue: {found['outcome']}"
