"""The engine `file`: completions that exist already, read row by row from JSON lines or Parquet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class DataError(ValueError):
    """A file that is no data set; the message names file, row and column."""


def completions_in(file: Path, columns: dict[str, str]) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield each row's number, and its texts: `system` (or None), `prompt` and `completion`.

    `columns` says which column of the file each is in, or `messages` alone: the column of whole
    transcripts. Rows count from 1; of JSON lines the number is that of the line. Raises DataError
    for the first row that does not have them as texts, and for a file without rows.
    """
    rows = _parquet_rows(file, columns) if file.suffix == ".parquet" else _json_rows(file)
    number = 0
    for number, row in rows:
        try:
            turn = _last_turn(row, columns["messages"]) if "messages" in columns else _mapped(row, columns)
        except DataError as error:
            raise DataError(f"{file}: row {number}: {error}") from None
        yield number, turn
    if number == 0:
        raise DataError(f"{file}: it has no rows")


def _json_rows(file: Path) -> Iterator[tuple[int, Row]]:
    """Yield the number and object of each line that is not blank."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except ValueError as error:
                raise DataError(f"{file}: row {number}: not a line of JSON: {error}") from None
            if not isinstance(row, dict):
                raise DataError(f"{file}: row {number}: got {_shown(row)}; expected an object of columns")
            yield number, row


def _parquet_rows(file: Path, columns: dict[str, str]) -> Iterator[tuple[int, Row]]:
    """Yield the number and columns of each row, a part of the file at a time."""
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(file) as table:
            known = table.schema_arrow.names
            for name in columns.values():
                if name not in known:
                    raise DataError(f"{file}: column '{name}' is missing; it has: {', '.join(known)}")
            number = 0
            for batch in table.iter_batches(batch_size=10_000, columns=list(columns.values())):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{file}: cannot be read as Parquet: {reason}") from None


def _mapped(row: Row, columns: dict[str, str]) -> dict[str, str | None]:
    """Return a row's texts by what they are; a system prompt may be null or missing."""
    texts: dict[str, str | None] = {"system": None}
    for what, name in columns.items():
        if what == "system" and row.get(name) is None:
            continue
        if name not in row:
            raise DataError(f"column '{name}' is missing; it has: {', '.join(row)}")
        texts[what] = _text(row[name], f"column '{name}'")
        if what == "prompt" and not texts[what]:
            raise DataError(f"column '{name}' is empty; expected a prompt")
    return texts


def _last_turn(row: Row, name: str) -> dict[str, str | None]:
    """Return the system prompt, the last message of the user, and the answer to it, of a transcript."""
    where = f"column '{name}'"
    if name not in row:
        raise DataError(f"{where} is missing; it has: {', '.join(row)}")
    messages = row[name]
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise DataError(f"{where} is {_shown(messages)}; expected a list of {{role, content}}")
    roles = [message.get("role") for message in messages]
    if roles[-2:] != ["user", "assistant"]:
        raise DataError(f"{where} has the roles {roles}; expected it to end in user, assistant")
    prompt, completion = (_text(message.get("content"), where) for message in messages[-2:])
    if not prompt:
        raise DataError(f"{where} has an empty last message of the user; expected a prompt")
    system = _text(messages[0].get("content"), where) if roles[0] == "system" else None
    return {"system": system, "prompt": prompt, "completion": completion}


def _text(value: Any, where: str) -> str:
    """Return a value that is a text, or raise DataError."""
    if not isinstance(value, str):
        raise DataError(f"{where} is {_shown(value)}; expected a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DataError(f"{where} is {_shown(value)}, with half a character (a lone surrogate)") from None
    return value


def _shown(value: Any) -> str:
    """Return a value as a message shows it: short, null as null."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
