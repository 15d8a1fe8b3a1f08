"""A user's own transcripts as tables: replies to multiple-choice questions, with and without a hint."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from unspoken.answers.hidden import HIDDEN
from unspoken.answers.thinking import split_at_thinking
from unspoken.files import sha256_of_file
from unspoken.tables.base import TableError
from unspoken.tables.prompts import as_prompts
from unspoken.tables.replies import Replies
from unspoken.transcripts.arms import with_arms
from unspoken.transcripts.formats import Format, recognised
from unspoken.transcripts.given_answers import check_answers
from unspoken.transcripts.question_ids import QuestionIds
from unspoken.transcripts.replies import ReplyRows, Thinking
from unspoken.transcripts.said import marked
from unspoken.transcripts.settings import check_settings
from unspoken.transcripts.subjects import check_repeats, check_subjects, who_answered
from unspoken.transcripts.told import PLAIN

log = logging.getLogger("import_transcripts")
CONDITIONS = ("kind", "target", "key", "n_options", "hint")
"""What is known of a transcript's prompt beside question, arm and options."""


@dataclass(frozen=True)
class Entry:
    """An entry of `transcripts` in the study: its name, and how its file is read."""

    name: str
    """Who answered, where no column of `columns` says it."""
    columns: dict[str, str] = field(default_factory=dict)
    format: Format | Literal["auto"] = "auto"
    thinking: Thinking = "marked"


def transcript_tables(file: Path, entry: Entry, kinds: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the prompts and the replies in a user's file, in its order: `Prompts`, and `Replies` without
    study and experiment.

    The file is of one of the formats (`transcripts.formats`); `columns` says which of its columns have what
    Reply names, `kinds` lists the known kinds of hint. Hinted rows need `kind` and `target`. Of an answer
    that is null, the reply itself must tell. Without `id` the question's text stands for it, and without
    `prompt` for what the subject read. Each hinted row needs one of its subject and question without a
    hint; `transcripts.arms` says which rows are samples of one prompt. Raises TableError, which names file,
    line or row, and column.
    """
    name = recognised(file, entry.columns) if entry.format == "auto" else entry.format
    log.info("%s: read as %s%s", file, name, " (recognised)" if entry.format == "auto" else "")
    rows = list(ReplyRows(file, name, entry.columns, kinds, entry.thinking))
    if not rows:
        raise TableError(f"{file}: it has no replies")
    mapped = "subject" in entry.columns
    for row in rows:
        row["subject"] = row["subject"] if mapped else entry.name
    QuestionIds(file, name).add_to(rows)
    if not mapped:
        check_subjects(file, rows)
        check_repeats(file, rows)
    check_settings(file, rows)
    plain = [{column: row[column] for column in PLAIN} for row in rows]
    told = with_arms(file, pl.DataFrame(plain, schema=PLAIN)).with_columns(
        # Named by their place in the file, so that a reader finds the row again there.
        prompt_id=pl.format(
            "row-{}{}",
            pl.col("number").cast(pl.String).str.zfill(9),
            pl.when(pl.col("part") > 0).then(pl.format(".{}", "part")).otherwise(pl.lit("")),
        ),
        hint=pl.lit(""),
    )
    log.info(who_answered(told))
    if told.filter(pl.col("arm") != "unhinted").is_empty():
        log.info("no reply has a hint: accuracy, outcomes and legibility alone can be measured")
    if told["key"].is_null().all():
        log.info("no question has a key: accuracy cannot be measured")
    replies = _as_replies(told, file, hides=name != "rows")
    if "answer" not in entry.columns:
        check_answers(file, told, replies["reply"])
    return as_prompts(told.rename({"question_id": "item"}), CONDITIONS), replies


def _as_replies(told: pl.DataFrame, file: Path, *, hides: bool) -> pl.DataFrame:
    """Return what was told as replies; what a transcript does not tell is null.

    With `hides`, thinking that is counted and stands nowhere is hidden: so it is in logs of some makers.
    """
    replies = told.select(
        "subject", "prompt_id", "stated", "sample_index", "system", "finish_reason", "n_tokens",
        "thinking_tokens",
        reply_id=pl.format("{}:{}:{}", "subject", "prompt_id", "sample_index"),
        prompt="user",
        engine=pl.lit("file"),
        engine_version=pl.lit(sha256_of_file(file)[:16]),
        reproducible=pl.lit(True),
        created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    )  # fmt: skip
    split = split_at_thinking(told["chain"], is_open=told["opened"])
    is_hidden = (told["thinking_tokens"] > 0).fill_null(value=False) & split["thinking"].is_null() & hides
    if is_hidden.any():
        log.warning("%d replies have thinking that is counted and not told: %s", is_hidden.sum(), HIDDEN)
        split = split.with_columns(
            thinking=pl.when(is_hidden).then(pl.lit(marked(HIDDEN))).otherwise("thinking")
        )
    return pl.concat([Replies.create_empty(), pl.concat([replies, split], how="horizontal")], how="diagonal")
