"""Chains of thought as their scorers need them: prompts, replies and readings in one table."""

import polars as pl

from unspoken.answers.thinking import whole_text
from unspoken.tables.prompts import condition

TEXTS = ("kind", "wording", "target", "key", "difficulty", "stratum", "hint")
"""Conditions of a prompt that are texts."""


class ChainsError(ValueError):
    """Tables that do not belong together; the message says where."""


def _asked(prompts: pl.DataFrame) -> pl.DataFrame:
    """Return what scorers need of each prompt; without options, the condition n_options counts them."""
    known = pl.col("options").list.len().cast(pl.Int64)
    return prompts.select(
        "prompt_id",
        "arm",
        "options",
        "user",
        *map(condition, TEXTS),
        question_id="item",
        n_options=pl.coalesce(condition("n_options", pl.Int64), known),
    ).with_columns(pl.col("options").fill_null([]), pl.col("hint").fill_null(""))


def _with_reading(chains: pl.DataFrame, readings: pl.DataFrame | None, reading: str) -> pl.DataFrame:
    """Return chains with `found`, the log-probabilities that a reading has of each option, or null."""
    if readings is None:
        return chains.with_columns(found=pl.lit(None, pl.List(pl.Float64)))
    read = readings.filter(reading=reading).select("subject", "prompt_id", found="logprobs")
    return chains.join(read, on=["subject", "prompt_id"], how="left", maintain_order="left")


def joined_chains(
    prompts: pl.DataFrame, replies: pl.DataFrame, readings: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row a reply, in their order, with what it answers and what was read beside it.

    Of the prompt: question_id, arm, kind, wording, target, key, difficulty, stratum, hint, options,
    n_options, user.
    Of the reply: its columns, and `chain`, the whole text with its thinking. Of the readings, null where
    there are none: `forced` (the options' log-probabilities after the chain) and `direct` (with no chain).
    Raises ChainsError for a reply to no prompt, and for a reading of other options than the prompt's.
    """
    chains = replies.join(_asked(prompts), on="prompt_id", how="left", maintain_order="left")
    unknown = chains.filter(pl.col("question_id").is_null())
    if unknown.height:
        raise ChainsError(f"the reply {unknown['reply_id'][0]} is to no prompt with an item")
    for name, reading in (("forced", "after"), ("direct", "alone")):
        chains = _with_reading(chains, readings, reading).rename({"found": name})
        wrong = chains.filter(pl.col(name).list.len() != pl.col("n_options"))
        if wrong.height:
            raise ChainsError(f"the reading '{reading}' of {wrong['reply_id'][0]} is not of every option")
    return chains.with_columns(chain=whole_text())
