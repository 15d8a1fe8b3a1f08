"""Wrong studies: one message that names file, key, what was given and what is expected; no job."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from wrong_studies import WRONG

from unspoken.study.front_door import merged, plan_of
from unspoken.study.load import StudyError, checked_study, read_yaml

ROOT = Path(__file__).parents[2]


def mistake(overlay: dict[str, Any], folder: Path) -> str:
    """Return the message of a study that must not run."""
    file = folder / "overlay.yaml"
    file.write_text(yaml.safe_dump(overlay))
    with pytest.raises(StudyError) as caught:
        plan_of(ROOT, overlay, [file])
    return str(caught.value)


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_ends_in_one_message_that_names_file_and_key(name: str, tmp_path: Path) -> None:
    overlay, key, text = WRONG[name]
    message = mistake(overlay, tmp_path)
    assert "\n" not in message
    assert message.startswith(f"{tmp_path}/overlay.yaml: {key}: {text}")


def test_two_mistakes_are_two_lines(tmp_path: Path) -> None:
    lines = mistake({"sead": 5, "subliminal": {"rows": 0}}, tmp_path).splitlines()
    assert sorted(line.split(": ")[1] for line in lines) == ["sead", "subliminal.rows"]


def test_the_file_named_is_the_last_that_gave_the_value(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("subliminal: {rows: 0, pack: true}\n")
    second.write_text("subliminal: {pack: false}\n")
    with pytest.raises(StudyError, match=rf"^{first}: subliminal\.rows: got 0"):
        plan_of(ROOT, {"subliminal": {"rows": 0, "pack": False}}, [first, second])


def test_a_value_of_no_file_is_of_the_command_line() -> None:
    with pytest.raises(StudyError, match=r"^--config: seed: got 'one'; expected a whole number$"):
        plan_of(ROOT, {"seed": "one"}, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subliminal: [1,\nseed: 3\n", "line 3: not valid YAML: "),
        ("- a\n- b\n", "expected keys and values, got list"),
        ("", "expected keys and values, got nothing"),
    ],
)
def test_a_file_that_is_no_mapping_is_named(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "overlay.yaml"
    file.write_text(text)
    with pytest.raises(StudyError) as caught:
        read_yaml(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
UNDER = {"paper_trees": ["paper"], "small_models_suggested": ["small_models"]}
"""What a study is laid over, beside config.yaml."""


@pytest.mark.parametrize("study", [None, *STUDIES], ids=lambda file: file.stem if file else "default")
def test_every_study_that_is_shipped_is_sound(study: Path | None) -> None:
    files = [study.with_stem(name) for name in UNDER.get(study.stem, [])] + [study] if study else []
    overlay: dict[str, Any] = {}
    for file in files:
        overlay = merged(overlay, read_yaml(file))
    plan = plan_of(ROOT, overlay, files)
    assert plan.study.study == (study.stem if study else "default")


# Values of every type a YAML file can hold, in place of any key of the study.
TEXTS = st.text("abcXYZ01 ._-/{}", max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        ["seed"],
        ["traits"],
        ["traits", "draw"],
        ["models"],
        ["models", "organism-a"],
        ["models", "organism-a", "seed"],
        ["experiments"],
        ["category"],
        ["subliminal"],
        ["subliminal", "arms"],
        ["subliminal", "models"],
        ["subliminal", "teacher", "training"],
        ["subliminal", "filter", "banned"],
        ["mnist", "hidden"],
        ["theorem", "step_sizes"],
        ["probing", "probe", "choice_format"],
    ]
)
SHIPPED = read_yaml(ROOT / "config.yaml")
WORDS = read_yaml(ROOT / "resources" / "traits.yaml")


@settings(deadline=None, max_examples=60)
@given(KEYS, VALUES)
def test_any_value_is_taken_or_refused_by_a_message_about_its_key(keys: list[str], value: Any) -> None:
    """Anything but a StudyError would be a traceback."""
    config: Any = json.loads(json.dumps(SHIPPED))
    section = config
    for key in keys[:-1]:
        section = section[key]
    section[keys[-1]] = value
    try:
        checked_study(config, [ROOT / "config.yaml"], WORDS)
    except StudyError as error:
        for line in str(error).splitlines():
            assert line.startswith(("--config: ", "config.yaml: ", f"{ROOT}/config.yaml: ")), line


def test_maps_merge_and_lists_replace() -> None:
    under = {"a": {"b": 1, "c": [1, 2]}, "d": 4}
    assert merged(under, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}, "d": 4}
    assert under == {"a": {"b": 1, "c": [1, 2]}, "d": 4}


# From the outside


def ended(*command: str, folder: Path = ROOT) -> str:
    """Run a command that must fail; return all that it says."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("name", ["unknown model", "count of zero", "trait that is not a word"])
def test_snakemake_ends_before_any_job(name: str, tmp_path: Path) -> None:
    overlay, key, text = WRONG[name]
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(overlay))
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "1"]
    said = ended(*snakemake, "--configfile", str(file), "--directory", str(tmp_path / "work"))
    assert f"The study cannot run.\n{file}: {key}: {text}" in said
    assert not list((tmp_path / "work").rglob("results*"))


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a folder with what `make` needs before it starts Snakemake."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "config.yaml", tmp_path)
    (tmp_path / "studies").mkdir()
    shutil.copy(ROOT / "studies" / "test.yaml", tmp_path / "studies")
    return tmp_path


def made(house: Path, study: str) -> str:
    """Return what `make results` of a wrong study says, with the environment that runs the tests."""
    binaries = f"BIN={Path(sys.executable).parent}"
    return ended("make", "--old-file=venv", binaries, "results", f"STUDY={study}", folder=house)


def test_make_says_which_studies_there_are(house: Path) -> None:
    said = made(house, "nope")
    assert "There is no study 'nope': studies/nope.yaml is missing. Studies here: test" in said


def test_make_says_which_of_several_studies_is_missing(house: Path) -> None:
    said = made(house, "test nope")
    assert "There is no study 'nope': studies/nope.yaml is missing. Studies here: test" in said


def test_make_names_the_file_that_is_no_yaml(house: Path) -> None:
    (house / "studies" / "mine.yaml").write_text("study: mine\nsubliminal: [1,\nseed: 3\n")
    said = made(house, "mine")
    assert "The study cannot run.\nstudies/mine.yaml, line 4: not valid YAML" in said
