"""Prompts, replies and readings of chains of thought that tests write by hand."""

from typing import Any

import polars as pl

from unspoken.answers.thinking import split_at_thinking
from unspoken.experiments.faithfulness.hinted import CONDITIONS
from unspoken.tables.prompts import Prompts, as_prompts
from unspoken.tables.readings import Readings
from unspoken.tables.replies import Replies

LETTERS = "ABCDEFGH"
TYPES: dict[str, Any] = {
    "prompt_id": pl.String, "item": pl.String, "arm": pl.String, "user": pl.String,
    "options": pl.List(pl.String), **dict.fromkeys(CONDITIONS, pl.String),
    "subject": pl.String, "text": pl.String, "finish_reason": pl.String, "n_tokens": pl.Int64,
    "stated": pl.String, "after": pl.List(pl.Float64), "alone": pl.List(pl.Float64),
}  # fmt: skip
"""What a chain is told by: its prompt, what was written, and the readings after it and without it."""


def chain_tables(rows: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the tables of prompts, replies and readings of chains, each with some of TYPES."""
    told = pl.DataFrame(rows, schema_overrides=TYPES)
    told = told.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in TYPES.items() if name not in told.columns
    )
    prompts = as_prompts(told.unique("prompt_id", maintain_order=True), CONDITIONS)
    replies = pl.concat([told, split_at_thinking(told["text"])], how="horizontal").with_columns(
        study=pl.lit("test"), experiment=pl.lit("faithfulness"), sample_index=pl.lit(0, pl.Int64),
        reply_id=pl.format("{}:{}:0", "subject", "prompt_id"), prompt="user", engine=pl.lit("scripted"),
        engine_version=pl.lit("1"), reproducible=pl.lit(value=True), created_at=pl.lit("2026-01-01"),
    )  # fmt: skip
    replies = pl.concat([Replies.create_empty(), replies], how="diagonal")
    read = told.unpivot(
        ["after", "alone"], index=["subject", "prompt_id"], variable_name="reading", value_name="logprobs"
    ).drop_nulls("logprobs")
    choices = [list(LETTERS[: len(one)]) for one in read["logprobs"]]
    readings = read.with_columns(
        choices=pl.Series(choices, dtype=pl.List(pl.String)), position=pl.lit(0, pl.Int64)
    )
    return tuple(  # type: ignore[return-value]
        schema.validate(table.select(schema.column_names()))
        for schema, table in ((Prompts, prompts), (Replies, replies), (Readings, readings))
    )
