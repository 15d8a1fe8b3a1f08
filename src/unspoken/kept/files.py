"""The file that a registered run leaves: `resources/findings/{study}/{seed}.parquet`, without texts."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from unspoken.files import written_whole
from unspoken.store import quoted_text, rows_of
from unspoken.tables.measurements import Measurements
from unspoken.tables.verdicts import Verdicts

LARGEST = 500_000
"""Bytes of a file at most: it is committed."""
LONGEST = 300
"""Letters of a value at most: names and reasons are shorter, what a model wrote is not."""
KEPT = {
    "measurement": (
        "measurements", Measurements, "true", "metric, unit, kind, subject, versus, measurement_id",
    ),
    "verdict": ("verdicts", Verdicts, "outcome IS NOT NULL", "claim_id, subject, versus, measurement_id"),
}  # fmt: skip
"""By what a row is: the store's table, its schema, which rows are kept, their order. Of verdicts those of
claims that ran. The order puts alike beside alike, which takes a sixth less room than by id."""
TOLD = ("study", "seed", "registered", "commit", "committed", "first_made")
"""What a file tells of its run beside its rows."""


class KeptError(ValueError):
    """A run whose numbers cannot be kept; the message says why."""


def kept_path(root: Path, study: str, seed: int) -> Path:
    """Return where the numbers of a study's run are kept."""
    return root / "resources" / "findings" / study / f"{seed}.parquet"


def kept_files(root: Path) -> list[Path]:
    """Return the files of all runs, by study and seed."""
    files = (root / "resources" / "findings").glob("*/*.parquet")
    return sorted(files, key=lambda path: (path.parent.name, int(path.stem)))


def _refuse_texts(store: duckdb.DuckDBPyConnection) -> None:
    """Raise KeptError for a column that no schema has, and for a value as long as what a model writes."""
    for table, schema, wanted, _ in KEPT.values():
        columns = dict(store.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall())
        differing = sorted(set(columns) ^ set(schema.column_names()))
        if differing:
            raise KeptError(
                f"the store's {table} and this version's differ in the column '{differing[0]}':"
                " keep a run with the version that made it"
            )
        for name, kind in columns.items():
            # Of conditions each value: a contrast of many conditions is no text.
            values = f"unnest(map_values({name}))" if kind.startswith("MAP") else f"{name}::VARCHAR"
            query = f"SELECT max(length(value)) FROM (SELECT {values} AS value FROM {table} WHERE {wanted})"
            ((longest,),) = store.execute(query).fetchall()
            if longest is not None and longest > LONGEST:
                raise KeptError(
                    f"{table}.{name} has a value of {longest} letters: a text, and only names and numbers"
                    f" of at most {LONGEST} are kept"
                )


def write_kept(store: duckdb.DuckDBPyConnection, told: Mapping[str, str | int], path: Path) -> int:
    """Write a store's measurements, and its verdicts on claims that ran; return the file's bytes.

    `told` has the values of TOLD. Raises KeptError for texts, and for a file above LARGEST bytes.
    """
    _refuse_texts(store)
    parts = " UNION ALL BY NAME ".join(
        f"(SELECT '{what}' AS what, * FROM {table} WHERE {wanted} ORDER BY {order})"
        for what, (table, _, wanted, order) in KEPT.items()
    )
    facts = ", ".join(f"{name}: {quoted_text(str(told[name]))}" for name in TOLD)
    with written_whole(path) as temporary:
        # DuckDB writes no parameters into a COPY; the names above are this module's own.
        store.execute(
            f"COPY ({parts}) TO {quoted_text(str(temporary))}"
            f" (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 22, KV_METADATA {{{facts}}})"
        )
        size = temporary.stat().st_size
        if size > LARGEST:
            raise KeptError(f"its numbers take {size:,} bytes, and at most {LARGEST:,} are committed")
    return size


def told_of(path: Path) -> dict[str, str]:
    """Return what a kept file tells of its run: the values of TOLD, as texts."""
    with duckdb.connect() as connection:
        query = "SELECT decode(key), decode(value) FROM parquet_kv_metadata($1)"
        pairs = dict(connection.execute(query, [str(path)]).fetchall())
    return {name: pairs[name] for name in TOLD}


def kept_store(paths: list[Path]) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the tables `measurements` and `verdicts` of some kept files."""
    store = duckdb.connect()
    for what, (table, schema, _, _) in KEPT.items():
        columns = ", ".join(schema.column_names())
        store.execute(
            f"CREATE TABLE {table} AS SELECT {columns} FROM read_parquet($1, union_by_name=true)"
            " WHERE what = $2",
            [[str(path) for path in paths], what],
        )
    return store


def first_made(store: duckdb.DuckDBPyConnection) -> str | None:
    """Return the time (ISO 8601) of the first row of a store that has one: of texts, answers, subjects."""
    query = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = 'created_at' ORDER BY ALL"
    tables = [row["table_name"] for row in rows_of(store, query)]
    times = [store.execute(f'SELECT min(created_at) FROM "{table}"').fetchall()[0][0] for table in tables]
    return min((time for time in times if time), default=None)
