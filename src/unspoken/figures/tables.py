"""Read the tables that a figure is drawn from, checked, with conditions of measurements as columns."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from unspoken.tables.base import TableError, read_table
from unspoken.tables.measurements import ASIDE

if TYPE_CHECKING:
    import dataframely as dy

Tables = dict[str, pl.DataFrame]


def with_conditions(
    measurements: pl.DataFrame, names: Iterable[str], primary: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return measurements with each of these conditions as a column, null where a row has it not.

    `whose` is the last word of the subject's name (own_trait, other_trait, base, ...), before the
    updates of students that were kept during their training; `versus_whose` that of its control.
    Rows that stand aside are left out (`tables.measurements.ASIDE`), and so are rows of another than the
    `primary` reading, whose conditions are columns too; but for conditions in `names`.
    """
    names, primary = list(names), dict(primary or {})
    conditions = pl.col("conditions").map
    last_word = r"([^:]+?)(?::\d+)?$"
    unasked = [conditions.get(name).is_null() for name in ASIDE if name not in names]
    unasked += [
        conditions.get(name).is_null() | (conditions.get(name) == value)
        for name, value in primary.items()
        if name not in names
    ]
    return (
        measurements.filter(*unasked)
        .with_columns(
            *(conditions.get(name).alias(name) for name in dict.fromkeys([*names, *primary])),
            whose=pl.col("subject").str.extract(last_word),
            versus_whose=pl.col("versus").str.extract(last_word),
        )
        .drop("conditions")
    )


def schema_named(name: str) -> "type[dy.Schema]":
    """Return a schema by its name, such as `unspoken.tables.measurements:Measurements`."""
    module, _, schema = name.partition(":")
    found: type[dy.Schema] = getattr(import_module(module), schema)
    return found


def read_tables(
    paths: Iterable[Path],
    schemas: Mapping[str, str],
    conditions: Iterable[str],
    primary: Mapping[str, str] | None = None,
) -> Tables:
    """Return the tables by the name of their files, tables of one name under each other.

    `schemas` has the name of each table's schema (see `schema_named`); measurements get the `conditions`
    as columns, and the `primary` reading alone. Raises TableError for a file whose table has no schema, or
    breaks it.
    """
    found: dict[str, list[pl.DataFrame]] = {}
    for path in paths:
        if path.stem not in schemas:
            known = ", ".join(schemas)
            raise TableError(f"{path}: the figure is drawn from {known}; no schema of this table is declared")
        found.setdefault(path.stem, []).append(read_table(path, schema_named(schemas[path.stem])))
    tables = {name: pl.concat(frames) for name, frames in found.items()}
    if "measurements" in tables:
        tables["measurements"] = with_conditions(tables["measurements"], conditions, primary)
    return tables
