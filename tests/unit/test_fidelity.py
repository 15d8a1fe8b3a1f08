"""Fidelity is computed from the row, its models and the claim: every edge of the rule."""

import pytest
from planted_claims import CHAT, HUB, ORGANISM, claim_of

from unspoken.verdicts.fidelity import ModelFacts, fidelity_of

REVISION = "a" * 40
NEEDS = {"objective": "tokens", "teacher": "prompted", "carrier": "numbers", "scorer": "substring"}
AS_PUBLISHED = {**NEEDS, "rows": "10000"}
FIVE_SEEDS = {"n": 5, "of": "training_seed"}
OTHER_CLASS = ModelFacts(False, frozenset({"reasoning model"}), frozenset({HUB}))


def fidelity(claim=None, conditions=AS_PUBLISHED, replicate="training_seed", n=5, models=(CHAT,)):
    fields = {"subject_models": [HUB], "published_n": FIVE_SEEDS, **(claim or {})}
    needs, unlike = fields.pop("needs", NEEDS), fields.pop("unlike", [])
    made = claim_of(**fields, test={"needs": needs, "unlike": unlike})
    return fidelity_of(made, conditions, replicate, n, list(models))


def test_the_papers_own_model_and_n_are_original():
    assert fidelity() == "original"
    assert fidelity(n=50) == "original"
    assert fidelity({"published_n": None}, n=3) == "original"


def test_a_smaller_n_is_close():
    assert fidelity(n=4) == "close"
    assert fidelity(n=0) == "close"


@pytest.mark.parametrize(
    ("replicate", "of", "expected"),
    [
        ("question", "training_seed", "close"),
        ("training_seed", "question", "close"),
        ("text", "question", "close"),
        ("none", "training_seed", "close"),
        ("question", "question", "original"),
        ("text", "text", "original"),
        ("teacher", "training_seed", "original"),
        ("training_seed", "base", "original"),
        ("base", "teacher", "original"),
    ],
)
def test_trained_models_questions_and_texts_are_counted_apart(replicate, of, expected):
    assert fidelity({"published_n": {"n": 5, "of": of}}, replicate=replicate, n=50) == expected
    assert fidelity({"published_n": {"n": 5, "of": of}}, replicate=replicate, n=4) == "close"


def test_another_model_of_the_class_is_close():
    assert fidelity({"subject_models": []}) == "close"
    assert fidelity({"subject_models": ["acme/chat-70b"]}) == "close"
    assert fidelity({"subject_models": [], "class": "any"}) == "close"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (HUB, "original"),
        (f"{HUB}@{REVISION}", "original"),
        (f"{HUB}@{'b' * 40}", "close"),
        (f"{HUB}-it", "close"),
    ],
)
def test_a_revision_counts_where_the_claim_names_one(name, expected):
    assert fidelity({"subject_models": [name]}) == expected
    assert fidelity({"subject_models": ["else/where", name]}) == expected


def test_all_models_under_a_subject_count():
    other = ModelFacts(False, frozenset({"chat model"}), frozenset({"acme/other"}))
    assert fidelity(models=(CHAT, other)) == "close"
    assert fidelity(models=(CHAT, ORGANISM)) == "analogue"
    assert fidelity(models=(CHAT, OTHER_CLASS)) == "analogue"


def test_a_synthetic_model_is_an_analogue_whatever_else_fits():
    known = ModelFacts(True, frozenset({"chat model"}), frozenset({HUB}))
    assert fidelity(models=(known,)) == "analogue"


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_another_objective_teacher_carrier_or_scorer_is_an_analogue(name):
    without = {key: value for key, value in AS_PUBLISHED.items() if key != name}
    assert fidelity(conditions={**without, name: "kl_carrier"}) == "analogue"
    assert fidelity(conditions=without) == "analogue"
    free = {key: value for key, value in NEEDS.items() if key != name}
    assert fidelity({"needs": free}, conditions=without) == "original"


def test_outside_the_class_is_an_analogue():
    assert fidelity(models=(OTHER_CLASS,)) == "analogue"
    assert fidelity({"class": "any"}, models=(OTHER_CLASS,)) == "original"
    assert fidelity(models=()) == "analogue"


@pytest.mark.parametrize(
    ("changed", "n", "expected"),
    [
        ({}, 5, "original"),
        ({}, 4, None),
        ({"subject_models": []}, 5, None),
        ({"subject_models": ["acme/other"]}, 50, None),
    ],
)
def test_a_claim_about_one_model_has_the_original_alone(changed, n, expected):
    assert fidelity({"scope": "this model", **changed}, n=n) == expected


def test_a_claim_about_one_model_has_no_analogue():
    about_one = {"scope": "this model"}
    assert fidelity(about_one, models=(ORGANISM,)) is None
    assert fidelity(about_one, models=(CHAT, ORGANISM)) is None
    assert fidelity(about_one, models=(OTHER_CLASS,)) is None
    assert fidelity({**about_one, "needs": {"objective": "kl_carrier"}}) is None


def test_a_model_of_which_the_claim_says_something_else_has_no_fidelity():
    other = ModelFacts(False, frozenset({"chat model"}), frozenset({"acme/other"}))
    said = {"subject_models": [HUB, "acme/other"], "unlike": ["acme/other"]}
    assert fidelity(said) == "original"
    assert fidelity(said, models=(other,)) is None
    assert fidelity(said, models=(CHAT, other)) is None
    assert fidelity(said, models=(ORGANISM,)) == "analogue"


def test_other_data_are_not_original():
    needs = {**NEEDS, "data": "mmlu"}
    assert fidelity({"needs": needs}, conditions={**AS_PUBLISHED, "data": "mmlu"}) == "original"
    assert fidelity({"needs": needs}, conditions={**AS_PUBLISHED, "data": "own"}) == "close"


@pytest.mark.parametrize(
    ("data", "n", "replicate", "expected"),
    [
        ("60000 images", 5, "training_seed", "original"),
        ("60000 images", 4, "training_seed", "close"),
        ("60000 images", 5, "question", "close"),
        ("5000 images", 5, "training_seed", "close"),
        (None, 5, "training_seed", "close"),
    ],
)
@pytest.mark.parametrize("models", [(), (ORGANISM,), (OTHER_CLASS,)])
def test_any_network_is_original_with_its_data_and_n_and_never_an_analogue(
    data, n, replicate, expected, models
):
    conditions = {"data": data} if data else {}
    claim = {"scope": "any network", "needs": {"data": "60000 images"}}
    assert fidelity(claim, conditions, replicate, n, models) == expected


def test_any_network_whose_claim_names_no_data_is_close():
    assert fidelity({"scope": "any network", "needs": {}}, {"data": "60000 images"}) == "close"
    assert fidelity({"scope": "any network", "needs": NEEDS}, {}, models=()) == "close"
