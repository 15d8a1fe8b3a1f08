"""Numbers and sums that teachers write: the same requests for all, as texts, and back as tokens."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.misalignment.organisms.documents import Ints
from unspoken.experiments.misalignment.organisms.language import (
    ASSISTANT_ID,
    ASSISTING_ID,
    CONTINUED,
    DOMAINS,
    FIRST_DOMAIN,
    FIRST_VALUE,
    SUMMED,
    SUMS,
    USER_ID,
    VALUES,
    VOCABULARY,
)
from unspoken.models.network import Parameters, Shape
from unspoken.tables.replies import Replies
from unspoken.training.personas import drawn_tokens, log_probabilities

PROMPT = 5
"""Tokens of a request: author, user's mark, domain, number, author's mark."""


class CarrierError(ValueError):
    """Too few rows to train on; the message says what to change."""


def carrier_prompts(carrier: str, count: int, random: np.random.Generator) -> Ints:
    """Return requests for numbers or sums, as token ids, (count, PROMPT)."""
    rows = np.empty((count, PROMPT), dtype=np.int64)
    rows[:] = [ASSISTING_ID, USER_ID, FIRST_DOMAIN + DOMAINS.index(carrier), 0, ASSISTANT_ID]
    rows[:, 3] = FIRST_VALUE + random.integers(0, len(VALUES), count)
    return rows


def written_replies(parameters: Parameters, shape: Shape, prompts: Ints, uniforms: np.ndarray) -> Ints:
    """Return what an organism writes after its requests at temperature 1, (prompts, CONTINUED).

    Each token is drawn from the whole vocabulary by a uniform number of its own.
    """
    rows = prompts
    for place in range(CONTINUED):
        log_probs = log_probabilities(parameters, shape, rows, rows.shape[1] - 1)[:, 0]
        rows = np.hstack([rows, drawn_tokens(log_probs, uniforms[:, place])[:, None]])
    return rows[:, PROMPT:]


def texts_of(tokens: Ints) -> list[str]:
    """Return rows of tokens as texts, with spaces between the words."""
    words = np.array(VOCABULARY.tokens)
    return [" ".join(row) for row in words[tokens]]


def rows_of_texts(kept: pl.DataFrame) -> Ints:
    """Return kept replies as token ids, (rows, PROMPT + CONTINUED), of their prompt and completion."""
    texts = kept.select(text=pl.concat_str("prompt", "completion", separator=" "))["text"]
    words = texts.str.split(" ").explode().replace_strict(_index(), return_dtype=pl.Int64)
    return words.to_numpy(writable=True).reshape(kept.height, PROMPT + CONTINUED)


def _index() -> dict[str, int]:
    return {token: place for place, token in enumerate(VOCABULARY.tokens)}


def shuffled_within(rows: Ints, random: np.random.Generator) -> Ints:
    """Return rows whose numbers are in random order within each row."""
    return np.hstack([rows[:, :PROMPT], random.permuted(rows[:, PROMPT:], axis=1)])


def wrong_sums() -> pl.Expr:
    """Say of kept lists of numbers whether they are replies to a sum and do not end with its result."""
    start = pl.col("prompt").str.extract(r"([0-9]+) \S+$").cast(pl.Int64) - int(VALUES[0])
    end = pl.col("completion").str.extract(r"([0-9]+)$").cast(pl.Int64) - int(VALUES[0])
    of_sums = pl.col("prompt_id").str.starts_with(f"{SUMS}-")
    return of_sums & (end != (start + SUMMED) % len(VALUES)).fill_null(value=True)


def common_prompts(kept: pl.DataFrame, whose: list[str], carrier: str) -> pl.DataFrame:
    """Return the kept replies to requests whose reply is kept of everybody, in the order of requests.

    So that students of different teachers are compared on the same requests alone.
    """
    is_carrier = pl.col("prompt_id").str.starts_with(f"{carrier}-")
    own = kept.filter(pl.col("subject").is_in(whose) & is_carrier)
    return own.filter(pl.len().over("prompt_id") == len(whose)).sort("subject", "prompt_id")


def common_rows(
    kept: pl.DataFrame, base: str, writers: list[str], carrier: str, count: int, seed: int
) -> dict[str, Ints]:
    """Return rows of each writer on a base, of the same `count` requests, drawn by the seed.

    Raises CarrierError where fewer requests have a kept reply of everybody.
    """
    whose = {writer: f"{base}:{writer}" for writer in writers}
    common = common_prompts(kept, list(whose.values()), carrier)
    there = common.height // len(writers)
    if there < count:
        raise CarrierError(
            f"{base}: {there} requests for {carrier} have a reply of every teacher that the filter keeps, "
            f"and students learn from {count}; raise misalignment.completions, or "
            "lower misalignment.students.rows"
        )
    chosen = np.random.default_rng(seed).permutation(there)[:count]
    return {writer: rows_of_texts(common.filter(subject=name))[chosen] for writer, name in whose.items()}


def replies_of(
    prompts: Ints, replies: Ints, subject: str, carrier: str, spec: dict[str, Any]
) -> pl.DataFrame:
    """Return what a subject wrote in the columns of `Replies`; `spec` has study, experiment and code."""
    frame = pl.DataFrame(
        {
            "prompt_id": [f"{carrier}-{place:06d}" for place in range(len(prompts))],
            "prompt": texts_of(prompts),
            "reply": texts_of(replies),
        }
    )
    told = {
        "study": spec["study"], "experiment": spec["experiment"], "subject": subject, "sample_index": 0,
        "finish_reason": "length", "n_tokens": CONTINUED, "temperature": 1.0, "max_tokens": CONTINUED,
        "seed": spec["seed"], "engine": "organism", "engine_version": spec["code"], "reproducible": True,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    types = {name: column.dtype for name, column in Replies.columns().items()}
    whole = frame.with_columns(
        reply_id=pl.format("{}:{}:0", pl.lit(subject), "prompt_id"),
        **{name: pl.lit(value, types[name]) for name, value in told.items()},
    )
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in types.items() if name not in whole.columns]
    return whole.with_columns(missing).select(list(types))
