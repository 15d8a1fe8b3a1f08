"""Files of rows that users bring, as JSON lines, a JSON list or Parquet: errors name file, row and column."""

import io
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar, cast

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from unspoken.expected import expected_by

Row = dict[str, Any]
Numbered = tuple[int, Row]
Kind = TypeVar("Kind", bound="TypedRow")
LINES = (".jsonl", ".ndjson")
SUFFIXES = (*LINES, ".json", ".parquet")
PACKED = (".gz", ".zst", ".bz2")
"""How a file of text may be compressed, as its name's last ending says."""
Written = Annotated[str, StringConstraints(min_length=0)]
"""A text as it is. With any bound on its length it is also checked to have whole characters."""
OF_THE_VALUE = ("string_unicode", "value_error")
"""Errors that say more of what is expected than the description of the column."""


class RowError(ValueError):
    """What is wrong with one row: the column, what was found, what is expected."""


class TypedRow(BaseModel):
    """A row whose columns have types: a number is no text. A field's description says what is expected."""

    model_config = ConfigDict(strict=True)


def ending(file: Path) -> str:
    """Return the ending that says what is in a file: of `a.jsonl.gz` it is `.jsonl`."""
    return Path(file.stem).suffix if file.suffix in PACKED else file.suffix


def place(file: Path, number: int) -> str:
    """Return how a message calls a row: by its line, in JSON lines, else by its place among the rows."""
    return f"{'line' if ending(file) in LINES else 'row'} {number}"


def shown(value: object) -> str:
    """Return a value as a message shows it: as JSON, and short."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def wrong(column: str, value: object, expected: str) -> RowError:
    """Return the error for a value that is not what its column should have."""
    return RowError(f"column '{column}' is {shown(value)}; expected {expected}")


def found_at(row: Row, path: str) -> tuple[bool, Any]:
    """Return whether a row has something at a path, as `metadata.hint`, and what; null where it lacks."""
    if path in row:
        return True, row[path]
    value: Any = row
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False, None
    return True, value


def typed(kind: type[Kind], row: Row) -> Kind:
    """Return a row with the types of its kind. Raises RowError for the first column that is wrong.

    NaN is null: so pandas writes what is missing.
    """
    try:
        return kind.model_validate({name: None if value != value else value for name, value in row.items()})
    except ValidationError as errors:
        told = {name: field.description for name, field in kind.model_fields.items()}
        raise fault_of(errors, row, told) from None


def fault_of(
    errors: ValidationError, row: Row, told: dict[str, str | None], places: dict[str, str] | None = None
) -> RowError:
    """Return the error for the first value of a row that is wrong.

    `told` says what is expected of columns of which their types do not say enough; `places` how to call
    values that are not in the column of the same name.
    """
    error = errors.errors(include_url=False)[0]
    name = str(error["loc"][0])
    expected = None if error["type"] in OF_THE_VALUE else told.get(name)
    where = (places or {}).get(name, f"column '{name}'")
    return RowError(f"{where} is {shown(row[name])}; expected {expected or expected_by(error)}")


def rows_in(
    file: Path, fault: type[ValueError], columns: Collection[str] | None = None
) -> Iterator[Numbered]:
    """Yield each row of a file with its number, counted from 1; lines that are blank count and are no rows.

    Files of JSON may be compressed (PACKED). Of Parquet only `columns` are read, where they are given.
    Raises `fault`, which names file and row, for a file that is missing, of another kind, not UTF-8 or
    without rows, and for a line that is no object.
    """
    if ending(file) not in SUFFIXES:
        raise fault(f"{file}: expected a file that ends in {', '.join(SUFFIXES)}")
    if not file.is_file():
        raise fault(f"{file}: there is no such file")
    number = 0
    for number, row in _rows(file, fault, columns):
        yield number, row
    if number == 0:
        raise fault(f"{file}: it has no rows")


def _rows(file: Path, fault: type[ValueError], columns: Collection[str] | None) -> Iterator[Numbered]:
    if ending(file) == ".parquet":
        return _parquet_rows(file, fault, columns)
    return _json_rows(file, fault) if ending(file) in LINES else _listed_rows(file, fault)


def opened(file: Path) -> BinaryIO:
    """Return the bytes of a file, unpacked where it is compressed. Raises OSError where they cannot be."""
    if file.suffix not in PACKED:
        return file.open("rb")
    import pyarrow

    return cast(BinaryIO, io.BufferedReader(pyarrow.input_stream(str(file))))


def _listed_rows(file: Path, fault: type[ValueError]) -> Iterator[Numbered]:
    """Yield the number and object of each row of a JSON list, or of JSON lines in a file named .json."""
    with _unpacking(file, fault), opened(file) as whole:
        first = whole.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first == b"{":
        yield from _json_rows(file, fault)
        return
    with _unpacking(file, fault), opened(file) as whole:
        try:
            rows = json.loads(whole.read().decode("utf-8-sig"), object_pairs_hook=_once_each)
        except UnicodeDecodeError as error:
            raise fault(f"{file}: not UTF-8 (its byte {error.start + 1}); expected UTF-8") from None
        except RowError as error:
            raise fault(f"{file}: {error}") from None
        except ValueError as error:
            raise fault(f"{file}: not JSON: {error}") from None
    if not isinstance(rows, list):
        raise fault(f"{file}: got {shown(rows)}; expected a list of rows")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise fault(f"{file}: {place(file, number)}: got {shown(row)}; expected an object of columns")
        yield number, row


@contextmanager
def _unpacking(file: Path, fault: type[ValueError]) -> Iterator[None]:
    """Raise `fault` for a compressed file that cannot be unpacked."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise fault(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None


