"""Exact log-probabilities read beside replies: of options after and without them, of words within them."""

import re
from typing import Any

import polars as pl

from unspoken.answers.readings import answer_begun, letter_logprobs
from unspoken.answers.stated import with_answers
from unspoken.answers.thinking import whole_text
from unspoken.asking.completing import Asked
from unspoken.engines.base import Request
from unspoken.prompts.hints import LETTERS


def option_readings(
    asked: Asked, prompts: pl.DataFrame, replies: pl.DataFrame, answer_prefix: str, alone: list[str]
) -> pl.DataFrame:
    """Return each option's letter's log-probability after a reply's thought, in `Readings`' columns.

    That is after the whole text up to where it states its answer for the last time (`answers.stated`). For
    prompts in the arms `alone`, also with no reply. `replies` are in the order of `prompts`.
    """
    begun = prompts["prefix"].fill_null("")
    options = prompts.select("options", n_options=pl.col("options").list.len().cast(pl.Int64))
    answered = with_answers(pl.concat([replies, options], how="horizontal"))
    starts = answered.select(answer_begun(pl.col("thought"), answer_prefix)).to_series()
    after = prompts.select("prompt_id", "arm", "user", n_options=options["n_options"]).with_columns(
        system=replies["system"], prefix=begun + starts
    )
    bare = after.with_columns(prefix=begun + answer_prefix).filter(pl.col("arm").is_in(alone))
    return pl.concat(
        _readings(asked, read["prompt_id"], name, letter_logprobs(asked.cache.choice_logprobs, read))
        for name, read in (("after", after), ("alone", bare))
    )


def _readings(asked: Asked, prompt_ids: pl.Series, reading: str, logprobs: list[list[float]]) -> pl.DataFrame:
    """Return readings of letters as rows, one a prompt."""
    return pl.DataFrame(
        {
            "subject": pl.Series([asked.subject.subject_id] * len(logprobs), dtype=pl.String),
            "prompt_id": prompt_ids,
            "reading": pl.Series([reading] * len(logprobs), dtype=pl.String),
            "position": pl.Series([0] * len(logprobs), dtype=pl.Int64),
            "choices": pl.Series([list(LETTERS[: len(one)]) for one in logprobs], dtype=pl.List(pl.String)),
            "logprobs": pl.Series(logprobs, dtype=pl.List(pl.Float64)),
        }
    )


def word_readings(
    asked: Asked, prompts: pl.DataFrame, replies: pl.DataFrame, words: list[str], choice_format: str
) -> pl.DataFrame:
    """Return the words' log-probability before a reply and behind each of its numbers, as `Readings`.

    `replies` are in the order of `prompts`; position 0 is the reply's beginning.
    """
    told = prompts.select("prompt_id", "user", pl.col("prefix").fill_null("")).with_columns(
        system=replies["system"], text=replies.select(whole_text()).to_series()
    )
    places, requests = [], []
    for key, user, begun, system, text in told.iter_rows():
        ends = [0, *(match.end() for match in re.finditer(r"\d+", text))]
        places += [(asked.subject.subject_id, key, "at", position) for position in range(len(ends))]
        requests += [Request(key, user, system, begun + text[:end]) for end in ends]
    choices = [choice_format.format(word=word) for word in words]
    # Not through the cache: the same beginning twice is read twice, so that batches are always the same.
    engine = asked.cache.engine
    logprobs = engine.choice_logprobs(engine.render(requests), choices)
    frame = pl.DataFrame(places, ["subject", "prompt_id", "reading", "position"], orient="row")
    return frame.with_columns(
        choices=pl.lit(words, pl.List(pl.String)), logprobs=pl.Series(logprobs, dtype=pl.List(pl.Float64))
    )


def readings_beside(
    asked: Asked, prompts: pl.DataFrame, replies: pl.DataFrame, reads: dict[str, Any]
) -> pl.DataFrame:
    """Return the readings that a study asks for: of `options` or of `words` (`reads['kind']`)."""
    if reads["kind"] == "options":
        return option_readings(asked, prompts, replies, reads["answer_prefix"], reads["alone"])
    return word_readings(asked, prompts, replies, reads["words"], reads["choice_format"])
