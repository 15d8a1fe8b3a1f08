"""One primary reading a room: headlines, figures, verdicts, measures and registrations are told the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from planted_claims import fields_of

from unspoken.study.front_door import plan_of
from unspoken.study.plan import Plan

ROOT = Path(__file__).parents[2]
CHOICE = {"questions": "held_out", "scorer": "choice"}
WORD = {"questions": "held_out", "scorer": "word", "unusable": "failure"}


def plan_with(**changes: Any) -> Plan:
    return plan_of(ROOT, changes, [])


@pytest.mark.parametrize(("changes", "reading"), [({}, CHOICE), ({"scorer": "word"}, WORD)])
def test_whoever_reads_a_room_is_told_its_primary_reading(
    changes: dict[str, str], reading: dict[str, str]
) -> None:
    plan = plan_with(subliminal=changes)
    told = [
        plan.part("measure", experiment="subliminal")["primary"],
        plan.part("judge_claims")["primary"]["subliminal"],
        plan.part("write_report")["primary"]["subliminal"],
        plan.part("draw_figure", figure="preference")["primary"],
        *(
            headline["primary"]
            for headline in plan.part("write_findings")["headlines"]
            if headline["experiment"] == "subliminal"
        ),
    ]
    assert told == [reading] * len(told) and len(told) > 5


def test_no_headline_and_no_test_of_the_registry_names_another_reading() -> None:
    from unspoken.registry.load import claims_files, read_claims

    plan = plan_with()
    for headline in plan.part("write_findings")["headlines"]:
        assert not set(headline["conditions"]) & set(headline["primary"]), headline
    for claim in read_claims(claims_files(ROOT, [])):
        keys = set(plan.primary.get(claim["test"]["experiment"], {})) if claim["test"] else set()
        if claim["test"] and claim["test"]["unit"].startswith("error"):
            keys -= {"unusable"}  # a grade that cannot be read has no error: there is one reading alone
        assert not keys & set(claim["test"]["conditions"] if claim["test"] else {}), claim["id"]


def test_a_registration_fixes_the_reading() -> None:
    plain, other = plan_with(), plan_with(subliminal={"scorer": "substring"})
    assert plain.registered_facts()["study"] != other.registered_facts()["study"]


def test_a_control_s_bound_is_half_of_the_smallest_effect_that_would_matter_to_any_claim(
    tmp_path: Path,
) -> None:
    assert plan_with().of("subliminal").bounds == {"neutral_shift": 0.1}
    test = {"experiment": "subliminal", "metric": "trait_shift", "conditions": {}, "sesoi": 0.06}
    paper = {
        "paper": "own2026", "cited": "Own 2026", "title": "A paper", "year": 2026, "pillar": "faithfulness",
        "url": "https://example.org", "question": "Does it hold?", "claims": [fields_of("O-1", test=test)],
    }  # fmt: skip
    path = tmp_path / "own2026.yaml"
    path.write_text(yaml.safe_dump(paper))
    plan = plan_with(claims=[str(path)])
    assert plan.of("subliminal").bounds == {"neutral_shift": 0.03}
    assert plan.part("measure", experiment="subliminal")["bounds"] == {"neutral_shift": 0.03}
    assert "bounds" not in plan.part("measure", experiment="mnist")
