"""The store: every table of a study in one DuckDB file, whole by itself; and several merged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from unspoken.files import written_whole

Row = dict[str, Any]
Comments = dict[str, dict[str, Any]]
"""What each table is `about`, and what each of its `columns` means (resources/store.yaml)."""

BUILDING: dict[str, Any] = {"threads": 2, "memory_limit": "2GB"}
"""What DuckDB may use to write a store; without a limit it keeps all it writes in memory."""

SORTED = {"measurements": ("experiment", "metric", "unit", "ci_method")}
"""Rows that are asked for together lie together: DuckDB skips the others, and packs them better."""

PACKED = {"replies": ("reply_id", "prompt", "thinking", "reply"), "filter_audit": ("reply_id",)}
"""Columns of large tables whose texts seldom repeat: zstd takes less time and half the space there."""

SIZE = "SELECT total_blocks * block_size + 3 * 4096 FROM pragma_database_size()"
"""Bytes of a database file: its blocks and three headers."""


class StoreError(ValueError):
    """Tables that cannot become a store; the message says which, and why."""


@dataclass
class Source:
    """The Parquet files of a table of the store, and the columns that are imported of them; None: all."""

    paths: list[Path]
    columns: list[str] | None = None


def sources_of(paths: Iterable[Path], tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Source]:
    """Return the sources by the store's table, of files whose name (stem) says which table they are of.

    `tables` has by stem the table of the `store`, and the `columns` that are imported; files of several
    stems may make one table. Raises StoreError for a file of a table that is not declared, and where two
    stems ask other columns of one table.
    """
    sources: dict[str, Source] = {}
    for path in paths:
        if path.stem not in tables:
            raise StoreError(f"{path}: no experiment or stage declares its table '{path.stem}' for the store")
        declared = tables[path.stem]
        source = sources.setdefault(declared["store"], Source([], declared["columns"]))
        if source.columns != declared["columns"]:
            raise StoreError(f"{path}: another file asks for other columns of '{declared['store']}'")
        source.paths.append(path)
    return sources


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_text(value: str) -> str:
    """Return a text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def _comment(connection: duckdb.DuckDBPyConnection, table: str, column: str | None, text: str) -> None:
    """Write the comment of a table, or of one of its columns."""
    what = f"TABLE {_quoted(table)}" if column is None else f"COLUMN {_quoted(table)}.{_quoted(column)}"
    connection.execute(f"COMMENT ON {what} IS {quoted_text(text)}")


def comment_on(connection: duckdb.DuckDBPyConnection, table: str, comments: Comments) -> None:
    """Write the comments of a table and of its columns. Raises StoreError for one without."""
    if table not in comments:
        raise StoreError(f"resources/store.yaml says nothing of the table '{table}'")
    columns = connection.table(table).columns
    for column in columns:
        if column not in comments[table]["columns"]:
            raise StoreError(f"resources/store.yaml says nothing of the column '{table}.{column}'")
    _comment(connection, table, None, comments[table]["about"])
    for column in columns:
        _comment(connection, table, column, comments[table]["columns"][column])


def _create(connection: duckdb.DuckDBPyConnection, table: str, rows: duckdb.DuckDBPyRelation) -> None:
    """Create a table of `rows`, each column packed as DuckDB chooses unless PACKED names it."""
    if table not in PACKED:
        rows.create(_quoted(table))
        return
    columns = ", ".join(
        f"{_quoted(column)} {kind}" + (" USING COMPRESSION zstd" if column in PACKED[table] else "")
        for column, kind in zip(rows.columns, rows.types, strict=True)
    )
    connection.execute(f"CREATE TABLE {table} ({columns})")
    rows.insert_into(table)


def _imported(connection: duckdb.DuckDBPyConnection, source: Source) -> duckdb.DuckDBPyRelation:
    """Return the rows of a source's files; a column that only some of them have is null in the others."""
    rows = connection.read_parquet([str(path) for path in source.paths], union_by_name=True)
    return rows if source.columns is None else rows.select(*map(duckdb.ColumnExpression, source.columns))


def write_store(
    store: Path,
    study: str,
    sources: Mapping[str, Source],
    frames: dict[str, pl.DataFrame],
    comments: Comments,
) -> dict[str, int]:
    """Write the store whole, or leave the old store; return the rows of each table.

    `sources` are Parquet tables to import (in the order of SORTED), `frames` tables made on the way; a table
    that has no column `study` gets it. Readers of the old file keep reading it: the new one takes its name
    at the end. Raises StoreError for a table without comments, and for a damaged file.
    """
    with written_whole(store) as temporary, duckdb.connect(str(temporary), config=BUILDING) as connection:
        try:
            relations = {
                name: _imported(connection, source) for name, source in sources.items() if source.paths
            }
            for name in relations.keys() & SORTED.keys():
                relations[name] = relations[name].order(", ".join(SORTED[name]))
            relations |= {name: connection.from_arrow(frame.to_arrow()) for name, frame in frames.items()}
            for name, relation in relations.items():
                named = duckdb.ConstantExpression(study).alias("study")
                has_study = "study" in relation.columns
                whole = relation if has_study else relation.select(named, duckdb.StarExpression())
                _create(connection, name, whole)
                comment_on(connection, name, comments)
        except duckdb.Error as error:
            raise StoreError(f"a table cannot be read: {str(error).splitlines()[0]}") from error
        counts = {name: len(connection.table(name)) for name in relations}
        connection.execute("CHECKPOINT")
    return counts


