"""Which tool wrote a file of transcripts, and its rows as that tool's format tells them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args

from unspoken.row_files import SUFFIXES, Numbered, Row, RowError, ending, found_at, opened, place, rows_in
from unspoken.tables.base import TableError
from unspoken.transcripts import every_eval_ever, inspect_logs, lm_eval, messages
from unspoken.transcripts.told import FIELDS, Told, sample_in

Format = Literal["inspect", "lm_eval", "messages", "every_eval_ever", "rows"]
Reader = Callable[[Row], Iterator[Row]]
UNNAMED = ("subject",)
"""Fields that no column of a file fills by its name alone: MMLU's `subject` is a topic."""
_INSPECT_JSON = re.compile(rb'^\s*\{\s*"version":\s*\d+,\s*"status":')


def _own_rows(row: Row) -> Iterator[Row]:
    """Yield what a row with this project's own columns tells."""
    told = {name: row.get(name) for name in FIELDS if name not in UNNAMED}
    yield told | {"sample": sample_in(row)}


def reader_of(name: Format) -> Reader:
    """Return what reads the rows of one file in a format."""
    if name == "lm_eval":
        return lm_eval.LmEval().told_in
    if name == "every_eval_ever":
        return every_eval_ever.EveryEvalEver().told_in
    return {"inspect": inspect_logs.told_in, "messages": messages.told_in, "rows": _own_rows}[name]


def is_inspect_log(file: Path) -> bool:
    """Whether a file is a log of Inspect: by its ending, or by how its JSON begins."""
    if file.suffix != ".json":
        return file.suffix == ".eval"
    with opened(file) as whole:
        return _INSPECT_JSON.match(whole.read(200)) is not None


def _readings(row: Row, columns: dict[str, str]) -> list[Format]:
    """Return the formats that a file's first row can be read in."""
    named = {**{name: name for name in FIELDS}, **columns}
    found: list[Format] = []
    if set(row) >= lm_eval.COLUMNS:
        found.append("lm_eval")
    if set(row) >= every_eval_ever.COLUMNS:
        found.append("every_eval_ever")
    elif messages.has_messages(row):
        found.append("messages")
    if found_at(row, named["question"])[0] and found_at(row, named["chain"])[0]:
        found.append("rows")
    return found


def recognised(file: Path, columns: dict[str, str]) -> Format:
    """Return the format of a file. Raises TableError for one that has none of them, or two."""
    if file.is_file() and is_inspect_log(file):
        return "inspect"
    number, row = next(rows_in(file, TableError))
    found = _readings(row, columns)
    where = f"{file}: {place(file, number)}"
    if not found:
        raise TableError(
            f"{where}: no known format, its columns are: {', '.join(row)}; expected columns named question,"
            f" hinted and chain (or named by `columns`), messages, or `format`: {', '.join(get_args(Format))}"
        )
    if len(found) > 1:
        raise TableError(f"{where}: can be read as {' and as '.join(found)}; expected `format` to say which")
    return found[0]


def told_rows(file: Path, name: Format) -> Iterator[Told]:
    """Yield every reply in a file of a format. Raises TableError, with file and row, for another."""
    reader = reader_of(name)
    if name != "inspect" and ending(file) not in SUFFIXES:
        raise TableError(
            f"{file}: expected a file that ends in {', '.join(SUFFIXES)}, as its format is {name}"
        )
    rows: Iterator[Numbered] = (
        inspect_logs.samples_in(file) if name == "inspect" else rows_in(file, TableError)
    )
    for number, row in rows:
        try:
            for told in reader(row):
                yield Told(number, row, told)
        except RowError as error:
            raise TableError(f"{file}: {place(file, number)}: {error}") from None
        except (KeyError, TypeError, AttributeError) as error:
            said = f"not as rows of {name} are ({type(error).__name__}: {error})"
            raise TableError(f"{file}: {place(file, number)}: {said}; expected another `format`") from None
