"""Planted claims on planted measurements: the verdict that the rule gives to each kind."""

import pytest
from planted_claims import (
    CHAT,
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
from statsmodels.stats.multitest import multipletests

from unspoken.statistics.intervals import exact_value, t_interval, without_interval
from unspoken.verdicts.judge import RegistryError


@pytest.mark.parametrize(
    ("value", "spread", "outcome", "verdict"),
    [
        (0.5, 1, "shown", "reproduced"),
        (0.1, 1, "shown, trivial", "inconclusive"),
        (-0.5, 1, "opposite", "contradicted"),
        (0.0, 1, "absent", "contradicted"),
        (0.5, 100, "undecided", "inconclusive"),
    ],
)
@pytest.mark.parametrize("kind", ["direction", "trend"])
def test_a_direction(kind, value, spread, outcome, verdict):
    claim = claim_of(kind=kind)
    assert said(verdict_of_one(claim, row_of(around(value, spread)))) == (outcome, "close", verdict)


def test_a_negative_direction_is_turned_and_printed_turned():
    claim = claim_of(test={"sign": "-"})
    found = verdict_of_one(claim, row_of(around(-0.5)))
    assert said(found) == ("shown", "close", "reproduced")
    assert found["estimate"] == pytest.approx(0.5)
    assert 0 < found["lo"] < found["estimate"] < found["hi"]
    assert said(verdict_of_one(claim, row_of(around(0.5))))[0] == "opposite"


@pytest.mark.parametrize(
    ("value", "spread", "outcome"),
    [(0.1, 1, "shown"), (0.5, 1, "opposite"), (-0.5, 1, "opposite"), (0.0, 100, "undecided")],
)
def test_a_null(value, spread, outcome):
    found = with_counterpart(claim_of(kind="null", test=SEEN), row_of(around(value, spread)))
    assert found["outcome"] == outcome
    assert found["p_adj"] is None and found["expects"] == "none"


@pytest.mark.parametrize(
    ("value", "spread", "outcome"),
    [
        (0.5, 1, "same size"),
        (2.0, 1, "larger"),
        (0.1, 1, "smaller"),
        (-0.5, 1, "opposite"),
        (0.5, 20, "undecided"),
    ],
)
def test_a_size(value, spread, outcome):
    found = verdict_of_one(claim_of(kind="size"), row_of(around(value, spread)))
    assert found["outcome"] == outcome
    assert found["size_ratio"] == pytest.approx(value / 0.5)
    assert found["flags"] == ["published exact"]
    assert found["p_adj"] is None


def test_a_published_interval_counts_in_a_size():
    wide = claim_of(kind="size", **number(0.5, low=0.1, high=0.9, interval="95%"))
    found = verdict_of_one(wide, row_of(around(0.5)))
    assert (found["outcome"], found["flags"]) == ("undecided", [])
    assert (found["published"], found["published_low"], found["published_high"]) == (0.5, 0.1, 0.9)


@pytest.mark.parametrize(
    ("changed", "facts"),
    [(number(0.0), CHAT), ({}, ORGANISM), ({"usable": "direction"}, CHAT)],
    ids=["published 0", "analogue", "third-party notes"],
)
@pytest.mark.parametrize("n", [3, 4, 5])
def test_a_size_that_is_not_to_be_compared_is_tested_as_a_direction(changed, facts, n):
    found = verdict_of_one(claim_of(kind="size", **changed), row_of(around(0.9, n=n)), facts)
    assert (found["outcome"], found["tested_as"], found["size_ratio"]) == ("shown", "direction", None)
    assert found["p_adj"] == found["p"]
    assert found["flags"] == ([] if n == 5 else ["few"])


@pytest.mark.parametrize(
    ("bound", "value", "outcome"),
    [
        (">", 0.6, "shown"), (">", 0.4, "opposite"), ("<", 0.4, "shown"), ("<", 0.6, "opposite"),
        (">", 0.5, "undecided"), ("<=", 0.5, "undecided"),
    ],
)  # fmt: skip
def test_a_bound(bound, value, outcome):
    found = verdict_of_one(claim_of(kind="bound", **number(0.5, bound=bound)), row_of(around(value)))
    assert found["outcome"] == outcome


def test_the_p_of_a_bound_is_against_its_limit():
    replicates = [0.3, 0.41, 0.44, 0.52, 0.6]
    found = verdict_of_one(claim_of(kind="bound", **number(0.2, bound=">")), row_of(t_interval(replicates)))
    assert found["p"] == pytest.approx(t_interval([one - 0.2 for one in replicates]).p)
    at_limit = verdict_of_one(claim_of(kind="bound", **number(0.2, bound=">")), row_of(exact_value(0.2)))
    assert (at_limit["outcome"], at_limit["p"], at_limit["p_adj"]) == ("undecided", None, None)


@pytest.mark.parametrize("kind", ["count", "protocol"])
@pytest.mark.parametrize(("value", "verdict"), [(12, "reproduced"), (13, "contradicted")])
def test_a_count_reads_an_estimate(kind, value, verdict):
    claim = claim_of(kind=kind, test={"unit": "count"}, **number(12, "count"))
    fields = {"unit": "count", "replicate": "none"}
    rows = [
        row_of(exact_value(value), kind="estimate", **fields),
        row_of(exact_value(99), **fields),
    ]
    (found,) = verdicts_of([claim], rows)
    assert found["verdict"] == verdict


STEPS = [{"subject": "*:a", "versus": "*:b"}, {"subject": "*:b", "versus": "*:c"}]


def ordered(first, second, **changed):
    """A over b over c: a claim and the two adjacent contrasts."""
    rows = [
        row_of(first, subject="chat:a", versus="chat:b"),
        row_of(second, subject="chat:b", versus="chat:c"),
    ]
    claim = claim_of(kind="order", test={"adjacent": STEPS, **changed})
    (found,) = verdicts_of([claim], rows)
    return found


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (around(0.9), around(0.5), "shown"),
        (around(0.1), around(0.5), "shown, trivial"),
        (around(0.9), around(-0.5), "opposite"),
        (around(0.9), around(0.5, 100), "undecided"),
        (around(0.9), around(0.0), "absent"),
        (around(0.5, 100), around(0.0), "absent"),
        (around(0.9), without_interval(0.5, "t", 5), "uninformative: no interval"),
    ],
)
def test_an_order(first, second, outcome):
    assert ordered(first, second)["outcome"] == outcome


def test_an_order_prints_its_smallest_contrast_adjusted_for_both():
    found = ordered(around(0.9), around(0.5))
    assert found["estimate"] == pytest.approx(0.5)
    assert (found["subject"], found["versus"]) == ("chat:b", "chat:c")
    ps = [around(0.9).p, around(0.5).p]
    assert found["p_adj"] == pytest.approx(multipletests(ps, method="holm")[1][1])


def test_an_order_of_which_a_contrast_is_missing_is_not_run():
    claim = claim_of(kind="order", test={"adjacent": STEPS})
    (found,) = verdicts_of([claim], [row_of(around(0.9), subject="chat:a", versus="chat:b")])
    assert said(found) == (None, None, "not run")


def test_an_order_takes_one_contrast_of_a_model():
    claim = claim_of(kind="order", test={"adjacent": [{"versus": "*:b"}, {"versus": "*:c"}]})
    rows = [
        row_of(around(0.9), subject=f"chat:{who}", versus=f"chat:{whom}")
        for who, whom in (("a", "b"), ("a2", "b"), ("b", "c"))
    ]
    with pytest.raises(RegistryError, match=r"claim P-01: .*'chat:a' and 'chat:a2'.*expected one"):
        verdicts_of([claim], rows)
