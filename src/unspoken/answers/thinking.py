"""What a model thinks and what it replies: one text, cut where the marks are."""

import polars as pl

BEGINS = "<think>"
ENDS = "</think>"


def thinking_of(text: pl.Expr) -> pl.Expr:
    """Return the thinking in a text, marks and all: up to the last mark that ends it.

    All of a text that begins to think and does not end; null where nothing is marked.
    """
    reply = text.str.split(ENDS).list.last()
    until_reply = text.str.head(text.str.len_chars() - reply.str.len_chars())
    ended = text.str.contains(ENDS, literal=True)
    return pl.when(ended).then(until_reply).when(text.str.contains(BEGINS, literal=True)).then(text)


def reply_of(text: pl.Expr) -> pl.Expr:
    """Return what follows the thinking: the whole text where nothing is marked, none if it does not end."""
    unfinished = text.str.contains(BEGINS, literal=True) & ~text.str.contains(ENDS, literal=True)
    return pl.when(unfinished).then(pl.lit("")).otherwise(text.str.split(ENDS).list.last())


def split_at_thinking(texts: pl.Series) -> pl.DataFrame:
    """Return the columns `thinking` and `reply` of texts, in their order; together they are the texts."""
    text = pl.col("text")
    return texts.rename("text").to_frame().select(thinking=thinking_of(text), reply=reply_of(text))


def whole_text() -> pl.Expr:
    """Return the text that the columns `thinking` and `reply` are of: what judges and legibility read."""
    return pl.concat_str(pl.col("thinking").fill_null(""), pl.col("reply"))
