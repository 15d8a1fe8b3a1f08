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
    found = []
    for name, read in (("after", after), ("alone", bare)):
        logprobs = letter_logprobs(asked.cache.choice_logprobs, read)
        letters = [list(LETTERS[: len(one)]) for one in logprobs]
        found.append(_readings(asked, read["prompt_id"], name, letters, logprobs))
    return pl.concat(found)


def text_readings(
    asked: Asked, prompts: pl.DataFrame, replies: pl.DataFrame, reads: dict[str, Any]
) -> pl.DataFrame:
    """Return each option's own log-probability, as a text behind the beginning of the answer, as `Readings`.

    `reads` has answer_prefix, choice_format (how an option is written there), and the arms that are read
    `after` the whole reply and `alone`, with no reply. `replies` are in the order of `prompts`.
    """
    told = prompts.select(
        "prompt_id", "arm", "user", "options", begun=pl.col("prefix").fill_null(""),
        system=replies["system"], whole=replies.select(whole_text()).to_series(),
    )  # fmt: skip
    prefix = pl.lit(reads["answer_prefix"])
    starts = {
        "after": answer_begun(pl.col("begun") + pl.col("whole"), reads["answer_prefix"]),
        "alone": pl.col("begun") + prefix,
    }
    found = []
    for name, start in starts.items():
        read = told.filter(pl.col("arm").is_in(reads[name])).with_columns(prefix=start)
        logprobs = _text_logprobs(asked, read, reads["choice_format"])
        found.append(_readings(asked, read["prompt_id"], name, read["options"].to_list(), logprobs))
    return pl.concat(found)


def _text_logprobs(asked: Asked, read: pl.DataFrame, choice_format: str) -> list[list[float]]:
    """Return the log-probability of each option's text after each prompt, in the order of its options.

    Prompts with the same options, in whatever order, are read together.
    """
    logprobs: list[list[float]] = [[] for _ in range(read.height)]
    alike = pl.col("options").list.sort().list.join("\n")
    for _, some in read.with_row_index("row").group_by(alike.alias("alike"), maintain_order=True):
        options = sorted(some["options"][0])
        requests = [
            Request(key, user, system, prefix)
            for key, user, system, prefix in some.select("prompt_id", "user", "system", "prefix").iter_rows()
        ]
        choices = [choice_format.format(option=option) for option in options]
        found = asked.cache.choice_logprobs(requests, choices)
        for row, own, values in zip(some["row"], some["options"], found, strict=True):
            logprobs[row] = [values[options.index(option)] for option in own]
    return logprobs


def _readings(
    asked: Asked,
    prompt_ids: pl.Series,
    reading: str,
    choices: list[list[str]],
    logprobs: list[list[float]],
) -> pl.DataFrame:
    """Return readings of options as rows, one a prompt."""
    return pl.DataFrame(
        {
            "subject": pl.Series([asked.subject.subject_id] * len(logprobs), dtype=pl.String),
            "prompt_id": prompt_ids,
            "reading": pl.Series([reading] * len(logprobs), dtype=pl.String),
            "position": pl.Series([0] * len(logprobs), dtype=pl.Int64),
            "choices": pl.Series(choices, dtype=pl.List(pl.String)),
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
    """Return the readings that a study asks for (`reads['kind']`).

    Of `options` by their letter, of options by their `texts`, or of `words`.
    """
    if reads["kind"] == "options":
        return option_readings(asked, prompts, replies, reads["answer_prefix"], reads["alone"])
    if reads["kind"] == "texts":
        return text_readings(asked, prompts, replies, reads)
    return word_readings(asked, prompts, replies, reads["words"], reads["choice_format"])
