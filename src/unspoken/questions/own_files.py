"""Files that users bring, of questions or of transcripts: every error names the file and the row."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

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
QUESTION_COLUMNS = ("id", "question", "options", "answer", "topic", "difficulty", "source")
MOST_OPTIONS = 26
Row = dict[str, Any]


class RowError(ValueError):
    """What is wrong with one row: the column, what was found, what is expected."""


def own_questions(file: Path, columns: dict[str, str]) -> pl.DataFrame:
    """Return the questions of a user's file, in its order, with the columns of COMMON.

    The file is JSON lines (.jsonl, .ndjson) or .parquet with QUESTION_COLUMNS; `columns` says which
    of them have another name in the file. An answer is the text of an option, its letter, or as an
    integer its place, which counts from 0. `topic` and `difficulty` (easy, hard) may be missing or
    null; so may `source`, which is then the file's name. Raises TableError, which names file, line
    or row, and column, for the first row that is not so.
    """
    rows = parsed_rows(file, QUESTION_COLUMNS, columns, _question)
    _check_ids(file, rows)
    return pl.DataFrame(rows, schema=COMMON).with_columns(pl.col("source").fill_null(file.name))


def parsed_rows(
    file: Path, names: tuple[str, ...], columns: dict[str, str], parse: Callable[[Row], Row]
) -> list[Row]:
    """Return every row of a file as `parse` makes it, with its `number` in the file added.

    `parse` gets a row under this project's `names`: `columns` says by which name the file has them,
    where it differs. A column that is missing, and was not asked for in `columns`, is null. Numbers
    count from 1: lines of JSON lines, blank ones too, or rows of Parquet. Raises TableError, which
    names file and place, for the first row that is no row or that `parse` raises RowError for, and
    for a file that is missing, of another kind or empty.
    """
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise TableError(f"{file}: columns: got '{unknown[0]}'; expected some of {', '.join(names)}")
    rows = []
    for number, row in _rows_in(file):
        try:
            rows.append({**parse(_renamed(row, names, columns)), "number": number})
        except RowError as error:
            raise TableError(f"{file}: {place(file, number)}: {error}") from None
    if not rows:
        raise TableError(f"{file}: it has no rows")
    return rows


def place(file: Path, number: int) -> str:
    """Return how a message calls a row: by its line, in JSON lines, or as a row of Parquet."""
    return f"{'row' if file.suffix == '.parquet' else 'line'} {number}"


def wrong(column: str, value: Any, expected: str) -> RowError:
    """Return the error for a value that is not what its column should have."""
    return RowError(f"column '{column}' is {_shown(value)}; expected {expected}")


def text_in(row: Row, column: str) -> str:
    """Return a column's text without white space around it. Raises RowError for no text, or a blank one."""
    value = row[column]
    if not isinstance(value, str) or not value.strip():
        raise wrong(column, value, "a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RowError(f"column '{column}' has half a character (a lone surrogate)") from None
    return value.strip()


def optional_text_in(row: Row, column: str) -> str | None:
    """Return `text_in`, or None where the column is null."""
    return None if row[column] is None else text_in(row, column)


def name_in(row: Row, column: str) -> str:
    """Return a row's own name, a text or an integer, as a text. Raises RowError."""
    value = row[column]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_in(row, column)


def options_in(row: Row, column: str) -> list[str]:
    """Return a column's list of 2 to 26 texts that differ, each as `text_in`. Raises RowError."""
    values = row[column]
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise wrong(column, values, "a list of texts")
    texts = [text_in({column: value}, column) for value in values]
    if not 2 <= len(texts) <= MOST_OPTIONS:
        raise wrong(column, values, f"2 to {MOST_OPTIONS} options, not {len(texts)}")
    twice = next((text for at, text in enumerate(texts) if text in texts[:at]), None)
    if twice is not None:
        raise wrong(column, values, f"options that differ, and {_shown(twice)} stands twice")
    return texts


def letters(count: int) -> list[str]:
    """Return the letters of so many options: A, B, ..."""
    return [chr(ord("A") + place) for place in range(count)]


def _shown(value: Any) -> str:
    """Return a value as a message shows it: as JSON, and short."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _question(row: Row) -> Row:
    options = options_in(row, "options")
    difficulty = optional_text_in(row, "difficulty")
    if difficulty not in (None, "easy", "hard"):
        raise wrong("difficulty", difficulty, "easy, hard or null")
    return {
        "question_id": name_in(row, "id"),
        "question": text_in(row, "question"),
        "options": options,
        "answer": _answer(row["answer"], options),
        "topic": optional_text_in(row, "topic"),
        "difficulty": difficulty,
        "source": optional_text_in(row, "source"),
    }


def _answer(answer: Any, options: list[str]) -> int:
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


def _renamed(row: Row, names: tuple[str, ...], columns: dict[str, str]) -> Row:
    """Return a row under this project's names. Raises RowError for a column asked for and not there."""
    missing = [name for name in columns.values() if name not in row]
    if missing:
        raise RowError(f"column '{missing[0]}' is missing; there are: {', '.join(row)}")
    return {name: row.get(columns.get(name, name)) for name in names}


def _rows_in(file: Path) -> Iterator[tuple[int, Row]]:
    readers = {".jsonl": _json_rows, ".ndjson": _json_rows, ".parquet": _parquet_rows}
    if file.suffix not in readers:
        raise TableError(f"{file}: expected a file that ends in {', '.join(readers)}")
    if not file.is_file():
        raise TableError(f"{file}: there is no such file")
    return readers[file.suffix](file)


def _json_rows(file: Path) -> Iterator[tuple[int, Row]]:
    """Yield the number and object of each line that is not blank."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, _json_object(line, f"{file}: {place(file, number)}", first=number == 1)


def _json_object(line: bytes, where: str, *, first: bool) -> Row:
    try:
        row = json.loads(line.decode("utf-8-sig" if first else "utf-8"))
    except UnicodeDecodeError as error:
        found = f"its byte {error.start + 1} is {error.object[error.start]:#04x}"
        raise TableError(f"{where}: not UTF-8 ({found}); expected a file saved as UTF-8") from None
    except ValueError as error:
        raise TableError(f"{where}: not a line of JSON: {error}") from None
    if not isinstance(row, dict):
        raise TableError(f"{where}: got {_shown(row)}; expected an object of columns")
    return row


def _parquet_rows(file: Path) -> Iterator[tuple[int, Row]]:
    """Yield the number and columns of each row, a part of the file at a time."""
    from pyarrow import ArrowException, parquet

    number = 0
    try:
        with parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=10_000):
                for row in batch.to_struct_array():
                    number += 1
                    yield number, row.as_py()
    except UnicodeDecodeError:
        raise TableError(f"{file}: {place(file, number)}: not UTF-8; expected texts in UTF-8") from None
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{file}: cannot be read as Parquet: {reason}") from None
