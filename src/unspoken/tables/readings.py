"""Table of exact log-probabilities that were read beside replies."""

import dataframely as dy
import polars as pl

READINGS = ("after", "alone", "at")
"""after: the answer after a reply's reasoning; alone: the answer with no reply; at: the next word at a
place within the reply, which `position` counts from 0."""


class Readings(dy.Schema):
    """One place a row, with the log-probability of each choice there, in nats."""

    subject = dy.String(primary_key=True, min_length=1)
    prompt_id = dy.String(primary_key=True, min_length=1)
    reading = dy.String(primary_key=True, check=lambda column: column.is_in(READINGS))
    position = dy.Int64(primary_key=True, min=0)
    choices = dy.List(dy.String(min_length=1), min_length=1)
    logprobs = dy.List(dy.Float64(max=1e-9))

    @dy.rule()
    def every_choice_is_read(cls) -> pl.Expr:
        """There are as many log-probabilities as choices."""
        return pl.col("choices").list.len() == pl.col("logprobs").list.len()
