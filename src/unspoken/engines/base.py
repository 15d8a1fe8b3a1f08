"""The one interface to whatever answers: requests in, completions out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import polars as pl


@dataclass(frozen=True)
class Request:
    """One prompt. `key` names the row: with the seed it decides the draw, whatever the batch."""

    key: str
    user: str
    system: str | None = None
    prefix: str = ""
    """The beginning of the assistant's turn, which the completion continues."""


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn."""

    temperature: float
    max_tokens: int
    seed: int


@dataclass(frozen=True)
class Completion:
    """What the subject answered to the request `key`."""

    key: str
    text: str
    n_tokens: int
    finish_reason: str
    """`stop` at the end token, `length` at max_tokens."""


class Engine(Protocol):
    """What generates completions and reads exact choice probabilities of one subject."""

    name: str
    version: str
    reproducible: bool
    """Whether rows come back bit-equal whatever the cores, the order or a resume."""

    def generate(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield completions in batches, in the order of the requests."""

    def choice_logprobs(self, requests: Sequence[Request], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice after each request."""


def engine_columns(engine: Engine) -> dict[str, pl.Expr]:
    """Return the columns that say of a table's rows what made them, and when."""
    return {
        "engine": pl.lit(engine.name),
        "engine_version": pl.lit(engine.version),
        "reproducible": pl.lit(engine.reproducible),
        "created_at": pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    }
