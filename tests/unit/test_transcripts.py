"""A user's own transcripts: how rows become prompts and replies, and one clear error for each fault."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from unspoken.chains.joined import joined_chains
from unspoken.files import digest_of
from unspoken.tables.base import TableError, checked
from unspoken.tables.prompts import Prompts
from unspoken.tables.replies import Replies
from unspoken.transcripts.tables import Entry, transcript_tables

ROOT = Path(__file__).parents[2]
KINDS = list(yaml.safe_load((ROOT / "resources/hints.yaml").read_text())["kinds"])
ASKED = {"question": "Is it so?", "hinted": False, "chain": "It is. (A)", "answer": "A"}
HINTED = {
    **ASKED, "hinted": True, "kind": "sycophancy", "target": "B", "chain": "It is. (B)", "answer": "B",
}  # fmt: skip


def json_lines(folder: Path, *rows: dict[str, Any]) -> Path:
    """Return a file of JSON lines."""
    file = folder / "mine.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def chains_of(file: Path, columns: dict[str, str] | None = None) -> pl.DataFrame:
    """Return a file's prompts and replies, checked against their schemas and joined."""
    prompts, replies = transcript_tables(file, Entry("mine", columns or {}), KINDS)
    named = replies.with_columns(study=pl.lit("mine"), experiment=pl.lit("faithfulness"))
    return joined_chains(checked(prompts, Prompts, file), checked(named, Replies, file))


def fault_of(folder: Path, *rows: dict[str, Any]) -> str:
    """Return the message for rows that cannot be read, without the folder."""
    with pytest.raises(TableError) as fault:
        chains_of(json_lines(folder, *rows))
    return str(fault.value).replace(f"{folder}/", "")


def test_the_example_file_is_read_whole() -> None:
    chains = chains_of(ROOT / "docs/examples/transcripts.jsonl")
    assert chains["arm"].to_list() == (
        ["unhinted", "sham", "hint", "hint", "unhinted", "hint", "unhinted", "hint"]
    )
    assert chains["n_options"].to_list() == [4] * 6 + [2] * 2
    assert chains["kind"].drop_nulls().to_list() == [
        "sycophancy",
        "metadata",
        "grader_hacking",
        "consistency",
    ]
    assert chains["target"].drop_nulls().to_list() == ["B", "A", "A", "B"]
    assert chains["stated"].to_list() == ["C", "C", "B", "C", "D", "A", "A", None]
    assert chains["key"].to_list() == ["C"] * 4 + ["D"] * 2 + [None] * 2
    assert chains["question_id"][7] == digest_of("Is a whale a mammal?")
    assert chains["prompt_id"][7] == "row-000000008"
    assert chains["options"][6].to_list() == []


def test_chains_say_where_they_come_from_and_what_is_not_known(tmp_path: Path) -> None:
    chain = " Two  spaces,\n\nkept as they are.\n"
    file = json_lines(tmp_path, {**ASKED, "chain": chain})
    row = chains_of(file).to_dicts()[0]
    assert row["chain"] == chain
    assert row["user"] == "Is it so?"
    assert (row["study"], row["subject"], row["engine"], row["reproducible"]) == (
        "mine", "mine", "file", True
    )  # fmt: skip
    assert datetime.now(UTC) - datetime.fromisoformat(row["created_at"]) < timedelta(minutes=5)
    told = {
        "experiment", "reply_id", "prompt_id", "sample_index", "question_id", "arm", "n_options", "options",
        "stated", "engine_version",
    }  # fmt: skip
    checked_above = {"study", "subject", "engine", "reproducible", "chain", "reply", "prompt", "user"}
    checked_above |= {"created_at", "hint"}
    assert all(row[name] is None for name in set(row) - told - checked_above)
    assert row["hint"] == ""
    assert row["reply"] == chain


def test_thinking_between_marks_is_a_column_of_its_own(tmp_path: Path) -> None:
    file = json_lines(tmp_path, {**ASKED, "chain": "<think>Hm.</think>It is. (A)"})
    row = chains_of(file).to_dicts()[0]
    assert (row["thinking"], row["reply"]) == ("<think>Hm.</think>", "It is. (A)")
    assert row["chain"] == "<think>Hm.</think>It is. (A)"


def test_the_prompt_stands_for_what_the_subject_read(tmp_path: Path) -> None:
    file = json_lines(tmp_path, {**ASKED, "text": "Is it so?\n(A) yes\n"})
    assert chains_of(file, {"prompt": "text"})["user"].item() == "Is it so?\n(A) yes\n"


def test_parquet_with_other_names_gives_the_same_as_json_lines(tmp_path: Path) -> None:
    named = {"hinted": "cued", "kind": "cue", "answer": "final"}
    rows = [ASKED, HINTED]
    renamed = [{named.get(key, key): value for key, value in row.items()} for row in rows]
    pl.DataFrame(renamed).write_parquet(tmp_path / "mine.parquet")
    left = ("engine_version", "created_at")
    same = chains_of(json_lines(tmp_path, *rows)).drop(left)
    assert chains_of(tmp_path / "mine.parquet", named).drop(left).equals(same)


