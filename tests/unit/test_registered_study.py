"""What a registration fixes of a study: what decides the results of its experiments, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from unspoken.files import read_json
from unspoken.registry.load import claims_files, read_claims
from unspoken.study.base import Section
from unspoken.study.front_door import merged, plan_of
from unspoken.study.load import read_yaml
from unspoken.study.register import register
from unspoken.study.registered import registered_study, registered_value
from unspoken.verdicts.registration import registered_claims

ROOT = Path(__file__).parents[2]
TEST = read_yaml(ROOT / "studies" / "test.yaml")
TWO: dict[str, Any] = {"experiments": ["subliminal", "theorem"]}


def registered(**changes: Any) -> dict[str, Any]:
    """Return what is registered of the test study with changes."""
    plan = plan_of(ROOT, merged(merged(TEST, TWO), changes), [])
    return registered_study(plan, plan.rooms)


UNTOUCHED = registered()


@pytest.mark.parametrize(
    "changes",
    [
        {"subliminal": {"threads": 7}},
        {"subliminal": {"probe": {"threads": 7}}},
        {"subliminal": {"numbers": {"shards": 2}}},
        {"subliminal": {"pack": False}},
        {"subliminal": {"datasets": {}}},
        {"loops": None},
        {"faithfulness": None},
        {"probing": {"questions": 3}},
        {"loops": {"questions": 4}},
        {"models": {"unused": {"kind": "organism", "seed": 99}}},
        {"claims": [str(ROOT / "docs/examples/your_paper.yaml")]},
    ],
    ids=str,
)
def test_what_decides_no_result_does_not_count(changes: dict[str, Any]) -> None:
    assert registered(**changes) == UNTOUCHED


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 77},
        {"traits": ["owl", "wolf"]},
        {"subliminal": {"rows": 7}},
        {"subliminal": {"numbers": {"temperature": 0}}},
        {"mnist": {"test_images": 100}},  # the theorem takes these digits
        {"experiments": ["subliminal"]},
        {"models": {"organism-mini-a": {"kind": "organism", "classes": ["a toy"]}}},
        {"study": "other"},
    ],
    ids=str,
)
def test_what_decides_a_result_counts(changes: dict[str, Any]) -> None:
    assert registered(**changes) != UNTOUCHED


class Before(Section):
    """A part of a study."""

    rows: int = 3
    orders: int = 0


class After(Before):
    """The same part, with newer optional keys."""

    twice: bool = False
    limit: int | None = None
    names: list[str] = Field(default_factory=list)
    only: str = ""
    share: float = 0


def test_labels_of_the_chains_that_a_run_wrote_do_not_count() -> None:
    chains = {"experiments": ["faithfulness"]}
    labels = str(ROOT / "resources" / "gold" / "calibration.jsonl")
    assert registered(**chains, faithfulness={"labels": labels}) == registered(**chains)
    tests = [claim["test"] for claim in read_claims(claims_files(ROOT, [])) if claim["test"]]
    assert not [test for test in tests if "corrected" in json.dumps(test)]


def test_a_new_optional_key_counts_from_its_first_use() -> None:
    assert registered_value(After()) == registered_value(Before()) == {"rows": 3}
    for used in ({"twice": True}, {"limit": 0}, {"names": ["a"]}, {"only": "b"}, {"share": 0.5}):
        assert registered_value(After(**used)) == {"rows": 3, **used}
    assert registered_value(Before(rows=0)) == {"rows": 0}  # a zero that somebody chose


def test_a_written_registration_holds_for_the_study_that_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(ROOT, merged(TEST, TWO), [])
    monkeypatch.setattr(type(plan), "registration_file", tmp_path / "test.json")
    content = read_json(register(plan))
    from unspoken.registry.load import claims_files, read_claims

    claims = read_claims(claims_files(ROOT, []))
    later = dict.fromkeys(("subliminal", "theorem"), "2100-01-01T00:00:00+00:00")
    held = registered_claims(claims, content, plan.registered_facts(), later)
    assert held == {one["id"] for one in claims if one["test"] and one["test"]["experiment"] in later}
    other = plan_of(ROOT, merged(TEST, {**TWO, "seed": 77}), [])
    assert registered_claims(claims, content, other.registered_facts(), later) == set()
