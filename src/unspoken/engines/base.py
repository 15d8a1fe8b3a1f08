"""The one interface to whatever answers: requests in, completions out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from unspoken.subjects import Subject


class EngineError(RuntimeError):
    """An engine that cannot answer; the message says what to do."""


@dataclass(frozen=True)
class Request:
    """One prompt. `key` names the row: with the seed it decides the draw, whatever the batch."""

    key: str
    user: str
    system: str | None = None
    prefix: str = ""
    """The beginning of the assistant's turn, which the completion continues."""


@dataclass(frozen=True)
class Prompt:
    """A request as its engine reads it: token ids, or messages where the engine takes no tokens."""

    key: str
    content: list[Any]
    text: str = ""
    """The text of the token ids, which decides where the tokens of a choice begin."""


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn."""

    temperature: float
    """0 takes the most likely token."""
    max_tokens: int
    seed: int
    stop: tuple[str, ...] = ()
    """Texts that end a completion; they are not part of it."""
    pattern: str | None = None
    """A regular expression that the whole completion matches, unless max_tokens cuts it."""
    logprobs: bool = False
    """Whether completions tell the log-probability of each of their tokens."""


@dataclass(frozen=True)
class Completion:
    """What the subject answered to the request `key`."""

    key: str
    text: str
    n_tokens: int
    """Without the token that ends the turn."""
    finish_reason: str
    """`stop` at the end of the turn, at a stop text or at the pattern's end; `length` at max_tokens;
    `content_filter` where a server's filter cut or refused it."""
    logprobs: list[float] | None = None
    """Of each token under the untempered, unrestricted model, in nats, if they were asked for."""
    ids: list[int] | None = field(default=None, compare=False)
    """The drawn tokens, with the one that ends the turn; of an engine in this process alone, not cached."""


class Engine(Protocol):
    """What generates completions and reads exact choice probabilities of one subject at a time.

    Each module of this package with a function `opened` is a kind of engine, whose capabilities
    stand in `capabilities.py`.
    """

    name: str
    version: str
    revision: int
    """Raised by hand when what the engine returns changes: completions of others are not reused."""
    dtype: str
    reproducible: bool
    """Whether rows come back bit-equal whatever the cores, the order or a resume."""
    shard_rows: int
    """Rows worth keeping at once: a killed job loses no more of them."""
    tokenizer: Any
    """Renders prompts; None where they do not go as token ids."""
    window: int | None
    """The most tokens that a prompt and its completion may have together, if that is known."""

    def use(self, subject: Subject) -> None:
        """Answer as this subject from now on."""

    def render(self, requests: Sequence[Request]) -> list[Prompt]:
        """Return requests as this engine reads them."""

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[list[Completion]]:
        """Yield completions as they are finished, in any order."""

    def choice_logprobs(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> list[list[float]]:
        """Return the summed log-probability of each choice's tokens after each prompt.

        Raises EngineError for a prompt that with the longest choice is beyond the window.
        """


ReadChoices = Callable[[Sequence[Request], Sequence[str]], list[list[float]]]
"""Reads the log-probability of choices after requests: the completion cache's, or an engine's own."""


@dataclass(frozen=True)
class Opening:
    """What an engine is opened with: the model, and how its study wants it served."""

    manifest: Path
    """The model's `model.json`; its files lie beside it."""
    settings: dict[str, Any]
    """The model's `engine` section of the study."""
    threads: int


def engine_columns(engine: Engine) -> dict[str, pl.Expr]:
    """Return the columns that say of a table's rows what made them, and when."""
    return {
        "engine": pl.lit(engine.name),
        "engine_version": pl.lit(engine.version),
        "reproducible": pl.lit(engine.reproducible),
        "created_at": pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    }


def check_lengths(engine: Engine, prompts: Sequence[Prompt], room: int) -> None:
    """Raise EngineError for a prompt that with `room` more tokens is beyond the engine's window."""
    for prompt in prompts:
        if engine.window is not None and len(prompt.content) + room > engine.window:
            raise EngineError(
                f"the prompt {prompt.key} has {len(prompt.content)} tokens, and up to {room} more are to"
                f" follow: the context window of {engine.window} is too short; shorten the prompt or lower"
                " max_tokens"
            )
