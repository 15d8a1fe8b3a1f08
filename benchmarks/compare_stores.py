#!/usr/bin/env python
"""Compare the measurements of two stores, row by row, and count what became of them by kind of row.

    .venv/bin/python benchmarks/compare_stores.py BEFORE.duckdb AFTER.duckdb

Rows are the same measurement if all that names it is equal (`tables.measurements.IDENTITY`, without the
study); they are equal if everything else that both stores have of it is. The first table has the rows that
a rebuild repeats bit by bit, by experiment; the second all rows of experiments with a difference, by metric.
"""

import argparse
from pathlib import Path

import duckdb
import polars as pl

from unspoken.store import quoted_text
from unspoken.tables.measurements import IDENTITY

NAMES = tuple(name for name in IDENTITY if name != "study")
COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND table_name = 'measurements'"
ROWS = """
SELECT coalesce(before.experiment, after.experiment) AS experiment,
       coalesce(before.metric, after.metric) AS metric,
       coalesce(before.reproducible, after.reproducible) AS reproducible,
       CASE WHEN before.study IS NULL THEN 'added' WHEN after.study IS NULL THEN 'removed'
            WHEN {equal} THEN 'equal' ELSE 'changed' END AS fate,
       abs(after.value - before.value) AS moved
FROM before.measurements AS before FULL JOIN after.measurements AS after ON {same}
"""
FATES = ("equal", "changed", "added", "removed")


def rows_of(before: Path, after: Path) -> pl.DataFrame:
    """Return a row for each measurement of two stores: experiment, metric, reproducible, fate, moved.

    `fate` is one of FATES; `moved` is how far its value went, null where one of the two has none.
    """
    with duckdb.connect() as stores:
        kept = []
        for name, file in (("before", before), ("after", after)):
            stores.execute(f"ATTACH {quoted_text(str(file))} AS {name} (READ_ONLY)")
            kept.append({column for (column,) in stores.execute(COLUMNS, [name]).fetchall()})
        told = sorted((kept[0] & kept[1]) - {*IDENTITY, "measurement_id"})
        equal, same = (
            " AND ".join(f"before.{name} IS NOT DISTINCT FROM after.{name}" for name in names)
            for names in (told, NAMES)
        )
        return stores.sql(ROWS.format(equal=equal, same=same)).pl()


def counted(rows: pl.DataFrame, *kinds: str) -> pl.DataFrame:
    """Return how many rows of each kind were equal, changed, added and removed, and how far values went."""
    fates = [(pl.col("fate") == fate).sum().alias(fate) for fate in FATES]
    moved = pl.col("moved").filter(pl.col("fate") == "changed").max().alias("largest change")
    return rows.group_by(kinds).agg(*fates, moved).sort(kinds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    given = parser.parse_args()
    rows = rows_of(given.before, given.after)
    differ = rows.filter((pl.col("fate") != "equal").any().over("experiment"))
    with pl.Config(
        tbl_formatting="MARKDOWN", tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True,
        tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=60,
    ):  # fmt: skip
        print("Rows that a rebuild repeats bit by bit")
        print(counted(rows.filter("reproducible"), "experiment"))
        print("All rows, where any differ")
        print(counted(differ, "experiment", "metric"))


if __name__ == "__main__":
    main()