def _attached(connection: duckdb.DuckDBPyConnection, stores: list[Path]) -> dict[str, Path]:
    """Attach the stores, read-only; return their files by the names that they have there."""
    files = {f"store{place}": path for place, path in enumerate(dict.fromkeys(map(Path.resolve, stores)))}
    for name, path in files.items():
        if not path.is_file():
            raise StoreError(f"no store at {path}")
        try:
            connection.execute(f"ATTACH {quoted_text(str(path))} AS {name} (TYPE duckdb, READ_ONLY)")
            connection.execute(f"SELECT study, digest FROM {name}.main.studies")
        except duckdb.Error as error:
            raise StoreError(f"{path} is no store that can be read: {str(error).splitlines()[0]}") from error
    return files


def _taken_before(connection: duckdb.DuckDBPyConnection, files: dict[str, Path]) -> dict[str, list[str]]:
    """Return, by store, its studies that a store before it has. Raises StoreError for another digest."""
    found: dict[str, tuple[str, Path]] = {}
    repeated: dict[str, list[str]] = {name: [] for name in files}
    for name, path in files.items():
        rows = connection.execute(f"SELECT study, digest FROM {name}.main.studies").fetchall()
        for study, digest in rows:
            known, where = found.setdefault(study, (digest, path))
            if known != digest:
                raise StoreError(
                    f"two different studies are called '{study}': {where} has it with digest {known}, "
                    f"{path} with digest {digest}; rename one in its configuration and build it again"
                )
            if where != path:
                repeated[name].append(study)
    return repeated


def _merge_tables(connection: duckdb.DuckDBPyConnection, repeated: dict[str, list[str]]) -> list[str]:
    """Create each table of the attached stores, without the rows of repeated studies; return the names."""
    listed = connection.execute(
        "SELECT table_name, list(database_name) FROM duckdb_tables() "
        "WHERE schema_name = 'main' AND list_contains($1, database_name) GROUP BY ALL ORDER BY ALL",
        [list(repeated)],
    ).fetchall()
    for table, stores in listed:
        rows = [
            f"SELECT * FROM {store}.main.{_quoted(table)} "
            f"WHERE NOT list_contains([{', '.join(map(quoted_text, repeated[store]))}]::VARCHAR[], study)"
            for store in sorted(stores)
        ]
        try:
            _create(connection, table, connection.sql(" UNION ALL BY NAME ".join(rows)))
        except duckdb.Error as error:
            raise StoreError(f"the tables '{table}' do not merge: {str(error).splitlines()[0]}") from error
    return [table for table, _ in listed]


def _keep_comments(connection: duckdb.DuckDBPyConnection, stores: Iterable[str]) -> None:
    """Write the comments of the attached stores into the merged store; of two texts the first stays."""
    kept: dict[tuple[str, str | None], str] = {}
    for store in stores:
        for table, column, text in connection.execute(
            "SELECT table_name, NULL, comment FROM duckdb_tables() WHERE database_name = $1 UNION ALL "
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = $1",
            [store],
        ).fetchall():
            if text is not None:
                kept.setdefault((table, column), text)
    for (table, column), text in kept.items():
        _comment(connection, table, column, text)


def merge_stores(
    into: Path,
    stores: list[Path],
    frames: Mapping[str, pl.DataFrame] | None = None,
    comments: Comments | None = None,
) -> dict[str, int]:
    """Write every table of several stores into one, or leave the old one; return the rows of each.

    A study that two stores have, with one digest, is taken once, from the first. Comments are kept.
    `frames` are tables that the merged store has beside them, with their `comments`. `into` may be one of
    the stores. Raises StoreError for a path that is no store, for two studies
    of one name and different digests, and for tables that do not fit together.
    """
    with written_whole(into) as temporary, duckdb.connect(str(temporary), config=BUILDING) as connection:
        files = _attached(connection, stores)
        tables = _merge_tables(connection, _taken_before(connection, files))
        _keep_comments(connection, files)
        for name, frame in (frames or {}).items():
            _create(connection, name, connection.from_arrow(frame.to_arrow()))
            comment_on(connection, name, comments or {})
            tables.append(name)
        counts = {table: len(connection.table(_quoted(table))) for table in tables}
        connection.execute("CHECKPOINT")
    return counts


def rows_of(store: duckdb.DuckDBPyConnection, query: str, values: Any = None) -> list[Row]:
    """Return the rows of a query as dicts; `values` of its parameters are a list, or a dict by name."""
    found = store.execute(query, values or [])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def open_store(path: Path | str = "results/unspoken.duckdb") -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to a study's store.

    Raises FileNotFoundError, saying how to make a store, if there is none, and StoreError if it is damaged.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no store at {path}; `make results` makes one")
    try:
        connection = duckdb.connect(str(path), read_only=True)
        ((wanted,),) = connection.execute(SIZE).fetchall()
        if wanted > Path(path).stat().st_size:  # DuckDB would find out at the first row that is missing
            raise duckdb.IOException(f"its tables take {wanted} bytes, it has {Path(path).stat().st_size}")
    except duckdb.Error as error:
        raise StoreError(
            f"{path} cannot be read ({error}). It holds nothing that is not in the tables of its study:"
            " delete it, and `make results` makes it again"
        ) from error
    return connection
