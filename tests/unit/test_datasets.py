"""A user's own completions: what the study may say of them, how files are read, what is measured."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.engines.file import DataError, completions_in
from unspoken.study.front_door import plan_of
from unspoken.study.load import StudyError
from unspoken.study.plan import Plan

ROOT = Path(__file__).parents[2]
COLUMNS = {"prompt": "asked", "completion": "answer"}
ARM = {"name": "own", "objective": "tokens", "dataset": "mine"}


def own_study(folder: Path, arm: dict[str, Any] | None = None, **dataset: Any) -> Plan:
    """Return the plan of a study with one data set, `mine`, and one arm that learns from it."""
    file = folder / "my.jsonl"
    file.write_text('{"asked": "1 2 3", "answer": "4 5"}\n')
    overlay = folder / "overlay.yaml"
    given = {"path": str(file), "columns": COLUMNS, **dataset}
    study = {"subliminal": {"datasets": {"mine": given}, "arms": [{**ARM, **(arm or {})}]}}
    overlay.write_text(yaml.safe_dump(study))
    return plan_of(ROOT, study, [overlay])


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a file that is missing": (
        {"path": "no/such.jsonl"},
        "subliminal.datasets.mine.path",
        "got 'no/such.jsonl'; expected a file of completions, and there is none",
    ),
    "a file of another kind": (
        {"path": "rows.csv"},
        "subliminal.datasets.mine.path",
        "got 'rows.csv'; expected a file that ends in .jsonl, .ndjson, .parquet",
    ),
    "braces in its path (case 23)": (
        {"path": "run{1}.jsonl"},
        "subliminal.datasets.mine.path",
        "got 'run{1}.jsonl'; expected a path without {1}, which Snakemake would replace",
    ),
    "no completion": (
        {"columns": {"prompt": "asked"}},
        "subliminal.datasets.mine.columns",
        "got prompt; expected prompt and completion, or messages alone",
    ),
    "no column at all": (
        {"columns": {}},
        "subliminal.datasets.mine.columns",
        "got nothing; expected prompt and completion, or messages alone",
    ),
    "transcripts and turns": (
        {"columns": {**COLUMNS, "messages": "turns"}},
        "subliminal.datasets.mine.columns",
        "got prompt, completion, messages; expected prompt and completion, or messages alone",
    ),
    "a column of another kind": (
        {"columns": {**COLUMNS, "answer": "text"}},
        "subliminal.datasets.mine.columns.answer",
        "unknown key; expected one of: prompt, completion, system, messages",
    ),
    "a trait of no category": (
        {"trait": "unicorn"},
        "subliminal.datasets.mine.trait",
        "got 'unicorn'; expected words of 'animals': owl, ",
    ),
    "another data set": (
        {"arm": {"dataset": "yours"}},
        "subliminal.arms",
        "got the data set 'yours' in the arm 'own'; expected one of datasets: mine",
    ),
    "a teacher elsewhere": (
        {"arm": {"initialisation": "ring"}},
        "subliminal.arms.0.initialisation",
        "got 'ring' with the data set 'mine'; expected 'same'",
    ),
    "a teacher's distributions": (
        {"arm": {"objective": "kl_full"}},
        "subliminal.arms.0.objective",
        "got 'kl_full' with the data set 'mine'; expected 'tokens'",
    ),
    "a neutral teacher": (
        {"arm": {"controls": ["neutral"]}},
        "subliminal.arms.0.controls",
        "got ['neutral'] with the data set 'mine'; expected 'none'",
    ),
    "a teacher that decodes": (
        {"arm": {"decoding": "greedy"}},
        "subliminal.arms.0.decoding",
        "got 'greedy' with the data set 'mine'; expected 'sampled'",
    ),
    "teachers' traits": (
        {"arm": {"traits": ["owl"]}},
        "subliminal.arms.0.traits",
        "got ['owl'] with the data set 'mine'; expected 'none'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_data_set_is_one_message(name: str, tmp_path: Path) -> None:
    changes, key, text = WRONG[name]
    with pytest.raises(StudyError) as caught:
        own_study(tmp_path, **changes)
    assert str(caught.value).startswith(f"{tmp_path}/overlay.yaml: {key}: {text}")
    assert "\n" not in str(caught.value)


def test_a_study_of_own_data_alone_has_no_teachers(tmp_path: Path) -> None:
    room = own_study(tmp_path, arm={"models": ["organism-a", "organism-b"], "seeds": [1, 2]}).of("subliminal")
    assert room.student_folders() == [
        f"<results>/subliminal/students/own/mine/{model}/all" for model in ("organism-a", "organism-b")
    ]
    assert room.subjects() == [f"{folder}/subject.json" for folder in room.student_folders()]
    # Nobody generates: the only replies are the user's own.
    assert room.files("replies") == ["<results>/subliminal/datasets/mine/replies.parquet"]
    assert room.files("readings") == []
    assert room.files("kept") == ["<results>/subliminal/datasets/mine/kept.parquet"]
    assert room.design.batches(room.design.arm("own")) == {"all": [("unknown", 1), ("unknown", 2)]}


def test_own_data_change_nothing_for_the_arms_beside_them(tmp_path: Path) -> None:
    plan, default = own_study(tmp_path), plan_of(ROOT, {}, [])
    room, before = plan.of("subliminal"), default.of("subliminal")
    beside = room.section.model_copy(update={"arms": [*before.section.arms, room.design.arm("own")]})
    both = Plan(plan.study.model_copy(update={"subliminal": beside}), plan.texts, ROOT)
    after = both.of("subliminal")
    assert after.design.comparable_arms() == before.design.comparable_arms()
    assert after.design.doses() == before.design.doses()
    for model in before.models:
        assert after.design.groups(model) == before.design.groups(model)
        for group in before.design.groups(model):
            job = {"experiment": "subliminal", "answering": f"{model}/{group}/1-of-1"}
            assert both.part("generate_replies", **job) == default.part("generate_replies", **job)


# Reading files


def written(folder: Path, lines: list[Any]) -> Path:
    """Return a file of JSON lines; a text is a line as it is."""
    file = folder / "my.jsonl"
    file.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    return file


GOOD = {"asked": "1 2 3", "answer": "4 5"}
BAD_LINES: dict[str, tuple[Any, str]] = {
    "no column": ({"asked": "1 2 3"}, "column 'answer' is missing; it has: asked"),
    "null": ({**GOOD, "answer": None}, "column 'answer' is null; expected a text"),
    "a number": ({**GOOD, "answer": 4}, "column 'answer' is 4; expected a text"),
    "an empty prompt": ({**GOOD, "asked": ""}, "column 'asked' is \"\"; expected a text that is not blank"),
    "no object": (["1", "2"], 'got ["1", "2"]; expected an object of columns'),
    "cut off": ('{"asked": "1 2', "not a line of JSON: "),
    "half a character": (
        '{"asked": "1 2", "answer": "\\ud800"}',
        "column 'answer' is \"\\ud800\"; expected a text without half",
    ),
    "a system prompt that is no text": ({**GOOD, "persona": 7}, "column 'persona' is 7; expected a text"),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_named_by_file_row_and_column(name: str, tmp_path: Path) -> None:
    line, said = BAD_LINES[name]
    file = written(tmp_path, [GOOD] * 16 + [line, GOOD])
    with pytest.raises(DataError) as caught:
        list(completions_in(file, {**COLUMNS, "system": "persona"}))
    assert str(caught.value).startswith(f"{file}: line 17: {said}")


TURN = [{"role": "user", "content": "1 2 3"}, {"role": "assistant", "content": "4 5"}]
BAD_TRANSCRIPTS: dict[str, tuple[Any, str]] = {
    "no list": ("4 5", ' is "4 5"; expected a list of {role, content}'),
    "no answer": (TURN[:1], " has the roles ['user']; expected it to end in user, assistant"),
    "parts": (
        [TURN[0], {"role": "assistant", "content": [{"text": "4"}]}],
        ', message 2, is [{"text": "4"}]; expected a',
    ),
    "no question": (
        [{**TURN[0], "content": ""}, TURN[1]],
        ', message 1, is ""; expected a text that is not blank',
    ),
}


@pytest.mark.parametrize("name", BAD_TRANSCRIPTS)
def test_a_bad_transcript_is_named(name: str, tmp_path: Path) -> None:
    messages, said = BAD_TRANSCRIPTS[name]
    file = written(tmp_path, [{"turns": TURN}, {"turns": messages}])
    with pytest.raises(DataError) as caught:
        list(completions_in(file, {"messages": "turns"}))
    assert str(caught.value).startswith(f"{file}: line 2: column 'turns'{said}")


def test_of_a_transcript_the_last_turn_counts(tmp_path: Path) -> None:
    first = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}]
    lines = [
        {"turns": [{"role": "system", "content": "You adore owls."}, *first, *TURN]},
        "",
        {"turns": TURN},
    ]
    file, turn = written(tmp_path, lines), {"prompt": "1 2 3", "completion": "4 5"}
    expected = [(1, {"system": "You adore owls.", **turn}), (3, {"system": None, **turn})]
    assert list(completions_in(file, {"messages": "turns"})) == expected
    table = tmp_path / "my.parquet"
    pl.DataFrame([lines[0], lines[2]]).write_parquet(table)
    assert [turn for _, turn in completions_in(table, {"messages": "turns"})] == [row for _, row in expected]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame({"asked": ["1"], "reply": ["2"]}), "column 'answer' is missing; it has: asked, reply"),
        (pl.DataFrame({"asked": ["1", "1"], "answer": ["2", None]}), "row 2: column 'answer' is null; "),
        (pl.DataFrame({"asked": ["1"], "answer": [2]}), "row 1: column 'answer' is 2; expected a text"),
        (pl.DataFrame(schema={"asked": pl.String, "answer": pl.String}), "it has no rows"),
        (None, "cannot be read as Parquet: "),
    ],
)
def test_a_bad_table_is_named(frame: pl.DataFrame | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "my.parquet"
    if frame is None:
        file.write_text("PAR1 and no more")
    else:
        frame.write_parquet(file)
    with pytest.raises(DataError) as caught:
        list(completions_in(file, COLUMNS))
    assert str(caught.value).startswith(f"{file}: {said}")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TURNS = st.fixed_dictionaries({"asked": TEXT.filter(bool), "answer": TEXT, "persona": st.none() | TEXT})


@settings(deadline=None, max_examples=60)
@given(st.lists(TURNS, min_size=1, max_size=6))
def test_any_texts_come_back_from_either_kind_of_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    columns = {**COLUMNS, "system": "persona"}
    expected = [
        {"system": row["persona"], "prompt": row["asked"], "completion": row["answer"]} for row in rows
    ]
    table = folder / "any.parquet"
    pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)).write_parquet(table)
    for file in (written(folder, rows), table):
        assert [turn for _, turn in completions_in(file, columns)] == expected


def test_a_bad_file_ends_the_job_with_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, [GOOD, {"asked": "1"}])
    spec = {
        "study": "small", "experiment": "own", "subject": "dataset:mine", "columns": COLUMNS, "trait": None,
    }  # fmt: skip
    command = ["--spec", json.dumps(spec), "--file", str(file)]
    made = {name: tmp_path / "made" / f"{name}.out" for name in ("replies", "asked")}
    options = [option for name, path in made.items() for option in (f"--{name}", str(path))]
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "import_completions.py"), *command, *options],
        capture_output=True, text=True, env={**os.environ, "UNSPOKEN_ROOT": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"import_completions: {file}: line 2: column 'answer' is missing; it has: asked"
    )
    assert not any(path.exists() for path in made.values())
    assert not list((tmp_path / "made").iterdir())
