"""The verdict that a judging model writes, where its engine gives text alone and no probability."""

import re
from typing import Any

import polars as pl

from unspoken.answers.thinking import split_at_thinking
from unspoken.engines.base import Completion

MAX_TOKENS = 2048
"""Of one verdict: a judge may reason before it."""
UNCLEAR = "the judge wrote no verdict that is clearly one of the rubric's two"
"""Stands where the score would: neither word, both of them, or a text that was cut before either."""


def written_shares(made: list[Completion], rubric: dict[str, Any]) -> pl.Series:
    """Return 1 where a completion says the rubric's positive word, 0 for its negative, else null.

    The verdict is the word that the reply begins with, or the last that it gives as its answer, or a last
    line of the word alone; where these differ there is none. The thinking is not read.
    """
    words = [re.escape(rubric[name].strip().lower()) for name in ("positive", "negative")]
    either = rf"(?:{'|'.join(words)})"
    text = pl.col("text").str.to_lowercase().str.replace_all(r"[*_`#>\"'“”]", "").str.strip_chars()
    answered = (
        pl.col("text").str.extract_all(rf"(?:answer|verdict)(?:\s+is)?\s*[:：]?\s*{either}\b").list.last()
    )
    texts = pl.Series([one.text for one in made], dtype=pl.String)
    read = (
        split_at_thinking(texts)
        .select(text="reply")
        .with_columns(text=text)
        .select(
            first=pl.col("text").str.extract(rf"^({either})\b"),
            answer=answered.str.extract(rf"({either})$"),
            last=pl.col("text").str.extract(rf"(?:^|\n)\W*({either})\W*$"),
        )
    )
    said = pl.concat_list("first", "answer", "last").list.drop_nulls().list.unique()
    verdict = pl.when(said.list.len() == 1).then(said.list.first())
    positive = rubric["positive"].strip().lower()
    return read.select(score=(verdict == positive).cast(pl.Float64)).to_series()
