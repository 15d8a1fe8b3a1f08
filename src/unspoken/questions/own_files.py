"""Files that users bring, of questions or of transcripts: every error names the file and the row."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from unspoken.row_files import Kind, Row, RowError, TypedRow, place, rows_in, shown, typed, wrong
from unspoken.tables.base import TableError

Columns = dict[str, type[pl.DataType] | pl.DataType]
COMMON: Columns = {
    "question_id": pl.String,
    "question": pl.String,
    "options": pl.List(pl.String),
    "answer": pl.Int64,
    "topic": pl.String,
    "difficulty": pl.String,
    "source": pl.String,
}
"""Questions of every source, their options in the file's order; `answer` is the right one's place, from 0."""
MOST_OPTIONS = 26


def _distinct(options: list[str]) -> list[str]:
    """Return options that can be asked. Raises ValueError, which says what is expected."""
    if not 2 <= len(options) <= MOST_OPTIONS:
        raise ValueError(f"2 to {MOST_OPTIONS} options, not {len(options)}")
    twice = next((text for at, text in enumerate(options) if text in options[:at]), None)
    if twice is not None:
        raise ValueError(f"options that differ, and {shown(twice)} stands twice")
    return options


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text without white space around it, and not blank."""
Name = Annotated[Text, BeforeValidator(lambda name: str(name) if type(name) is int else name)]
"""A row's own name: a text, or an integer, which becomes a text."""
Options = Annotated[list[Text], AfterValidator(_distinct)]


class QuestionRow(TypedRow):
    """A row of a file of questions."""

    id: Name
    question: Text
    options: Options = Field(description="a list of texts")
    answer: object
    """What it may be depends on the options."""
    topic: Text | None
    difficulty: Literal["easy", "hard"] | None = Field(description="easy, hard or null")
    source: Text | None


def own_questions(file: Path, columns: dict[str, str]) -> pl.DataFrame:
    """Return the questions of a user's file, in its order, with the columns of COMMON.

    The file is JSON lines (.jsonl, .ndjson) or .parquet with the columns of QuestionRow; `columns` says which
    of them have another name in the file. An answer is the text of an option, its letter, or as an
    integer its place, which counts from 0. `topic` and `difficulty` (easy, hard) may be missing or
    null; so may `source`, which is then the file's name. Raises TableError, which names file, line
    or row, and column, for the first row that is not so.
    """
    rows = parsed_rows(file, QuestionRow, columns, _question)
    _check_ids(file, rows)
    return pl.DataFrame(rows, schema=COMMON).with_columns(pl.col("source").fill_null(file.name))


def parsed_rows(
    file: Path, kind: type[Kind], columns: dict[str, str], parse: Callable[[Kind], Row]
) -> list[Row]:
    """Return every row of a file as `parse` makes it, with its `number` in the file added.

    `parse` gets a row of a `kind`, whose fields are this project's names: `columns` says by which name
    the file has them, where it differs. A column that is missing, and was not asked for in `columns`, is
    null. Numbers count from 1: lines of JSON lines, blank lines too, or rows of Parquet. Raises TableError,
    which names file and place, for the first row that is no row, or not of its kind, or that `parse`
    raises RowError for, and for a file that is missing, of another kind or empty.
    """
    names = list(kind.model_fields)
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise TableError(f"{file}: columns: got '{unknown[0]}'; expected some of {', '.join(names)}")
    rows = []
    for number, row in rows_in(file, TableError):
        try:
            rows.append({**parse(typed(kind, _renamed(row, names, columns))), "number": number})
        except RowError as error:
            raise TableError(f"{file}: {place(file, number)}: {error}") from None
    return rows


def letters(count: int) -> list[str]:
    """Return the letters of so many options: A, B, ..."""
    return [chr(ord("A") + place) for place in range(count)]


def _question(row: QuestionRow) -> Row:
    told = row.__dict__ | {"question_id": row.id, "answer": _answer(row.answer, row.options)}
    return {name: told[name] for name in COMMON}


def _answer(answer: object, options: list[str]) -> int:
    """Return the place of the right option, from 0. Raises RowError for what names none, or two."""
    names = letters(len(options))
    last = len(options) - 1
    expected = f"the text of an option, a letter from A to {names[last]}, or a place from 0 to {last}"
    if isinstance(answer, int) and not isinstance(answer, bool):
        if not 0 <= answer <= last:
            raise wrong("answer", answer, expected)
        return answer
    if not isinstance(answer, str):
        raise wrong("answer", answer, expected)
    text = answer.strip()
    places = {known.index(text) for known in (options, names) if text in known}
    if not places:
        raise wrong("answer", answer, expected)
    if len(places) == 2:
        raise wrong(
            "answer", answer, f"a place from 0 to {last}: one option has it as text, another as letter"
        )
    return places.pop()


def _check_ids(file: Path, rows: list[Row]) -> None:
    """Raise TableError for the first row whose id an earlier row has."""
    first: dict[str, int] = {}
    for row in rows:
        earlier = first.setdefault(row["question_id"], row["number"])
        if earlier != row["number"]:
            fault = wrong("id", row["question_id"], f"ids that differ, and {place(file, earlier)} has it")
            raise TableError(f"{file}: {place(file, row['number'])}: {fault}")


def _renamed(row: Row, names: list[str], columns: dict[str, str]) -> Row:
    """Return a row under this project's names. Raises RowError for a column asked for and not there."""
    missing = [name for name in columns.values() if name not in row]
    if missing:
        raise RowError(f"column '{missing[0]}' is missing; there are: {', '.join(row)}")
    return {name: row.get(columns.get(name, name)) for name in names}
