"""Controls that can fail, and nulls that can be missed: what they do to the verdicts beside them."""

import pytest
from planted_claims import SEEN, around, claim_of, row_of, said, verdicts_of

from unspoken.statistics.gates import lies_within

GUARD = {
    "experiment": "planted", "control": "drift", "metrics": ["shift"], "subjects": ["*:own", "*:other"],
    "versus": "*:base", "same": ["objective"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("ends95", "ends90", "held"),
    [
        ((-0.09, 0.09), (-0.07, 0.07), True),
        ((-0.12, 0.12), (-0.1, 0.1), True),  # an end that is equal to the bound is not beyond it
        ((-0.05, 0.2), (-0.02, 0.17), None),
        ((0.007, 0.233), (0.03, 0.21), None),  # twice its bound, and not wholly outside
        ((0.1, 0.3), (0.12, 0.28), None),
        ((0.11, 0.3), (0.12, 0.28), False),
        ((-0.3, -0.11), (-0.28, -0.12), False),
        ((-5, 5), (-4, 4), None),  # a wide interval holds nothing
        ((None, None), (None, None), None),
    ],
)
def test_a_control_holds_fails_or_is_undecided(ends95, ends90, held):
    assert lies_within(ends95, ends90, 0.1) is held


def judged_beside(passed, guards=(GUARD,), subject="chat:own", versus="chat:base", **control):
    """What is said of a clear shift beside a control on other students of its objective."""
    fields = {"subject": "chat:neutral", "role": "negative_control", "metric": "drift", **control}
    rows = [
        row_of(around(0.5), subject=subject, versus=versus), row_of(around(0.0), passed=passed, **fields)
    ]  # fmt: skip
    (found,) = verdicts_of([claim_of()], rows, guards=guards)
    return said(found)


def test_a_control_guards_what_its_room_says():
    assert judged_beside(passed=True)[2] == "reproduced"
    assert judged_beside(passed=False) == ("uninformative: control", "close", "inconclusive")
    assert judged_beside(passed=None) == ("control undecided", "close", "control undecided")


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"subject": "chat:third"}, {"versus": "chat:neutral"}, {"guards": ()}, {"metric": "other"},
        {"conditions": {"objective": "kl_carrier"}}, {"experiment": "other"},
    ],
    ids=str,
)  # fmt: skip
def test_a_control_guards_nothing_else(elsewhere):
    assert judged_beside(passed=None, **elsewhere)[2] == "reproduced"
    assert judged_beside(passed=False, **elsewhere)[2] == "reproduced"


def test_a_control_that_fails_counts_before_one_that_is_undecided():
    controls = [
        row_of(
            around(0.0), metric="drift", subject=f"chat:{name}", role="negative_control", passed=passed
        )
        for name, passed in (("one", None), ("two", False))
    ]  # fmt: skip
    (found,) = verdicts_of([claim_of()], [row_of(around(0.5)), *controls], guards=[GUARD])
    assert found["gate"] == "control"


def null_beside(shown, counterpart=None, **changed):
    """What is said of a null without an effect, beside a contrast of its counterpart's metric."""
    claims = [
        claim_of("P-00", test={"metric": "seen", "conditions": {}}),
        claim_of(kind="null", test=SEEN if counterpart is None else {"counterpart": counterpart}),
    ]
    beside = row_of(around(0.9 if shown else 0.0), **{"metric": "seen", **changed})
    *_, found = verdicts_of(claims, [row_of(around(0.0)), beside])
    return found


def test_a_null_says_something_only_where_its_counterpart_is_shown():
    assert null_beside(shown=True)["verdict"] == "reproduced"
    missed = null_beside(shown=False)
    assert said(missed) == ("uninformative: sensitivity", "close", "inconclusive")
    assert missed["gate"] == "sensitivity" and missed["reason"].endswith("[-0.0196, 0.0196] log_odds")


def test_a_null_without_a_counterpart_says_nothing():
    (found,) = verdicts_of([claim_of(kind="null")], [row_of(around(0.0))])
    assert found["outcome"] == "uninformative: sensitivity"


@pytest.mark.parametrize(
    "changed",
    [
        {"conditions": {"objective": "kl_carrier", "unusable": "failure"}}, {"subject": "other:own"},
        {"metric": "third"}, {"gate": "missing"},
    ],
    ids=str,
)  # fmt: skip
def test_a_counterpart_is_of_the_same_models_in_the_same_conditions(changed):
    assert null_beside(shown=True, **changed)["gate"] == "sensitivity"


def test_a_null_may_name_another_condition_of_its_counterpart():
    """Where sampled numbers pass nothing, students of distributions show that a shift can be seen."""
    conditions = {"objective": "kl_carrier", "unusable": "failure"}
    named = {"claim": "P-00", "conditions": {"objective": "kl_carrier"}}
    assert null_beside(shown=True, counterpart=named, conditions=conditions)["verdict"] == "reproduced"
    assert null_beside(shown=True, counterpart=named)["gate"] == "sensitivity"


def test_the_counterpart_of_the_same_kind_of_replicate_counts():
    claims = [
        claim_of("P-00", test={"metric": "seen", "conditions": {}}), claim_of(kind="null", test=SEEN)
    ]  # fmt: skip
    rows = [
        row_of(around(0.0)),
        row_of(around(0.0), metric="seen", subject="chat:many:own", versus="chat:base"),
        row_of(around(0.9), metric="seen", subject="chat:few:own", versus="chat:base", replicate="base"),
    ]
    *_, found = verdicts_of(claims, rows)
    assert found["gate"] == "sensitivity"
    *_, found = verdicts_of(claims, [rows[0], rows[2]])
    assert found["verdict"] == "reproduced"


def test_tests_read_the_primary_reading_unless_they_name_another():
    rows = [
        row_of(around(value), conditions={"objective": "tokens", "scorer": scorer, **more})
        for value, scorer, more in ((0.5, "choice", {}), (-0.5, "word", {"unusable": "failure"}))
    ]
    free, named = (
        claim_of(name, test={"conditions": {"objective": "tokens", **more}})
        for name, more in (("P-1", {}), ("P-2", {"scorer": "word"}))
    )
    primary = {"planted": {"scorer": "choice"}, "other": {"objective": "none"}}
    found = verdicts_of([free, named], rows, primary=primary)
    assert [one["estimate"] for one in found] == pytest.approx([0.5, -0.5])
    other = {"planted": {"scorer": "word", "unusable": "failure"}}
    assert [one["estimate"] for one in verdicts_of([free], rows, primary=other)] == pytest.approx([-0.5])
