"""A user's own question files: what they may hold, and one clear error for each fault."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspoken.questions.own_files import COMMON, own_questions
from unspoken.tables.base import TableError

ROOT = Path(__file__).parents[2]
GOOD = {"id": "one", "question": "What is 1 + 1?", "options": ["2", "3", "4"], "answer": "2"}


def json_lines(folder: Path, *rows: dict[str, Any]) -> Path:
    """Return a file of JSON lines."""
    file = folder / "mine.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def fault_of(file: Path, columns: dict[str, str] | None = None) -> str:
    """Return the message for a file that cannot be read, without the folder."""
    with pytest.raises(TableError) as fault:
        own_questions(file, columns or {})
    return str(fault.value).replace(f"{file.parent}/", "")


def test_the_example_file_is_read_whole() -> None:
    table = own_questions(ROOT / "docs/examples/questions.jsonl", {})
    assert table.schema == pl.Schema(COMMON)
    assert table["question_id"].to_list() == [f"tea-{number}" for number in range(1, 9)]
    right = [options[at] for options, at in zip(table["options"], table["answer"], strict=True)]
    assert right == ["100 °C", "leaf", "caffeine", "90", "oxidation", "Theaceae", "theanine", "18"]
    assert table["difficulty"].to_list() == ["easy"] * 4 + ["hard"] * 4
    assert table["topic"][3] is None
    assert table["source"].to_list() == ["any physics textbook: boiling points"] + ["questions.jsonl"] * 7


def test_the_knowledge_questions_are_read_whole() -> None:
    table = own_questions(ROOT / "resources/questions/knowledge.jsonl", {})
    assert table.height == 300
    assert set(table["difficulty"]) == {"easy", "hard"}


@given(answer=st.integers(0, 4), size=st.integers(2, 5))
def test_text_letter_and_place_name_the_same_option(answer: int, size: int, tmp_path_factory: Any) -> None:
    answer %= size
    options = [f"option {number}" for number in range(size)]
    ways = [options[answer], f" {options[answer]} ", "ABCDE"[answer], answer]
    rows = [{**GOOD, "id": at, "options": options, "answer": way} for at, way in enumerate(ways)]
    table = own_questions(json_lines(tmp_path_factory.mktemp("files"), *rows), {})
    assert table["answer"].to_list() == [answer] * len(ways)
    assert table["question_id"].to_list() == ["0", "1", "2", "3"]


def test_an_answer_that_is_text_and_letter_of_the_same_option_is_that_option(tmp_path: Path) -> None:
    file = json_lines(tmp_path, {**GOOD, "options": ["A", "B"], "answer": "B"})
    assert own_questions(file, {})["answer"].item() == 1


def test_parquet_with_other_names_gives_the_same_as_json_lines(tmp_path: Path) -> None:
    rows = [GOOD, {**GOOD, "id": "two", "answer": "4"}]
    named = {"id": "name", "answer": "label"}
    renamed = [{named.get(key, key): value for key, value in row.items()} for row in rows]
    pl.DataFrame(renamed).write_parquet(tmp_path / "mine.parquet")
    table = own_questions(tmp_path / "mine.parquet", named)
    assert table.drop("source").equals(own_questions(json_lines(tmp_path, *rows), {}).drop("source"))


LETTERS = "the text of an option, a letter from A to C, or a place from 0 to 2"
TEXTS = "expected a list of texts"
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no answer": ({"answer": None}, f"column 'answer' is null; expected {LETTERS}"),
    "an answer outside the options": ({"answer": "5"}, f"column 'answer' is \"5\"; expected {LETTERS}"),
    "a letter outside the options": ({"answer": "D"}, f"column 'answer' is \"D\"; expected {LETTERS}"),
    "a place outside the options": ({"answer": 3}, f"column 'answer' is 3; expected {LETTERS}"),
    "a place below 0": ({"answer": -1}, f"column 'answer' is -1; expected {LETTERS}"),
    "an answer that is no text": ({"answer": True}, f"column 'answer' is true; expected {LETTERS}"),
    "an answer that names two options": (
        {"options": ["B", "A", "C"], "answer": "A"},
        'column \'answer\' is "A", which names two options: as its letter A, "B" and as its text B, "A"; '
        "expected a key that names one",
    ),
    "an id that stands twice": (
        {"id": "one"},
        "column 'id' is \"one\"; expected ids that differ, and line 1 has it",
    ),
    "an id that is no name": ({"id": 1.5}, "column 'id' is 1.5; expected a text"),
    "one option": ({"options": ["2"]}, "column 'options' is [\"2\"]; expected 2 to 26 options, not 1"),
    "too many options": (
        {"options": [str(number) for number in range(27)]},
        'column \'options\' is ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", ...; '
        "expected 2 to 26 options, not 27",
    ),
    "the same option twice": (
        {"options": ["2", "3", " 2"]},
        'column \'options\' is ["2", "3", " 2"]; expected options that differ, and "2" stands twice',
    ),
    "options that are no list": ({"options": "2, 3"}, f"column 'options' is \"2, 3\"; {TEXTS}"),
    "options that are no texts": ({"options": [2, 3]}, f"column 'options' is [2, 3]; {TEXTS}"),
    "a blank option": ({"options": ["2", " "]}, f'column \'options\' is ["2", " "]; {TEXTS}'),
    "a blank question": ({"question": " "}, "column 'question' is \" \"; expected a text that is not blank"),
    "another difficulty": (
        {"difficulty": "medium"},
        "column 'difficulty' is \"medium\"; expected easy, hard or null",
    ),
    "half a character": (
        {"question": "\ud800"},
        "column 'question' is \"\\ud800\"; expected a text without half a character (a lone surrogate)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_row_is_named(tmp_path: Path, fault: str) -> None:
    change, message = FAULTS[fault]
    file = json_lines(tmp_path, GOOD, {**GOOD, "id": "two", **change})
    assert fault_of(file) == f"mine.jsonl: line 2: {message}"


def test_blank_lines_count_and_are_no_rows(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(f"\n{json.dumps(GOOD)}\n \n{json.dumps({**GOOD, 'id': 'two', 'answer': 9})}\n")
    assert fault_of(file).startswith("mine.jsonl: line 4: column 'answer' is 9; expected")


BYTES: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (
        json.dumps(GOOD).encode() + b'\n{"id": "caf\xe9"}\n',
        "mine.jsonl: line 2: not UTF-8 (its byte 12 is 0xe9); expected a file saved as UTF-8",
    ),
    "UTF-16": (
        json.dumps(GOOD).encode("utf-16"),
        "mine.jsonl: line 1: not UTF-8 (its byte 1 is 0xff); expected a file saved as UTF-8",
    ),
    "no JSON": (b'{"id": 1,}\n', "mine.jsonl: line 1: not a line of JSON: "),
    "no object": (b"[1, 2]\n", "mine.jsonl: line 1: got [1, 2]; expected an object of columns"),
    "no rows": (b"\n \n", "mine.jsonl: it has no rows"),
}


@pytest.mark.parametrize("fault", BYTES)
def test_a_file_that_is_no_json_lines_is_named(tmp_path: Path, fault: str) -> None:
    content, message = BYTES[fault]
    file = tmp_path / "mine.jsonl"
    file.write_bytes(content)
    assert fault_of(file).startswith(message)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert own_questions(file, {}).height == 1


def test_a_column_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    message = fault_of(json_lines(tmp_path, GOOD), {"difficulty": "level"})
    assert message == (
        "mine.jsonl: line 1: column 'level' is missing; there are: id, question, options, answer"
    )


def test_a_column_of_no_use_cannot_be_mapped(tmp_path: Path) -> None:
    message = fault_of(json_lines(tmp_path, GOOD), {"label": "answer"})
    assert message.startswith("mine.jsonl: columns: got 'label'; expected some of id, question, options,")


def test_files_of_another_kind_are_named(tmp_path: Path) -> None:
    assert fault_of(tmp_path / "mine.csv") == (
        "mine.csv: expected a file that ends in .jsonl, .ndjson, .json, .parquet"
    )
    assert fault_of(tmp_path / "mine.jsonl") == "mine.jsonl: there is no such file"
    (tmp_path / "mine.parquet").write_text("no table")
    assert fault_of(tmp_path / "mine.parquet").startswith("mine.parquet: cannot be read as Parquet: ")


def test_rows_of_parquet_are_called_rows(tmp_path: Path) -> None:
    pl.DataFrame([GOOD, {**GOOD, "id": "two", "answer": None}]).write_parquet(tmp_path / "mine.parquet")
    assert fault_of(tmp_path / "mine.parquet") == (
        f"mine.parquet: row 2: column 'answer' is null; expected {LETTERS}"
    )


def test_parquet_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    ids = pa.array([b"one", b"caf\xe9"], pa.binary()).view(pa.string())
    parquet.write_table(pa.table({"id": ids}), tmp_path / "mine.parquet")
    message = fault_of(tmp_path / "mine.parquet")
    assert message.startswith("mine.parquet: row 1: ")  # its other columns are missing
    good = {key: pa.array([GOOD[key]] * 2) for key in ("question", "options", "answer")}
    parquet.write_table(pa.table({"id": ids, **good}), tmp_path / "mine.parquet")
    assert fault_of(tmp_path / "mine.parquet") == "mine.parquet: row 2: not UTF-8; expected texts in UTF-8"


def test_an_empty_parquet_has_no_rows(tmp_path: Path) -> None:
    pl.DataFrame([GOOD]).clear().write_parquet(tmp_path / "mine.parquet")
    assert fault_of(tmp_path / "mine.parquet") == "mine.parquet: it has no rows"
