"""A user's own transcripts: replies to multiple-choice questions, with and without a hint."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field, StringConstraints

from unspoken.answers.thinking import split_at_thinking
from unspoken.files import digest_of, sha256_of_file
from unspoken.questions.own_files import MOST_OPTIONS, Columns, Name, Options, Text, letters, parsed_rows
from unspoken.row_files import Row, TypedRow, place, wrong
from unspoken.tables.base import TableError
from unspoken.tables.prompts import as_prompts
from unspoken.tables.replies import Replies

USUAL_OPTIONS = 4
KNOWN: Columns = {
    "number": pl.Int64,
    "subject": pl.String,
    "question_id": pl.String,
    "hinted": pl.Boolean,
    "kind": pl.String,
    "target": pl.String,
    "key": pl.String,
    "n_options": pl.Int64,
    "options": pl.List(pl.String),
    "user": pl.String,
    "chain": pl.String,
    "stated": pl.String,
}
"""What a transcript tells."""
TURN = ["subject", "question_id"]
Whole = Annotated[str, StringConstraints(pattern=r"\S")]
"""A text that is not blank, with the white space around it."""


class Reply(TypedRow):
    """A row of a file of transcripts."""

    question: Text
    hinted: bool
    kind: object
    chain: Whole
    answer: object
    """A letter of an option, as target and key: which there are depends on the options."""
    id: Name | None
    target: object
    key: object
    options: Options | None = Field(description="a list of texts")
    n_options: Annotated[int, Field(ge=2, le=MOST_OPTIONS)] | None = Field(
        description=f"an integer from 2 to {MOST_OPTIONS}"
    )
    prompt: Whole | None
    subject: Text | None


CONDITIONS = ("kind", "target", "key", "n_options", "hint")
"""What is known of a transcript's prompt beside question, arm and options."""


def transcript_tables(
    file: Path, columns: dict[str, str], kinds: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the prompts and the replies in a user's file, in its order: `Prompts`, and `Replies` without
    study and experiment.

    The file is JSON lines or Parquet with the columns of Reply; `columns` says which of them have
    another name in it, `kinds` lists the known kinds of hint. `question`, `hinted` and `chain` are
    needed, in hinted rows `kind` and `target` too, and only there. `answer`, `target` and `key` are
    letters by the order in which options were shown; of an answer that is null, the chain itself
    must tell. Without `id` the question's digest stands for it, without `options` there are
    `n_options` of them, or 4, and without `prompt` the question stands for what the subject read.

    Each subject's first row of a question without a hint is `unhinted`, a second one `sham`; each
    hinted row needs one. Rows of one question must agree on options and key. Raises TableError,
    which names file, line or row, and column.
    """
    rows = parsed_rows(file, Reply, columns, partial(_reply, kinds=kinds))
    replies = pl.DataFrame(rows, schema=KNOWN).with_columns(
        askings=(~pl.col("hinted")).cum_sum().over(TURN), unhinted=(~pl.col("hinted")).sum().over(TURN)
    )
    _check_questions(file, replies)
    asked = pl.when(pl.col("askings") == 1).then(pl.lit("unhinted")).otherwise(pl.lit("sham"))
    told = replies.with_columns(
        # Named by their place in the file, so that a reader finds the row again there.
        prompt_id=pl.format("row-{}", pl.col("number").cast(pl.String).str.zfill(9)),
        arm=pl.when("hinted").then(pl.lit("hint")).otherwise(asked),
        hint=pl.lit(""),
    )
    return as_prompts(told.rename({"question_id": "item"}), CONDITIONS), _as_replies(told, file)


def _as_replies(told: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Return what was told as replies; what a transcript does not tell is null."""
    replies = pl.concat([told, split_at_thinking(told["chain"])], how="horizontal").select(
        "subject",
        "prompt_id",
        "stated",
        "thinking",
        "reply",
        reply_id=pl.format("{}:{}:0", "subject", "prompt_id"),
        sample_index=pl.lit(0, pl.Int64),
        prompt="user",
        engine=pl.lit("file"),
        engine_version=pl.lit(sha256_of_file(file)[:16]),
        reproducible=pl.lit(True),
        created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    )
    return pl.concat([Replies.create_empty(), replies], how="diagonal")


def _reply(row: Reply, kinds: Sequence[str]) -> Row:
    """Return what a row tells, as KNOWN has it. Raises RowError."""
    size = _size(row.n_options, row.options)
    return {
        "subject": row.subject or "transcripts",
        "question_id": row.id or digest_of(row.question),
        "hinted": row.hinted,
        "kind": _kind(row, kinds),
        "target": _target(row, size),
        "key": _letter(row, "key", size),
        "n_options": size,
        "options": row.options,
        "user": row.prompt or row.question,
        "chain": row.chain,
        "stated": _letter(row, "answer", size),
    }


def _size(count: int | None, options: list[str] | None) -> int:
    """Return how many options a question has. Raises RowError for another count than there are."""
    if count is None:
        return len(options) if options else USUAL_OPTIONS
    if options and len(options) != count:
        raise wrong("n_options", count, f"{len(options)}, as many as there are options")
    return count


def _letter(row: Reply, column: str, size: int) -> object:
    """Return the letter of an option, or None where the column is null. Raises RowError."""
    value = getattr(row, column)
    if value is not None and value not in letters(size):
        raise wrong(column, value, f"a letter from A to {letters(size)[-1]}")
    return value


def _target(row: Reply, size: int) -> object:
    target = _letter(row, "target", size)
    if row.hinted and target is None:
        raise wrong("target", target, "the letter to which the hint points, as the row is hinted")
    if not row.hinted and target is not None:
        raise wrong("target", target, "null, as the row has no hint")
    return target


def _kind(row: Reply, kinds: Sequence[str]) -> object:
    kind, known = row.kind, f"one of {', '.join(kinds)}"
    if row.hinted and kind not in kinds:
        raise wrong("kind", kind, known + ", as the row is hinted" * (kind is None))
    if not row.hinted and kind is not None:
        raise wrong("kind", kind, "null, as the row has no hint")
    return kind


def _check_questions(file: Path, replies: pl.DataFrame) -> None:
    """Raise TableError for the first row that does not go with the others of its question."""
    for column in ("n_options", "options", "key"):
        first = pl.col(column).drop_nulls().first().over(TURN)
        differs = replies.filter((pl.col(column) != first).fill_null(value=False))
        _check_none(file, differs, f"column '{column}' differs from an earlier row of the same question")
    hinted, unhinted = pl.col("hinted"), pl.col("unhinted")
    third = replies.filter(~hinted & (pl.col("askings") > 2))
    _check_none(file, third, "a third row of its question without a hint; expected two at most")
    alone = replies.filter(hinted & (unhinted == 0))
    fault = (
        "a hinted row of a question that has no row without a hint; expected one of this subject and question"
    )
    _check_none(file, alone, fault)


def _check_none(file: Path, faulty: pl.DataFrame, fault: str) -> None:
    if faulty.height:
        more = f" (so have {faulty.height - 1} more rows)" if faulty.height > 1 else ""
        raise TableError(f"{file}: {place(file, faulty['number'][0])}: {fault}{more}")
