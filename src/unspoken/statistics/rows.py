"""Rows of the `measurements` table."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from unspoken.files import digest_of
from unspoken.tables.measurements import CONDITIONS, IDENTITY, Measurements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unspoken.statistics.gates import Gate
    from unspoken.statistics.intervals import Interval


def _finite(cell: Any) -> Any:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _sorted_conditions(conditions: Mapping[str, str | int]) -> dict[str, str]:
    """Return the conditions with keys sorted and values as text; raises ValueError for others."""
    for key, value in conditions.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"condition '{key}' must be a text or an integer, not {value!r}")
    return {key: str(conditions[key]) for key in sorted(conditions)}


def measurement(
    *,
    study: str,
    paper: str,
    experiment: str,
    metric: str,
    unit: str,
    kind: str,
    subject: str,
    interval: Interval,
    replicate: str,
    n_samples: int,
    role: str,
    reproducible: bool,
    conditions: Mapping[str, str | int],
    n_missing: int = 0,
    versus: str | None = None,
    seed: int | None = None,
    paired_on: Sequence[str] = (),
    passed: bool | None = None,
    gate: Gate | None = None,
) -> dict[str, Any]:
    """Return one row of `measurements`, with its id, from what was measured and its interval.

    Conditions are sorted by key and `paired_on` by name; numbers that are not finite become null.
    The id is a digest of `tables.measurements.IDENTITY`, so that rows which differ in nothing that
    identifies them collide (`measurement_table` says so). What may be null, and when, is checked by
    the schema.
    """
    row = {
        "study": study,
        "paper": paper,
        "experiment": experiment,
        "metric": metric,
        "unit": unit,
        "kind": kind,
        "subject": subject,
        "versus": versus,
        "conditions": _sorted_conditions(conditions),
        "seed": seed,
        **{name: _finite(cell) for name, cell in asdict(interval).items()},
        "replicate": replicate,
        "n_samples": int(n_samples),
        "n_missing": int(n_missing),
        "paired_on": sorted(paired_on),
        "role": role,
        "passed": None if passed is None else bool(passed),
        "gate": gate,
        "reproducible": bool(reproducible),
    }
    return {"measurement_id": digest_of({name: row[name] for name in IDENTITY}), **row}


def measurement_table(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as the `measurements` table, in an order that does not depend on theirs.

    `write_table` checks it. Sorted by experiment, kind, metric, unit, subject, versus, then id.
    Raises ValueError for two rows of the same id, naming them.
    """
    by_id: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["measurement_id"] in by_id:
            raise ValueError(f"two measurements are the same in { {n: row[n] for n in IDENTITY} }")
        by_id[row["measurement_id"]] = row
    types = {name: column.dtype for name, column in Measurements.columns().items()}
    frame = pl.DataFrame(list(by_id.values()), schema={**types, "conditions": CONDITIONS})
    order = ["experiment", "kind", "metric", "unit", "subject", "versus", "measurement_id"]
    return frame.sort(order)
