"""The rule of outcomes: each kind, its ties, the gates in their order, and what it finds by chance."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.verdicts.outcomes import (
    Published,
    Reading,
    closed_gate,
    outcome_by_order,
    outcome_by_sign,
    outcome_of_bound,
    outcome_of_count,
    outcome_of_null,
    outcome_of_size,
    size_ratio,
    verdict_of,
)

SESOI = MARGIN = 0.2
KINDS = ("direction", "null", "size", "bound", "order", "trend", "count", "protocol")
NUMBERS = st.floats(-10, 10)
INTERVALS = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(sorted)


def read(value, low, high, **more):
    return Reading(**{"value": value, "ci_low": low, "ci_high": high, "n_replicates": 5, **more})


def exact(value):
    return read(value, value, value, ci90_low=value, ci90_high=value, ci_method="exact", n_replicates=1)


# direction, trend and (below) order


@pytest.mark.parametrize(
    ("value", "low", "high", "p", "outcome"),
    [
        (0.5, 0.3, 0.7, 0.001, "shown"),
        (0.1, 0.05, 0.15, 0.001, "shown, trivial"),
        (0.1, 0.0, 0.2, 0.049, "shown"),  # a limit equal to the smallest effect is not below it
        (-0.5, -0.7, -0.3, 0.001, "opposite"),
        (-0.1, -0.15, -0.05, 0.001, "opposite"),  # however small
        (0.01, -0.1, 0.12, 0.8, "absent"),
        (0.01, -0.2, 0.1, 0.8, "undecided"),
        (-0.01, -0.1, 0.2, 0.8, "undecided"),
        (0.5, -0.1, 1.1, 0.09, "undecided"),
        (0.5, 0.01, 0.99, 0.05, "undecided"),  # p equal to the level is not below it
        (0.5, 0.3, 0.7, None, "undecided"),
        (0.1, 0.05, 0.15, 0.3, "absent"),  # adjusted away, and small for certain
        (0.0, -0.3, 0.3, 0.001, "undecided"),
    ],
)
def test_direction(value, low, high, p, outcome):
    assert outcome_by_sign(read(value, low, high), p, SESOI) == outcome


@pytest.mark.parametrize(("value", "outcome"), [(1e-9, "shown"), (-1e-9, "opposite"), (0.0, "absent")])
def test_of_an_exact_row_the_sign_decides(value, outcome):
    assert outcome_by_sign(exact(value), None, SESOI) == outcome


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        (["shown", "shown"], "shown"),
        (["shown, trivial", "shown"], "shown, trivial"),
        (["opposite", "shown"], "opposite"),
        (["undecided", "opposite"], "opposite"),
        (["undecided", "shown"], "undecided"),
        (["shown", "undecided"], "undecided"),
        (["absent", "shown"], "absent"),
        (["absent", "undecided"], "absent"),
        (["undecided", "absent"], "undecided"),
    ],
)
def test_order_is_that_of_its_smallest_contrast(outcomes, outcome):
    assert outcome_by_order(outcomes) == outcome


# null


@pytest.mark.parametrize(
    ("ends90", "ends95", "outcome"),
    [
        ((-0.1, 0.1), (-0.15, 0.15), "shown"),
        ((-0.2, 0.2), (-0.25, 0.25), "shown"),  # a limit equal to the margin is not beyond it
        ((-0.1, 0.2001), (-0.15, 0.25), "undecided"),
        ((-0.2001, 0.1), (-0.25, 0.15), "undecided"),
        ((0.1, 0.15), (0.05, 0.19), "shown"),  # not zero, and small for certain
        ((-5.0, 5.0), (-6.0, 6.0), "undecided"),  # not significant is never shown
        ((0.25, 0.9), (0.2, 1.0), "undecided"),
        ((0.25, 0.9), (0.2001, 1.0), "opposite"),
        ((-0.9, -0.25), (-1.0, -0.2), "undecided"),
        ((-0.9, -0.25), (-1.0, -0.2001), "opposite"),
    ],
)
def test_null(ends90, ends95, outcome):
    middle = sum(ends90) / 2
    reading = read(middle, *ends95, ci90_low=ends90[0], ci90_high=ends90[1])
    assert outcome_of_null(reading, MARGIN) == outcome
    assert outcome_of_null(reading.signed("-"), MARGIN) == outcome


# size


@pytest.mark.parametrize(
    ("value", "low", "high", "published", "outcome"),
    [
        (1.0, 0.9, 1.1, Published(1.0), "same size"),
        (1.0, 0.75, 1.5, Published(1.0), "same size"),  # a limit equal to the factor is inside
        (1.0, 0.75, 1.501, Published(1.0), "undecided"),
        (1.6, 1.5, 1.7, Published(1.0), "undecided"),
        (1.6, 1.501, 1.7, Published(1.0), "larger"),
        (0.5, 0.4, 0.66, Published(1.0), "smaller"),
        (1.0, 0.9, 1.0, Published(1.5), "undecided"),
        (0.1, -0.1, 0.3, Published(1.0), "smaller"),
        (-0.5, -1.0, 0.0, Published(1.0), "smaller"),  # 0 is not on the other side
        (-0.5, -1.0, -0.001, Published(1.0), "opposite"),
        (0.5, -3.0, 4.0, Published(1.0), "undecided"),
        (1.0, 0.9, 1.1, Published(1.0, 0.2, 1.8), "undecided"),  # the published interval counts too
        (5.0, 4.9, 5.1, Published(1.0, 0.9, 1.1), "larger"),
        (1.0, 0.9, 1.1, Published(-1.0), "same size"),  # the reading is signed, the size has no sign
    ],
)
def test_size(value, low, high, published, outcome):
    assert outcome_of_size(read(value, low, high), published) == outcome


def test_the_ratio_takes_both_uncertainties():
    ratio, low, high = size_ratio(read(2.0, 1.7, 2.3), Published(1.0, 0.8, 1.2))
    assert ratio == 2.0
    assert (low, high) == pytest.approx((2 - 0.5, 2 + 0.5))  # 0.3 of ours and 2 x 0.2 of theirs


@settings(deadline=None)
@given(INTERVALS, st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_unit_of_a_size_does_not_matter(ends, published, factor):
    low, value, high = ends
    one = size_ratio(read(value, low, high), Published(published, published / 2, published * 2))
    scaled = Published(published * factor, published * factor / 2, published * factor * 2)
    other = size_ratio(read(value * factor, low * factor, high * factor), scaled)
    assert other == pytest.approx(one)


# bound, count, protocol


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.51, 0.6, "shown"),
        (0.5, 0.6, "undecided"),  # on it is not beyond it
        (0.4, 0.6, "undecided"),
        (0.4, 0.5, "undecided"),
        (0.4, 0.49, "opposite"),
    ],
)
def test_bound(low, high, outcome):
    reading = read((low + high) / 2, low, high)
    turned = {"shown": "opposite", "opposite": "shown"}.get(outcome, outcome)
    for sign in (">", ">="):
        assert outcome_of_bound(reading, Published(0.5, bound=sign)) == outcome
    for sign in ("<", "<="):
        assert outcome_of_bound(reading, Published(0.5, bound=sign)) == turned
    assert outcome_of_bound(exact(0.5), Published(0.5, bound=">=")) == "undecided"


@pytest.mark.parametrize(
    ("value", "published", "outcome"),
    [
        (12.0, 12, "shown"),
        (0.1 + 0.2, 0.3, "shown"),
        (0.0, 0, "shown"),
        (12.0, 13, "opposite"),
        (1e-9, 0, "opposite"),
    ],
)
def test_count(value, published, outcome):
    assert outcome_of_count(exact(value), Published(published)) == outcome


# gates


def test_every_gate_closes_in_its_order():
    for kind in KINDS:
        for control in ("control", "control undecided"):
            worst = read(None, None, None, n_replicates=None, gate="missing", control=control)
            assert closed_gate(worst, kind) == "missing"
            assert closed_gate(read(None, None, None, n_replicates=2, control=control), kind) == control
        assert closed_gate(read(None, None, None, n_replicates=2), kind) == "replicates"
        assert closed_gate(read(None, None, None, n_replicates=5), kind) == "no interval"


@pytest.mark.parametrize("gate", ["floor", "ceiling"])
def test_gates_of_accuracy_close_contrasts_and_not_a_null(gate):
    """That both arms are at chance is what `stays at chance` says."""
    reading = read(0.01, -0.02, 0.03, ci90_low=-0.01, ci90_high=0.02, gate=gate)
    for kind in KINDS:
        assert closed_gate(reading, kind) == (None if kind == "null" else gate)
    assert closed_gate(read(0.01, None, None, gate=gate), "null") == "no interval"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [None, 0, 2, 3, 4, 5])
def test_few_replicates_speak_to_kinds_without_a_size(kind, n):
    reading = read(0.5, 0.4, 0.6, ci90_low=0.42, ci90_high=0.58, n_replicates=n)
    enough = n == 5 or (n in (3, 4) and kind in ("direction", "order", "trend", "null"))
    assert closed_gate(reading, kind) == (None if enough else "replicates")


@pytest.mark.parametrize("kind", KINDS)
def test_questions_are_thirty_and_exact_rows_need_no_replicates(kind):
    few, enough = (
        read(0.5, 0.4, 0.6, ci90_low=0.4, ci90_high=0.6, replicate="question", n_replicates=n)
        for n in (29, 30)
    )
    assert closed_gate(few, kind) == "replicates"
    assert closed_gate(enough, kind) is None
    assert closed_gate(exact(0.5), kind) is None


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", range(3))
def test_no_interval(missing, at):
    numbers = [0.5, 0.4, 0.6]
    numbers[at] = missing
    reading = read(*numbers, ci90_low=0.45, ci90_high=0.55)
    assert {closed_gate(reading, kind) for kind in KINDS} == {"no interval"}
    assert closed_gate(exact(missing), "direction") == "no interval"


def test_a_null_needs_its_90_percent_interval():
    reading = read(0.0, -0.1, 0.1, ci90_low=math.nan, ci90_high=0.1)
    assert closed_gate(reading, "null") == "no interval"
    assert closed_gate(reading, "direction") is None


# signs and verdicts


@settings(deadline=None)
@given(INTERVALS, st.floats(0, 1))
def test_turning_the_sign_turns_the_outcome(ends, p):
    low, value, high = ends
    reading = read(value, low, high)
    assert reading.signed("+") is reading
    assert reading.signed("-").signed("-") == reading
    turned = {"shown": "opposite", "shown, trivial": "opposite"}
    one, other = outcome_by_sign(reading, p, SESOI), outcome_by_sign(reading.signed("-"), p, SESOI)
    if one in turned:
        assert other == "opposite"
    elif one == "opposite":
        assert other in turned
    else:
        assert one == other


def test_turning_the_sign_turns_every_number():
    turned = read(1.0, 0.5, 2.0, ci90_low=0.6, ci90_high=1.8).signed("-")
    assert (turned.value, turned.ci_low, turned.ci_high) == (-1.0, -2.0, -0.5)
    assert (turned.ci90_low, turned.ci90_high) == (-1.8, -0.6)
    assert read(None, None, None).signed("-").value is None


VERDICTS = {
    "reproduced": ["shown", "same size"],
    "contradicted": ["opposite", "absent", "larger", "smaller"],
    "inconclusive": ["shown, trivial", "undecided", "uninformative: floor", "uninformative: control"],
}


@pytest.mark.parametrize(("verdict", "outcomes"), VERDICTS.items())
def test_verdicts(verdict, outcomes):
    assert verdict_of("control undecided", "close") == "control undecided"
    assert verdict_of("control undecided", "analogue") == "analogue: control undecided"
    for outcome in outcomes:
        assert verdict_of(outcome, "original") == verdict_of(outcome, "close") == verdict
        assert verdict_of(outcome, "analogue") == f"analogue: {outcome}"
    assert verdict_of(None, None) == "not run"
