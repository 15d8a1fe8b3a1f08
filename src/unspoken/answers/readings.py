"""Answers read from an engine by the log-probability of each option's letter."""

from typing import TYPE_CHECKING

import polars as pl

from unspoken.prompts.hints import LETTERS

if TYPE_CHECKING:
    from unspoken.engines.base import ReadChoices


def answer_begun(thought: pl.Expr, answer_prefix: str) -> pl.Expr:
    """Return a thought, a line end, and the beginning of the answer; that alone after no thought."""
    kept = thought.str.strip_chars_end()
    return pl.when(kept == "").then(pl.lit(answer_prefix)).otherwise(kept + f"\n{answer_prefix}")


def letter_logprobs(read_choices: "ReadChoices", asked: pl.DataFrame) -> list[list[float]]:
    """Return the log-probability of each option's letter after each prompt and the answer's beginning.

    `asked` has prompt_id, user, system, prefix (of the assistant's turn) and n_options. The order is kept.
    """
    from unspoken.engines.base import Request

    read: list[list[float]] = [[] for _ in range(asked.height)]
    for (n_options,), alike in asked.with_row_index("row").group_by("n_options", maintain_order=True):
        requests = [
            Request(key, user, system, prefix)
            for key, user, system, prefix in alike.select("prompt_id", "user", "system", "prefix").iter_rows()
        ]
        choices = list(LETTERS[: int(str(n_options))])
        found = read_choices(requests, choices)
        for row, logprobs in zip(alike["row"], found, strict=True):
            read[row] = logprobs
    return read


def most_likely(readings: pl.Expr) -> pl.Expr:
    """Return the letter of the highest log-probability, the first of equals; null without a reading."""
    letters = dict(enumerate(LETTERS))
    return readings.list.arg_max().replace_strict(letters, return_dtype=pl.String, default=None)


def answers_after(
    read_choices: "ReadChoices", system: str | None, changed: pl.DataFrame, answer_prefix: str
) -> pl.DataFrame:
    """Return changed chains with `logprobs` of each option's letter after them, and the answers.

    `changed` has the columns of `changed.CHANGED`. A chain stands at the beginning of the assistant's turn
    as the model's own does. `forced` is the likeliest letter after it, `original_forced` that after the
    chain as it was; `answer` is what the reply states that goes on from the changed chain, and the forced
    letter where none was written on. `original` is what the chain as it was states.
    """
    asked = changed.with_columns(
        system=pl.lit(system, pl.String), prefix=answer_begun(pl.col("text"), answer_prefix)
    )
    logprobs = pl.Series(letter_logprobs(read_choices, asked), dtype=pl.List(pl.Float64))
    read = asked.with_columns(logprobs=logprobs, original_forced=most_likely(pl.col("whole"))).with_columns(
        forced=most_likely(pl.col("logprobs"))
    )
    return read.with_columns(answer=pl.when("written_on").then("stated").otherwise("forced"))