def _json_rows(file: Path, fault: type[ValueError]) -> Iterator[Numbered]:
    """Yield the number and object of each line that is not blank."""
    with _unpacking(file, fault), opened(file) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield number, json_object(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                except UnicodeDecodeError as error:
                    found = f"its byte {error.start + 1} is {error.object[error.start]:#04x}"
                    said = f"not UTF-8 ({found}); expected a file saved as UTF-8"
                    raise fault(f"{file}: {place(file, number)}: {said}") from None
                except RowError as error:
                    raise fault(f"{file}: {place(file, number)}: {error}") from None


def _once_each(pairs: list[tuple[str, Any]]) -> Row:
    """Return an object. Raises RowError for a key that stands twice: its first value would be lost."""
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise RowError(f"the key {shown(twice)} stands twice in {shown(row)}; expected each key once")
    return row


def json_object(line: str) -> Row:
    """Return the object of a line. Raises RowError for a line of something else."""
    try:
        row = json.loads(line, object_pairs_hook=_once_each)
    except RowError:
        raise
    except ValueError as error:
        raise RowError(f"not a line of JSON: {error}") from None
    if not isinstance(row, dict):
        raise RowError(f"got {shown(row)}; expected an object of columns")
    return row


def _parquet_rows(file: Path, fault: type[ValueError], columns: Collection[str] | None) -> Iterator[Numbered]:
    """Yield the number and columns of each row, a piece of the file at a time."""
    from pyarrow import ArrowException, parquet

    number = 0
    try:
        with parquet.ParquetFile(file) as table:
            known = table.schema_arrow.names
            twice = [name for name in known if known.count(name) > 1]
            if twice:
                raise fault(f"{file}: column '{twice[0]}' stands twice; expected each column once")
            missing = [name for name in columns or () if name not in known]
            if missing:
                raise fault(f"{file}: column '{missing[0]}' is missing; it has: {', '.join(known)}")
            for batch in table.iter_batches(batch_size=10_000, columns=columns and list(columns)):
                for row in _rows_of(batch):
                    number += 1
                    yield number, row
    except UnicodeDecodeError:
        raise fault(f"{file}: {place(file, number + 1)}: not UTF-8; expected texts in UTF-8") from None
    except (ArrowException, OSError) as error:
        raise fault(f"{file}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _rows_of(batch: Any) -> Iterable[Row]:
    """Return the rows of a piece of a file; where a text is not UTF-8, one by one until that row."""
    try:
        return batch.to_pylist()
    except UnicodeDecodeError:
        return (row.as_py() for row in batch.to_struct_array())
