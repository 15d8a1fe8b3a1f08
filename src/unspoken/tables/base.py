"""Read and write the Parquet tables between stages, checked against their schemas."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import dataframely as dy
import polars as pl

from unspoken.files import written_whole


class TableError(ValueError):
    """A table that breaks its schema; the message names file, column and row."""


def _first_fault(frame: pl.DataFrame, schema: type[dy.Schema]) -> str:
    """Say which column and row breaks which rule first."""
    faults = schema.filter(frame)[1].details().with_row_index("_at")
    rules = [
        name for name in faults.columns if faults[name].dtype == pl.Enum(["valid", "invalid", "unknown"])
    ]
    for rule in rules:
        broken = faults.filter(pl.col(rule) == "invalid")
        if broken.height:
            column = rule.split("|")[0]
            value = broken[column][0] if column in broken.columns and column != rule else "row"
            kept = [name for name in frame.columns if name in broken.columns]
            where = frame.with_row_index("_row").join(broken.head(1).select(kept), on=kept, nulls_equal=True)
            return f"column '{column}', row {where['_row'][0]}: {value!r} breaks '{rule}'"
    return "unknown fault"


def checked(frame: pl.DataFrame, schema: type[dy.Schema], path: Path) -> pl.DataFrame:
    """Return `frame` with the schema's columns in order, or raise TableError for its first fault."""
    missing = [name for name in schema.column_names() if name not in frame.columns]
    if missing:
        raise TableError(f"{path}: column '{missing[0]}' is missing ({schema.__name__})")
    try:
        return schema.validate(frame.select(schema.column_names()))
    except dy.exc.SchemaError as error:
        raise TableError(f"{path}: {str(error).splitlines()[0]} ({schema.__name__})") from error
    except dy.exc.ValidationError as error:
        fault = _first_fault(frame.select(schema.column_names()), schema)
        raise TableError(f"{path}: {fault} ({schema.__name__})") from error


def read_table(path: Path, schema: type[dy.Schema]) -> pl.DataFrame:
    """Return a stage's table, checked at the door. Raises TableError naming file, column, row."""
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(f"{path}: cannot be read as Parquet: {error}") from error
    return checked(frame, schema, path)


def write_table(frame: pl.DataFrame, path: Path, schema: type[dy.Schema]) -> None:
    """Check a table and write it, whole or not at all."""
    valid = checked(frame, schema, path)
    with written_whole(path) as temporary:
        valid.write_parquet(temporary)


def whole_table(paths: Sequence[Path], schema: type[dy.Schema]) -> pl.DataFrame:
    """Return the rows of several files of one table under each other; no rows where there is no file."""
    frames = [read_table(path, schema) for path in paths]
    return pl.concat(frames) if frames else schema.create_empty()


@contextmanager
def written_table(path: Path, schema: type[dy.Schema]) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Yield what appends rows to a table that is checked and written in pieces, whole or not at all.

    Memory holds one piece at a time, and 8 bytes of each row. Raises TableError for a piece's fault,
    and for a primary key that two pieces share.
    """
    from pyarrow import parquet

    writer = None

    def append(rows: pl.DataFrame) -> None:
        nonlocal writer
        piece = checked(rows, schema, path).to_arrow(compat_level=pl.CompatLevel.oldest())
        if writer is None:
            writer = parquet.ParquetWriter(temporary, piece.schema, compression="zstd")
        writer.write_table(piece)

    with written_whole(path) as temporary:
        try:
            yield append
            if writer is None:
                append(schema.create_empty())
        except BaseException:
            with suppress(OSError):  # on a full disk it would hide what happened
                if writer is not None:
                    writer.close()
            raise
        if writer is not None:
            writer.close()
        _check_keys(temporary, schema, path)


def _check_keys(written: Path, schema: type[dy.Schema], path: Path) -> None:
    """Raise TableError, which names `path`, if two rows of a written table have one primary key."""
    key = schema.primary_key()
    if not key:
        return
    rows = pl.scan_parquet(written).select(key)
    hashes = rows.select(pl.struct(key).hash()).collect(engine="streaming").to_series()
    if hashes.n_unique() == hashes.len():
        return
    twice = rows.collect().is_duplicated()  # hashes may agree by chance
    if twice.any():
        raise TableError(f"{path}: row {twice.arg_max()}: its key {', '.join(key)} stands twice")
