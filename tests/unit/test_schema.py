"""The JSON schema that editors use, and the words that every key of a study has."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from unspoken.expected import known_keys
from unspoken.study.base import Section
from unspoken.study.schema import schema_text
from unspoken.study.study import Study

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the schema as its command writes it."""
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    subprocess.run([sys.executable, "-m", "unspoken.study.schema", file], check=True)
    return file.read_text()


def test_the_schema_of_the_studies_is_up_to_date(schema: str) -> None:
    """Else: `python -m unspoken.study.schema studies/schema.json`."""
    assert (ROOT / "studies" / "schema.json").read_text() == schema


def test_a_schema_that_would_not_say_what_keys_mean_is_refused() -> None:
    with pytest.raises(RuntimeError, match="imported before"):
        schema_text()


@pytest.mark.parametrize("file", [ROOT / "config.yaml", *STUDIES], ids=lambda file: file.stem)
def test_every_study_names_the_schema_and_keeps_to_it(file: Path) -> None:
    first = file.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = json.loads((file.parent / first.split("=")[1]).read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(file.read_text()))


def test_the_schema_refuses_what_the_study_refuses(schema: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema))
    assert not validator.is_valid({"subliminal": {"roows": 5}})
    assert not validator.is_valid({"probing": {"probe": {"samples": 0}}})


def sections() -> list[type[Section]]:
    """Return every section of the study."""
    found, waiting = [], [Section]
    while waiting:
        inner = waiting.pop().__subclasses__()
        waiting += inner
        found += [one for one in inner if one.__module__.startswith("unspoken.")]
    return found


def described(whole: dict, reference: str) -> bool:
    return bool(whole["$defs"].get(reference.rpartition("/")[2], {}).get("description"))


def test_every_key_says_what_it_means(schema: str) -> None:
    whole = json.loads(schema)
    silent = [
        f"{name}.{key}"
        for name, section in {"study": whole, **whole["$defs"]}.items()
        for key, told in section.get("properties", {}).items()
        # pydantic leaves out words that are those of the section itself.
        if not (told.get("description") or described(whole, told.get("$ref", "")))
    ]
    assert silent == []
    assert len(whole["$defs"]) > 60  # every section, but those that others are made of


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_is_in_the_default_study_or_a_comment_of_it(section: type[Section]) -> None:
    text = (ROOT / "config.yaml").read_text()
    assert [name for name in section.model_fields if not re.search(rf"\b{name}\b", text)] == []


def test_known_keys_are_those_of_the_section_that_a_key_is_in() -> None:
    assert "arms" in known_keys(Study, ("subliminal",))
    assert "rank" in known_keys(Study, ("subliminal", "student", "lora"))
    assert "shuffle" in known_keys(Study, ("subliminal", "arms", 2))
    assert "repo" in known_keys(Study, ("models", "mine", "hub"))
    assert "steps" not in known_keys(Study, ("models", "mine", "hub"))
    assert "study" in known_keys(Study, ())
    assert set(Study.model_fields) == set(known_keys(Study, ()))
