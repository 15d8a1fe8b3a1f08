"""The answer that a whole text states, and its thought: all that stands before that statement."""

import polars as pl

from unspoken.answers.parsing import parsed_answers
from unspoken.answers.said import unread_outcomes
from unspoken.answers.thinking import whole_text


def with_answers(replies: pl.DataFrame) -> pl.DataFrame:
    """Return replies with `answer`, `outcome`, `stated_at` and `thought`, in their order.

    `replies` has the columns of its table (thinking, reply, prompt, finish_reason, engine, subject, and
    stated: the answer that a user's own file gives, or null), options and n_options. `answer` is the letter
    that the user gives, or else the reply states (last); `outcome` is answered exactly where there is one,
    else as `said.unread_outcomes` or `parsing.parsed_answers` have it. `stated_at` (Int64) is the character
    of the whole text at which that statement begins; null where the text states no answer, or not the
    user's. `thought` is the whole text up to there, all of it where that is null.
    """
    parsed = pl.concat([replies, parsed_answers(replies)], how="horizontal")
    unread = unread_outcomes(replies)
    read = pl.when(unread.is_null()).then("free")
    answer = pl.coalesce("stated", read)
    thinking = pl.col("thinking").str.len_chars().fill_null(0).cast(pl.Int64)
    told = parsed.with_columns(
        answer=answer,
        outcome=pl.when(answer.is_not_null())
        .then(pl.lit("answered"))
        .otherwise(pl.coalesce(unread, "outcome")),
        stated_at=pl.when(read == answer).then(thinking + pl.col("stated_at")),
    )
    length = pl.col("stated_at").fill_null(whole_text().str.len_chars())
    return told.with_columns(thought=whole_text().str.head(length)).drop("free")
