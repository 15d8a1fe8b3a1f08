"""Which option a key names: text, letter or place; where two of them differ, none."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unspoken.questions.own_files import own_questions
from unspoken.tables.base import TableError

WORDS = ["Mars", "Venus", "Pluto"]


def read(folder: Path, *rows: dict[str, Any]) -> pl.DataFrame:
    file = folder / "mine.jsonl"
    made = [{"question": f"Which, {at}?", "options": WORDS, **row} for at, row in enumerate(rows)]
    file.write_text("".join(json.dumps(row) + "\n" for row in made))
    return own_questions(file, {})


ONE_READING: dict[str, tuple[dict[str, Any], int]] = {
    "text": ({"answer": "Venus"}, 1),
    "text in another case": ({"answer": "venus"}, 1),
    "text with a space more": ({"options": ["New York", "Rome"], "answer": "New  York"}, 0),
    "text in another form of a character": ({"options": ["Rome", "Caf\u00e9"], "answer": "Cafe\u0301"}, 1),
    "letter": ({"answer": "C"}, 2),
    "small letter": ({"answer": "c"}, 2),
    "letter in brackets": ({"answer": "(B)"}, 1),
    "letter with a full stop": ({"answer": "B."}, 1),
    "letter and text": ({"answer": "B. Venus"}, 1),
    "place": ({"answer": 2}, 2),
    "place as a float": ({"answer": 2.0}, 2),
    "number as a text": ({"options": ["2", "3", "4"], "answer": "2"}, 0),
    "text that differs in case from another": ({"options": ["NA", "Na", "na"], "answer": "Na"}, 1),
    "own letter and text": ({"options": ["A. Mars", "B. Venus"], "answer": "B. Venus"}, 1),
    "text without the own letter": ({"options": ["A. Mars", "B. Venus"], "answer": "Venus"}, 1),
    "own number": ({"options": ["1) Mars", "2) Venus"], "answer": "2"}, 1),
    "own number, as written": ({"options": ["1) Mars", "2) Venus"], "answer": "2) Venus"}, 1),
    "own letter that is not the place's": ({"options": ["E. Mars", "F. Venus"], "answer": "F"}, 1),
    "own number from 0": ({"options": ["0) Mars", "1) Venus"], "answer": 1}, 1),
}


@pytest.mark.parametrize("case", ONE_READING)
def test_a_key_with_one_reading_is_read(case: str, tmp_path: Path) -> None:
    row, place = ONE_READING[case]
    assert read(tmp_path, row)["answer"].item() == place


TWO_READINGS: dict[str, tuple[dict[str, Any], str]] = {
    "letter and another text": (
        {"options": ["B", "A", "C"], "answer": "A"},
        'is "A", which names two options: as its letter A, "B" and as its text B, "A"',
    ),
    "small letter and another text": (
        {"options": ["b", "a"], "answer": "A"},
        'is "A", which names two options: as its letter A, "b" and as its text B, "a"',
    ),
    "letter and text of two options": (
        {"answer": "A. Venus"},
        'is "A. Venus", which names two options: by letter and text A, "Mars" and by letter and text B, '
        '"Venus"',
    ),
    "two texts but for their case": (
        {"options": ["Mars", "mars"], "answer": "MARS"},
        'is "MARS", which names two options: as its text A, "Mars" and as its text B, "mars"',
    ),
    "place and text": (
        {"options": ["1", "2"], "answer": 1},
        'is 1, which names two options: as its text A, "1" and as a place from 0 B, "2"',
    ),
    "place and own number": (
        {"options": ["1) Mars", "2) Venus"], "answer": 1},
        'is 1, which names two options: as its number A, "Mars" and as a place from 0 B, "Venus"',
    ),
    "own letter and place's letter": (
        {"options": [f"{letter}. {at}" for at, letter in enumerate("EFGHI")], "answer": "E"},
        'is "E", which names two options: as its own letter A, "0" and as its letter E, "4"',
    ),
    "own number and text": (
        {"options": ["1) 2", "2) 1"], "answer": "1"},
        'is "1", which names two options: as its number A, "2" and as its text B, "1"',
    ),
}


@pytest.mark.parametrize("case", TWO_READINGS)
def test_a_key_with_two_readings_is_refused_with_both(case: str, tmp_path: Path) -> None:
    row, said = TWO_READINGS[case]
    with pytest.raises(TableError) as fault:
        read(tmp_path, {"answer": "Mars"}, row)
    said = f"line 2: column 'answer' {said}; expected a key that names one"
    assert str(fault.value) == f"{tmp_path / 'mine.jsonl'}: {said}"


def test_integers_of_a_file_that_cannot_all_be_texts_are_places(tmp_path: Path) -> None:
    table = read(tmp_path, {"answer": 0}, {"options": ["0", "4", "2", "1"], "answer": 2})
    assert table["answer"].to_list() == [0, 2]


def test_a_place_as_a_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r'is "1"; .*from 0 to 2; a place is an integer, without quotes$'):
        read(tmp_path, {"answer": "1"})


def test_places_that_count_from_1_are_refused(tmp_path: Path) -> None:
    from_1 = [{"answer": 1 + at % 2} for at in range(40)]
    with pytest.raises(
        TableError, match=r"line 1: column 'answer' is 0 in no row of 40 .*count from 0, or lett"
    ):
        read(tmp_path, *from_1)
    assert read(tmp_path, *from_1, {"answer": 0}).height == 41


def test_case_10_questions_without_id(tmp_path: Path) -> None:
    rows = [{"question": f"What is {at} + {at}?", "options": ["2", "3", "4"]} for at in (1, 2)]
    table = read(tmp_path, {**rows[0], "answer": "2"}, {**rows[1], "answer": "4"})
    assert table["answer"].to_list() == [0, 2]
    assert table["question_id"].is_unique().all()
    again = read(tmp_path, {**rows[1], "answer": "4"}, {"id": 7, **rows[0], "answer": "2"})
    assert again["question_id"].to_list() == [table["question_id"][1], "7"]


def test_columns_may_lie_within_others(tmp_path: Path) -> None:
    """As in ARC, whose options are a list of texts beside a list of letters."""
    row = {"question": "Which?", "choices": {"text": WORDS, "label": ["A", "B", "C"]}, "answerKey": "B"}
    file = tmp_path / "arc.jsonl"
    file.write_text(json.dumps(row))
    table = own_questions(file, {"options": "choices.text", "answer": "answerKey"})
    assert (table["options"].to_list(), table["answer"].to_list()) == ([WORDS], [1])
    with pytest.raises(
        TableError, match=r"column 'choices\.texts' is missing; there are: question, choices, ans"
    ):
        own_questions(file, {"options": "choices.texts"})


def test_a_question_without_id_that_stands_twice_is_said(tmp_path: Path) -> None:
    one = {"question": "Which?", "answer": "Mars"}
    with pytest.raises(
        TableError, match="line 3: column 'id' is null, and line 1 has the same question and opt"
    ):
        read(tmp_path, one, {"answer": "Mars"}, one)
    other = {**one, "options": [*WORDS, "Earth"]}
    assert read(tmp_path, one, other)["question_id"].n_unique() == 2


def test_columns_that_are_null_throughout_or_of_mixed_types_are_read_or_named(tmp_path: Path) -> None:
    rows = [{"id": at, "answer": "Mars", "topic": None, "difficulty": None} for at in range(150)]
    table = read(tmp_path, *rows, {"id": "last", "answer": 0, "topic": "stars"})
    assert table.schema["topic"] == table.schema["difficulty"] == pl.String
    assert table["topic"].drop_nulls().to_list() == ["stars"]
    with pytest.raises(TableError, match="line 151: column 'topic' is 3; expected a text"):
        read(tmp_path, *rows, {"id": "last", "answer": 0, "topic": 3})


def test_parquet_types_that_say_the_same_are_read_the_same(tmp_path: Path) -> None:
    plain = pl.DataFrame({
        "id": [1.0, 2.0], "question": ["a?", "b?"], "options": [WORDS, WORDS], "answer": [0.0, 2.0],
        "topic": ["x", "y"], "difficulty": [None, None],
    })  # fmt: skip
    typed = plain.with_columns(
        pl.col("topic").cast(pl.Categorical),
        pl.col("options").cast(pl.List(pl.Enum(WORDS))),
        pl.col("answer").cast(pl.UInt8),
        pl.col("id").cast(pl.Int16),
        pl.col("difficulty").cast(pl.Null),
    )
    tables = []
    for name, frame in {"plain": plain, "typed": typed}.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
        tables.append(own_questions(tmp_path / f"{name}.parquet", {}).drop("source"))
    assert tables[0].equals(tables[1])
    assert tables[0]["question_id"].to_list() == ["1", "2"]
    assert tables[0]["answer"].to_list() == [0, 2]


def test_a_key_of_json_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"question": "?", "options": ["a", "b"], "answer": "a", "answer": "b"}\n')
    with pytest.raises(
        TableError, match=r'line 1: the key "answer" stands twice in \{"question": .*; expected each key once'
    ):
        own_questions(file, {})
