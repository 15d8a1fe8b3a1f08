"""Table of the `probe` stage."""

import dataframely as dy
import polars as pl


class Answers(dy.Schema):
    """One answer a row: sampled text, or the exact log-probability of one choice."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(primary_key=True)
    prompt_id = dy.String(primary_key=True)
    kind = dy.String(primary_key=True, check=lambda column: column.is_in(["sampled", "choice"]))
    sample_index = dy.Int64(primary_key=True, min=0)
    prompt_set = dy.String(min_length=1)
    form = dy.Int64(min=0)
    held_out = dy.Bool()
    system = dy.String(nullable=True)
    prompt = dy.String(min_length=1)
    answer = dy.String()
    logprob = dy.Float64(nullable=True)
    finish_reason = dy.String(nullable=True)
    n_tokens = dy.Int64(nullable=True)
    temperature = dy.Float64(nullable=True)
    engine = dy.String()
    engine_version = dy.String()
    reproducible = dy.Bool()
    created_at = dy.String()

    @dy.rule()
    def choices_have_a_logprob(cls) -> pl.Expr:
        """A sampled answer has none, a choice always one."""
        return pl.col("logprob").is_not_null() == (pl.col("kind") == "choice")
