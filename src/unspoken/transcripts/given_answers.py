"""Whether a file's column `answer`, taken by its name, says what was replied or which option is right."""

from pathlib import Path

import polars as pl

from unspoken.answers.parsing import parsed_answers
from unspoken.row_files import place, shown
from unspoken.tables.base import TableError
from unspoken.transcripts.arms import TURN

MOST_APART = 0.1
"""The share of replies that may state another answer than their file gives: parsers differ."""


def check_answers(file: Path, told: pl.DataFrame, replies: pl.Series) -> None:
    """Raise TableError where a column `answer` is not what the replies state, naming the first such row.

    `told` has PLAIN, `replies` their texts without thinking. Too many differ; or any does, and each
    question has one `answer` with a hint and without, as the right option would be in many data sets.
    """
    asked = told.select(
        *TURN, "number", "arm", "stated", "finish_reason", "n_options",
        pl.col("options").fill_null([]), reply=replies,
    ).filter(pl.col("stated").is_not_null())  # fmt: skip
    read = pl.concat([asked, parsed_answers(asked)], how="horizontal").drop_nulls("free")
    apart = read.filter(pl.col("free") != pl.col("stated"))
    if apart.is_empty() or (apart.height <= MOST_APART * read.height and not _one_each(asked)):
        return
    first = apart.row(0, named=True)
    raise TableError(
        f"{file}: {place(file, first['number'])}: column 'answer' is {shown(first['stated'])} and the reply"
        f" states {first['free']} (so in {apart.height} of {read.height} rows); expected what was replied:"
        " call the right option `key`, or say by columns: {answer: answer} that it is the answer all the same"
    )


def _one_each(asked: pl.DataFrame) -> bool:
    """Whether each question has one answer in all its rows, though some are asked in several ways."""
    questions = asked.group_by(TURN).agg(pl.col("stated", "arm").n_unique())
    return (questions["stated"] == 1).all() and (questions["arm"] > 1).any()
