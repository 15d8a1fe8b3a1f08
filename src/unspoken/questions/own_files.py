"""Files that users bring, of questions or of transcripts: every error names the file and the row."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from unspoken.files import digest_of
from unspoken.prompts.hints import LETTERS
from unspoken.questions.keys import Place, faulty_place, key_of
from unspoken.questions.options import bare_options, own_labels, plain
from unspoken.row_files import (
    Kind,
    Row,
    RowError,
    TypedRow,
    found_at,
    place,
    rows_in,
    shown,
    typed,
    wrong,
)
from unspoken.tables.base import TableError

log = logging.getLogger(__name__)
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
    seen: set[str] = set()
    for text in map(plain, options):
        if text in seen:
            raise ValueError(f"options that differ, and {shown(text)} stands twice")
        seen.add(text)
    return options


def _as_text(name: object) -> object:
    """Return the text of an integer, also of one that a file writes as 7.0; anything else as it is."""
    whole = type(name) is int or (isinstance(name, float) and name.is_integer())
    return str(int(name)) if whole else name  # type: ignore[call-overload]


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text without white space around it, and not blank."""
Name = Annotated[Text, BeforeValidator(_as_text)]
"""A row's own name: a text, or an integer, which becomes a text."""
Options = Annotated[list[Text], AfterValidator(_distinct)]


class QuestionRow(TypedRow):
    """A row of a file of questions."""

    id: Name | None
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
    of them have another name in the file, with dots into what is nested. An answer is the text of an option,
    its letter, or as an integer its place, which counts from 0; where it may name two options, none is
    guessed. Letters or numbers that a question's options carry in order are left out, as prompts have
    letters of their own; how often is
    logged. `id`, `topic` and `difficulty` (easy, hard) may be missing or null; so may `source`, which is then
    the file's name. Without `id` the digest of question and options stands for it. Raises TableError, which
    names file, line or row, and column, for the first row that is not so.
    """
    rows = parsed_rows(file, QuestionRow, columns, _question)
    _check_ids(file, rows)
    _settle_places(file, rows)
    labelled = [row for row in rows if row["labels"]]
    if labelled:
        first = labelled[0]
        log.info(
            "%s: options of %d of %d questions carry letters or numbers, which are left out: "
            "in %s '%s' is '%s'",
            file, len(labelled), len(rows), place(file, first["number"]),
            first["written"][0], first["options"][0],
        )  # fmt: skip
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
    return list(LETTERS[:count])


def _question(row: QuestionRow) -> Row:
    labels = own_labels(row.options)
    try:
        options = _distinct(bare_options(row.options, labels)) if labels else row.options
    except ValueError as error:
        raise error if isinstance(error, RowError) else wrong("options", row.options, str(error)) from None
    told = row.__dict__ | {"answer": key_of(row.answer, row.options, options, labels), "options": options}
    name = row.id or digest_of([row.question, options])
    made = {"question_id": name, "named": row.id is not None, "labels": labels, "written": row.options}
    return {column: told.get(column) for column in COMMON} | made


def _settle_places(file: Path, rows: list[Row]) -> None:
    """Put the place of the right option for each answer that is an integer. Raises TableError."""
    integers = [row for row in rows if isinstance(row["answer"], Place)]
    fault = faulty_place([row["answer"] for row in integers], [row["options"] for row in integers])
    if fault is not None:
        at, error = fault
        raise TableError(f"{file}: {place(file, integers[at]['number'])}: {error}")
    for row in integers:
        row["answer"] = row["answer"].value


def _check_ids(file: Path, rows: list[Row]) -> None:
    """Raise TableError for the first row whose id an earlier row has."""
    first: dict[str, int] = {}
    for row in rows:
        earlier = first.setdefault(row["question_id"], row["number"])
        if earlier == row["number"]:
            continue
        if row["named"]:
            fault = wrong("id", row["question_id"], f"ids that differ, and {place(file, earlier)} has it")
        else:
            fault = RowError(
                f"column 'id' is null, and {place(file, earlier)} has the same question and options; "
                "expected each question once, or ids"
            )
        raise TableError(f"{file}: {place(file, row['number'])}: {fault}")


def _renamed(row: Row, names: list[str], columns: dict[str, str]) -> Row:
    """Return a row under this project's names. Raises RowError for a column asked for and not there."""
    missing = [path for path in columns.values() if not found_at(row, path)[0]]
    if missing:
        raise RowError(f"column '{missing[0]}' is missing; there are: {', '.join(row)}")
    return {name: found_at(row, columns[name])[1] if name in columns else row.get(name) for name in names}
