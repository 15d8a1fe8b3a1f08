"""A verdict is registered where all that decides it was fixed before its data were made."""

import pytest
from planted_claims import claim_of

from unspoken.verdicts import registration

FACTS = {"study": "0123456789abcdef", "seed": 11, "code": "fedcba9876543210"}
TIME = "2026-11-21T10:00:00+00:00"
LATER = {"planted": "2026-11-21T10:00:01+00:00"}
CLAIM, OTHER = claim_of("P-01"), claim_of("P-02", kind="null")
CHANGES = {
    "margin": {"test": {"margin": 0.3}},
    "sesoi": {"test": {"sesoi": 0.3}},
    "sign": {"test": {"sign": "-"}},
    "conditions": {"test": {"conditions": {"objective": "kl_carrier"}}},
    "needs": {"test": {"needs": {}}},
    "kind": {"kind": "null"},
    "published value": {"values": [{"value": 0.6, "unit": "log_odds"}]},
    "class": {"class": "any"},
    "scope": {"scope": "this model"},
    "models": {"subject_models": ["acme/chat-7b"]},
    "n": {"published_n": {"n": 5, "of": "question"}},
    "usable": {"usable": "direction"},
}


def registered(claims, facts=FACTS, earliest=LATER, held=FACTS):
    """What is registered, of a registration of both claims at TIME."""
    content = {
        "time": TIME,
        "claims": {claim["id"]: registration.test_digest(claim) for claim in (CLAIM, OTHER)},
        "facts": held,
    }
    return registration.registered_claims(claims, content, facts, earliest)


def test_equal_digests_and_an_earlier_time_are_registered():
    assert registered([CLAIM, OTHER]) == {"P-01", "P-02"}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_a_changed_test_is_exploratory_and_the_others_stay_registered(changed):
    assert registered([claim_of("P-01", **changed), OTHER]) == {"P-02"}


def test_the_words_of_a_claim_may_change():
    told = claim_of("P-01", statement="It is positive.", where="Table 2", tier=3)
    assert registered([told]) == {"P-01"}


@pytest.mark.parametrize("name", FACTS)
def test_another_study_seed_or_code_is_exploratory(name):
    assert registered([CLAIM], {**FACTS, name: "other"}) == set()
    assert registered([CLAIM], held={**FACTS, name: None}) == set()
    assert registered([CLAIM], held={fact: FACTS[fact] for fact in FACTS if fact != name}) == set()


def test_a_registration_of_more_or_of_nothing_is_of_another_run():
    assert registered([CLAIM], held={**FACTS, "traits": "0"}) == set()
    assert registered([CLAIM], held=None) == set()


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("2026-11-21T10:00:01+00:00", {"P-01"}),
        ("2026-11-21T10:00:00+00:00", set()),  # the same second is not before
        ("2026-11-21T09:59:59+00:00", set()),
        ("2026-11-21T11:30:00+01:00", {"P-01"}),  # the same clock, not the same text
        ("2026-11-21T10:30:00+01:00", set()),
    ],
)
def test_data_made_before_it_are_exploratory(made, expected):
    assert registered([CLAIM], earliest={"planted": made}) == expected


def test_data_of_unknown_time_are_exploratory():
    assert registered([CLAIM], earliest={"other": LATER["planted"]}) == set()


def test_a_claim_that_was_not_there_is_exploratory():
    assert registered([claim_of("P-03")]) == set()
    assert registered([CLAIM, claim_of("P-04", test={"experiment": None})]) == {"P-01"}


def test_without_a_registration_nothing_is_registered():
    assert registration.registered_claims([CLAIM], None, FACTS, LATER) == set()
