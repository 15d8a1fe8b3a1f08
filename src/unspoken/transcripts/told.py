"""What a row of a user's file tells of a reply, under this project's names, whatever wrote the file."""

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import polars as pl
from pydantic import BeforeValidator, Field

from unspoken.questions.own_files import MOST_OPTIONS, Columns, Name, Options, Text, letters
from unspoken.row_files import Row, TypedRow, Written, wrong


def _whole(value: object) -> object:
    """Return the integer that a file writes as 12.0; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_whole)]


class Told(NamedTuple):
    """One reply as a format's reader gives it."""

    number: int
    """Its row in the file, from 1; of JSON lines the line."""
    own: Row
    """The row as the file has it: what `columns` names."""
    told: Row
    """What the format says of it, by the names of Reply; what it does not say is not there."""


class Reply(TypedRow):
    """A reply to a multiple-choice question. Every field may be named in `columns`."""

    question: Text | None
    hinted: bool | None
    arm: Written | None
    """How the question was asked: with it, `hinted` needs no column."""
    kind: object
    chain: Written
    """What the model wrote; with marks around its thinking, if that is in it."""
    thinking: Written | None
    """The thinking, where it stands in a column of its own."""
    answer: object
    """A letter of an option, as target and key: which there are depends on the options."""
    id: Name | None
    target: object
    key: object
    options: Options | None = Field(description="a list of texts")
    n_options: Annotated[Annotated[int, Field(ge=2, le=MOST_OPTIONS)] | None, BeforeValidator(_whole)] = (
        Field(description=f"an integer from 2 to {MOST_OPTIONS}")
    )
    prompt: Written | None
    system: Written | None
    subject: Name | None
    """Who answered. Not MMLU's topic: no file's own column `subject` is read unless `columns` names it."""
    sample: Name | None
    """Which of several replies to one prompt it is: an epoch, a repeat."""
    finish_reason: Written | None
    n_tokens: Count
    thinking_tokens: Count


FIELDS = tuple(Reply.model_fields)
PLAIN: Columns = {
    "number": pl.Int64, "part": pl.Int64, "subject": pl.String, "question_id": pl.String, "arm": pl.String,
    "kind": pl.String, "target": pl.String, "key": pl.String, "n_options": pl.Int64,
    "options": pl.List(pl.String), "user": pl.String, "system": pl.String, "chain": pl.String,
    "stated": pl.String, "opened": pl.Boolean, "sample": pl.String, "finish_reason": pl.String,
    "n_tokens": pl.Int64, "thinking_tokens": pl.Int64,
}  # fmt: skip
"""What is kept of each reply; `part` counts the replies of one row, from 0, and
`opened` says that the prompt began the thinking."""


SAMPLES = ("sample", "epoch", "sample_index", "repeat")
"""Columns that number the replies to one prompt."""


def sample_in(row: Row) -> Any:
    """Return what numbers a row's reply among those to its prompt, or None."""
    return next((row[name] for name in SAMPLES if row.get(name) is not None), None)


def letter_of(column: str, value: object, options: Iterable[tuple[int, str]], size: int) -> str | None:
    """Return the letter of the option that a log names: by letter, text, or place from 0.

    `options` are texts, each with the place of the option that it stands for. Null for null, and for a
    list of several. Raises RowError for what names no option, or two.
    """
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if value is None:
        return None
    names, text = letters(size), str(value).strip()
    found = {names[at] for at, option in options if option == text}
    if text.isdecimal():
        found |= set(names[int(text) : int(text) + 1])
    found |= {text.strip("()[].: ").upper()} & set(names)
    if len(found) > 1:
        raise wrong(column, value, f"one option, and it may name {' or '.join(sorted(found))}")
    if not found or isinstance(value, bool):
        raise wrong(column, value, f"a letter from A to {names[-1]}, an option's text, or its place from 0")
    return found.pop()
