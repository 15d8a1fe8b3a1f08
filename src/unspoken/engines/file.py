"""The engine `file`: completions that exist already, read row by row from JSON lines or Parquet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from unspoken.row_files import Row, RowError, Written, fault_of, place, rows_in, shown


class DataError(ValueError):
    """A file that is no data set; the message names file, row and column."""


class Turn(TypedDict):
    """What was asked and answered."""

    system: Written | None
    prompt: Annotated[str, StringConstraints(min_length=1)]
    completion: Written


# Not a model, as of own questions: of millions of rows it makes four times as many in the same time.
_TURN = TypeAdapter(Turn)


def completions_in(file: Path, columns: dict[str, str]) -> Iterator[tuple[int, Turn]]:
    """Yield each row's number, and its texts: `system` (or None), `prompt` and `completion`.

    `columns` says which column of the file each is in, or `messages` alone: the column of whole
    transcripts. Rows count from 1; of JSON lines the number is that of the line. Raises DataError
    for the first row that does not have them as texts, and for a file without rows.
    """
    places = {what: f"column '{name}'" for what, name in columns.items()}
    for number, row in rows_in(file, DataError, columns.values()):
        try:
            found = _mapped(row, columns)
            if "messages" in columns:
                turn = _last_turn(found["messages"], places["messages"])
            else:
                turn = _typed(found, places)
        except RowError as error:
            raise DataError(f"{file}: {place(file, number)}: {error}") from None
        yield number, turn


def _mapped(row: Row, columns: dict[str, str]) -> Row:
    """Return what stands in the columns of a row, by what it is. Raises RowError for a missing column."""
    found: Row = {"system": None}
    for what, name in columns.items():
        if name in row:
            found[what] = row[name]
        elif what != "system":
            raise RowError(f"column '{name}' is missing; it has: {', '.join(row)}")
    return found


def _typed(found: Row, places: dict[str, str]) -> Turn:
    """Return a turn whose texts are texts. Raises RowError for the first that is none, with its place."""
    try:
        return _TURN.validate_python(found, strict=True)
    except ValidationError as errors:
        raise fault_of(errors, found, {}, places) from None


def _last_turn(messages: object, where: str) -> Turn:
    """Return the system prompt, the last message of the user, and the answer to it. Raises RowError."""
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise RowError(f"{where} is {shown(messages)}; expected a list of {{role, content}}")
    roles = [message.get("role") for message in messages]
    if roles[-2:] != ["user", "assistant"]:
        raise RowError(f"{where} has the roles {roles}; expected it to end in user, assistant")
    system = messages[0].get("content") if roles[0] == "system" else None
    prompt, completion = (message.get("content") for message in messages[-2:])
    parts = {"system": 1, "prompt": len(roles) - 1, "completion": len(roles)}
    places = {what: f"{where}, message {number}," for what, number in parts.items()}
    return _typed({"system": system, "prompt": prompt, "completion": completion}, places)
