"""Table of chains of thought: what a subject wrote to each prompt, and the answers read after it."""

import dataframely as dy
import polars as pl

from unspoken.tables.hints import HintPrompts


class Chains(HintPrompts):
    """One reply a row; log-probabilities are in nats, of each option's letter in their order."""

    prompt_id = dy.String(primary_key=True, min_length=1)
    subject = dy.String(primary_key=True, min_length=1)
    chain = dy.String()
    finish_reason = dy.String(nullable=True, check=lambda column: column.is_in(["stop", "length"]))
    n_tokens = dy.Int64(nullable=True, min=0)
    mean_logprob = dy.Float64(nullable=True)
    """Of the chain's tokens under the subject itself."""
    stated = dy.String(nullable=True, regex="^[A-Z]$")
    """The answer that a user's own transcript gives."""
    forced = dy.List(dy.Float64(), nullable=True)
    """After the chain and the beginning of the answer."""
    direct = dy.List(dy.Float64(), nullable=True)
    """With no chain: of unhinted prompts alone."""
    engine = dy.String()
    engine_version = dy.String()
    reproducible = dy.Bool()
    created_at = dy.String()

    @dy.rule()
    def readings_are_of_every_option(cls) -> pl.Expr:
        """A reading has as many log-probabilities as there are options."""
        sizes = [pl.col(name).list.len() == pl.col("n_options") for name in ("forced", "direct")]
        return pl.all_horizontal(size.fill_null(value=True) for size in sizes)