def test_each_subject_has_its_own_pairs(tmp_path: Path) -> None:
    subjects = [{**row, "subject": name} for row in (HINTED, ASKED, ASKED) for name in ("one", "two")]
    chains = chains_of(json_lines(tmp_path, *subjects), {"subject": "subject"})
    arms = chains.group_by("subject", maintain_order=True).agg("arm").rows()
    assert arms == [("one", ["hint", "unhinted", "sham"]), ("two", ["hint", "unhinted", "sham"])]


KINDS_TEXT = ", ".join(KINDS)
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a hint of no kind": (
        {"kind": None},
        f"column 'kind' is null; expected one of {KINDS_TEXT}, as the row is hinted",
    ),
    "a hint of an unknown kind": (
        {"kind": "bribe"},
        f"column 'kind' is \"bribe\"; expected one of {KINDS_TEXT}",
    ),
    "a hint to no option": (
        {"target": None},
        "column 'target' is null; expected the letter to which the hint points, as the row is hinted",
    ),
    "a kind without a hint": (
        {"hinted": False, "target": None},
        "column 'kind' is \"sycophancy\"; expected null, as the row has no hint",
    ),
    "a target without a hint": (
        {"hinted": False, "kind": None},
        "column 'target' is \"B\"; expected null, as the row has no hint",
    ),
    "an answer that is no option": (
        {"answer": "E"},
        "column 'answer' is \"E\"; expected a letter from A to D",
    ),
    "an answer that is no letter": ({"answer": 1}, "column 'answer' is 1; expected a letter from A to D"),
    "a target that is no option": (
        {"n_options": 3, "target": "D"},
        "column 'target' is \"D\"; expected a letter from A to C",
    ),
    "a key that is no option": ({"key": "a"}, "column 'key' is \"a\"; expected a letter from A to D"),
    "no chain": ({"chain": None}, "column 'chain' is null; expected a text"),
    "half a character": (
        {"chain": "So \ud83d"},
        "column 'chain' is \"So \\ud83d\"; expected a text without half a character (a lone surrogate)",
    ),
    "half a character of the prompt": (
        {"prompt": "\ud83d"},
        "column 'prompt' is \"\\ud83d\"; expected a text without half a character (a lone surrogate)",
    ),
    "options out of order": (
        {"options": ["B. w", "A. x", "C. y", "D. z"]},
        'column \'options\' is ["B. w", "A. x", "C. y", "D. z"], whose options begin with b, a, c, d; '
        "expected letters in order, or none",
    ),
    "a blank chain": ({"chain": "\n"}, "column 'chain' is \"\\n\"; expected a text that is not blank"),
    "no question": ({"question": None}, "column 'question' is null; expected a text"),
    "no word on the hint": ({"hinted": "yes"}, "column 'hinted' is \"yes\"; expected true or false"),
    "one option": ({"n_options": 1}, "column 'n_options' is 1; expected an integer from 2 to 26"),
    "two numbers of options": (
        {"options": ["yes", "no"], "n_options": 3},
        "column 'n_options' is 3; expected 2, as many as there are options",
    ),
    "another number of options": (
        {"n_options": 5},
        "column 'n_options' differs from line 1, a row of the same question",
    ),
    "other options": (
        {"options": ["w", "x", "z", "y"]},
        "column 'options' differs from line 1, a row of the same question",
    ),
    "another key": ({"key": "C"}, "column 'key' differs from line 1, a row of the same question"),
    "a question that is not asked without a hint": (
        {"question": "Is it not?"},
        "a hinted row of a question that has no row without a hint; "
        "expected one of this subject and question",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_row_is_named(tmp_path: Path, fault: str) -> None:
    change, message = FAULTS[fault]
    asked = {**ASKED, "key": "D", "options": ["w", "x", "y", "z"]}
    if {"n_options", "options"} & set(change) and "differs" not in message:
        asked = ASKED
    assert fault_of(tmp_path, asked, {**HINTED, **change}) == f"mine.jsonl: line 2: {message}"


def test_the_first_of_several_faulty_rows_is_named_and_the_others_counted(tmp_path: Path) -> None:
    alone = [{**HINTED, "question": f"Is it {number}?"} for number in range(3)]
    assert fault_of(tmp_path, ASKED, *alone) == (
        "mine.jsonl: line 2: a hinted row of a question that has no row without a hint; "
        "expected one of this subject and question (so have 2 more rows)"
    )


def test_a_third_row_without_a_hint_beside_one_with_it_is_named(tmp_path: Path) -> None:
    assert fault_of(tmp_path, ASKED, HINTED, ASKED, ASKED) == (
        "mine.jsonl: line 4: its question has 3 rows without a hint since line 1, and 1 with the hint of "
        "line 2; expected two without (its reply and its sham) and one with, or a column `sample` that "
        "numbers repeated samples, or `arm`"
    )
