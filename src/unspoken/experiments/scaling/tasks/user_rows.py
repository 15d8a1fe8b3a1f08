"""Rows of users' own files, of students or of questions: CSV too, beside what `row_files` reads.

The front door reads the names of a file's columns here before any job starts, so nothing heavy is imported.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from unspoken.experiments.scaling.tasks.drawing import TaskError
from unspoken.row_files import LINES, Row, RowError, place, rows_in, wrong

SUFFIXES = (".csv", *LINES, ".json", ".parquet")
"""How a user's file may end."""
QUESTION_COLUMNS = {
    "question": "question",
    "matching": "answer_matching_behavior",
    "not_matching": "answer_not_matching_behavior",
}
"""What is read of a question, and how published sets call it."""


def user_rows(file: Path) -> Iterator[tuple[int, Row]]:
    """Yield each row of a file with its number, counted from 1; of CSV values are texts.

    Raises TaskError, which names file and row, for a file that is missing, empty or not of its kind.
    """
    yield from _csv_rows(file) if file.suffix == ".csv" else rows_in(file, TaskError)


def _csv_rows(file: Path) -> Iterator[tuple[int, Row]]:
    number = 0
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            for number, row in enumerate(csv.DictReader(lines, strict=True), 1):
                if None in row or None in row.values():
                    raise TaskError(f"{file}: row {number}: expected as many values as columns")
                yield number, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskError(f"{file}: row {number + 1}: cannot be read as CSV in UTF-8: {error}") from None
    if number == 0:
        raise TaskError(f"{file}: it has no rows")


def columns_of(file: Path) -> list[str]:
    """Return the columns of a file's first row. Raises TaskError for a file that cannot be read."""
    return list(next(user_rows(file))[1])


def value_in(row: Row, column: str) -> object:
    """Return a row's value. Raises RowError for a column that the row lacks."""
    if column not in row:
        raise RowError(f"column '{column}' is missing; there are: {', '.join(row)}")
    return row[column]


def number_in(row: Row, column: str) -> float:
    """Return a row's number, which CSV writes as a text. Raises RowError for anything else."""
    value = value_in(row, column)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise wrong(column, value, "a number") from None


def rank_in(row: Row, column: str, order: list[str]) -> float:
    """Return the place of a row's word in an order of words, from 0. Raises RowError for another word."""
    value = value_in(row, column)
    if value not in order:
        raise wrong(column, value, f"one of {', '.join(order)}")
    return float(order.index(str(value)))


def at_row(file: Path, number: int, error: RowError) -> TaskError:
    """Return the error for a row, with file and row."""
    return TaskError(f"{file}: {place(file, number)}: {error}")
