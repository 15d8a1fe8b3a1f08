"""The store: every table of a study in one DuckDB file, whole by itself."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from unspoken.files import written_whole

Comments = dict[str, dict[str, Any]]
"""What each table is `about`, and what each of its `columns` means (resources/store.yaml)."""


class StoreError(ValueError):
    """Tables that cannot become a store; the message says which, and why."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def comment_on(connection: duckdb.DuckDBPyConnection, table: str, comments: Comments) -> None:
    """Write the comments of a table and of its columns. Raises StoreError for one without."""
    if table not in comments:
        raise StoreError(f"resources/store.yaml says nothing of the table '{table}'")
    texts = {f"TABLE {_quoted(table)}": comments[table]["about"]}
    for column in connection.table(table).columns:
        if column not in comments[table]["columns"]:
            raise StoreError(f"resources/store.yaml says nothing of the column '{table}.{column}'")
        texts[f"COLUMN {_quoted(table)}.{_quoted(column)}"] = comments[table]["columns"][column]
    for what, text in texts.items():
        escaped = text.replace("'", "''")
        connection.execute(f"COMMENT ON {what} IS '{escaped}'")


def write_store(
    store: Path,
    study: str,
    files: dict[str, list[Path]],
    frames: dict[str, pl.DataFrame],
    comments: Comments,
) -> dict[str, int]:
    """Write the store whole, or leave the old one; return the rows of each table.

    `files` are Parquet tables to import as they are, `frames` tables made on the way; a table that
    has no column `study` gets it. Readers of the old file keep reading it: the new one takes its
    name at the end. Raises StoreError for a table without comments, and for a damaged file.
    """
    with written_whole(store) as temporary, duckdb.connect(str(temporary)) as connection:
        try:
            relations = {
                name: connection.read_parquet([str(path) for path in paths], union_by_name=True)
                for name, paths in files.items()
                if paths
            }
            relations |= {name: connection.from_arrow(frame.to_arrow()) for name, frame in frames.items()}
            for name, relation in relations.items():
                named = duckdb.ConstantExpression(study).alias("study")
                has_study = "study" in relation.columns
                whole = relation if has_study else relation.select(named, duckdb.StarExpression())
                whole.create(name)
                comment_on(connection, name, comments)
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise StoreError(f"a table cannot be read: {str(error).splitlines()[0]}") from error
        counts = {name: len(connection.table(name)) for name in relations}
        connection.execute("CHECKPOINT")
    return counts


def open_store(path: Path | str = "results/unspoken.duckdb") -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to a study's store.

    Raises FileNotFoundError, saying how to make one, if there is none.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no store at {path}; `make results` makes one")
    return duckdb.connect(str(path), read_only=True)
