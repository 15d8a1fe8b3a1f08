"""TruthfulQA as a choice between two: the best answer, and the best of the wrong ones (Lin et al. 2021)."""

import logging
from pathlib import Path

import polars as pl

from unspoken.questions.own_files import COMMON
from unspoken.row_files import rows_in
from unspoken.tables.base import TableError

log = logging.getLogger(__name__)
WRONG = "best_incorrect_answer"
LISTED = "incorrect_answers"
NEEDED = ("question", "best_answer")


def truthful_questions(table: pl.DataFrame) -> pl.DataFrame:
    """Return TruthfulQA with the columns of COMMON, the right option first.

    Columns as the authors' file has them (Question, Best Answer, Best Incorrect Answer, Category), or in
    small letters with underscores, as on the hub. Where there is no best wrong answer, as in older editions,
    the first of Incorrect Answers stands for it, which is logged. The id is the row's place: editions differ
    in it. Raises polars' ColumnNotFoundError for a column that lacks.
    """
    named = table.rename(lambda name: name.strip().lower().replace(" ", "_"))
    lacking = [name for name in NEEDED if name not in named.columns]
    if lacking or not {WRONG, LISTED} & set(named.columns):
        raise pl.exceptions.ColumnNotFoundError(lacking[0] if lacking else WRONG)
    if WRONG not in named.columns:
        log.info("no column '%s': the first of '%s' stands for it", WRONG, LISTED)
        listed = pl.col(LISTED)
        listed = listed if named.schema[LISTED] == pl.List(pl.String) else listed.str.split(";")
        named = named.with_columns(listed.list.first().alias(WRONG))
    options = pl.concat_list("best_answer", WRONG).list.eval(pl.element().str.strip_chars())
    topic = "category" if "category" in named.columns else pl.lit(None, pl.String)
    return (
        named.with_row_index("row", offset=1)
        .select(
            question_id=pl.format("truthful-{}", pl.col("row").cast(pl.String).str.zfill(4)),
            question=pl.col("question").str.strip_chars(),
            options=options,
            answer=pl.lit(0),
            topic=topic,
            difficulty=pl.lit(None, pl.String),
            source=pl.lit("truthful_qa"),
        )
        .select(pl.col(name).cast(kind) for name, kind in COMMON.items())
    )


def truthful_file(file: Path) -> pl.DataFrame:
    """Return the questions of a file in the published format: CSV, or rows as JSON lines or Parquet.

    Raises TableError, which names file and row, for a file that cannot be read or has other columns, and for
    a question that is blank or whose answers are blank or the same.
    """
    if file.suffix == ".csv":
        try:
            table = pl.read_csv(file, infer_schema=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise TableError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from error
    else:
        table = pl.DataFrame([row for _, row in rows_in(file, TableError)], infer_schema_length=None)
    try:
        questions = truthful_questions(table)
    except pl.exceptions.ColumnNotFoundError as error:
        raise TableError(
            f"{file}: column '{error}' is missing; there are: {', '.join(table.columns)}"
        ) from error
    if questions.is_empty():
        raise TableError(f"{file}: it has no rows")
    options = pl.col("options")
    fit = (pl.col("question") != "") & (options.list.n_unique() == 2) & ~options.list.contains("")
    unfit = questions.with_row_index("row", offset=1).filter(
        ~fit.fill_null(value=False) | options.list.contains(None)
    )
    if unfit.height:
        row = unfit.row(0, named=True)
        raise TableError(
            f"{file}: row {row['row']}: got {row['question']!r} with {row['options']}; "
            "expected a question and two answers that differ"
        )
    return questions
