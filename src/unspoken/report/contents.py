"""What a report is made of: the claims, verdicts, measurements and samples of one store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unspoken.report.rollup import analogue_because, needs_met, rolled_up
from unspoken.subject_tables import models_under

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
VALUES = ("value_of", "value", "bound", "value_low", "value_high", "interval_kind", "value_text", "unit")
TIMES = ("completions", "answers", "subjects")
"""Tables whose rows tell when they were made."""


@dataclass(frozen=True)
class Contents:
    """A store as the report reads it; claims, verdicts and measurements are dicts by column."""

    study: Row
    """Name, seed, digest, config; `first` and `last`: when its data were made (null: unknown)."""
    models: list[Row]
    claims: dict[str, Row]
    """By id, with their `values` (one dict a published value), their `test` (null: none), their `verdicts` (by
    subject) and the `rollup` of these."""
    measurements: dict[str, Row]
    """Those that a verdict reads, by id."""
    controls: list[Row]
    """Checks whose truth is known: held or not."""
    sources: dict[str, str]
    """The paper whose experiment each experiment of the study is."""
    packages: dict[str, str]

    @property
    def verdicts(self) -> list[Row]:
        """Return every row of the verdicts, in the order of the claims."""
        return [row for claim in self.claims.values() for row in claim["verdicts"]]

    @property
    def tested(self) -> list[Row]:
        """Return the claims for which something was measured."""
        return [claim for claim in self.claims.values() if claim["rollup"]["outcome"] is not None]


def rows_of(store: "duckdb.DuckDBPyConnection", query: str, values: list[Any] | None = None) -> list[Row]:
    """Return the rows of a query as dicts."""
    found = store.execute(query, values or [])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def tables_of(store: "duckdb.DuckDBPyConnection") -> set[str]:
    """Return the names of a store's tables: a study without texts has no table of texts."""
    return {row["table_name"] for row in rows_of(store, "SELECT table_name FROM duckdb_tables()")}


def _study(store: "duckdb.DuckDBPyConnection", tables: set[str]) -> Row:
    study = rows_of(store, "SELECT study, seed, digest, config FROM studies")[0]
    times = [
        row for table in TIMES if table in tables
        for row in rows_of(store, f"SELECT min(created_at) AS first, max(created_at) AS last FROM {table}")
        if row["first"] is not None
    ]  # fmt: skip
    first = min((row["first"] for row in times), default=None)
    return study | {"first": first, "last": max((row["last"] for row in times), default=None)}


def _claims(store: "duckdb.DuckDBPyConnection") -> dict[str, Row]:
    claims: dict[str, Row] = {}
    for row in rows_of(store, "SELECT * FROM claims ORDER BY claim_id, value_index"):
        value = {name: row.pop(name) for name in VALUES}
        known = claims.setdefault(row["claim_id"], row | {"values": [], "verdicts": [], "class": row["model_class"]})
        known["values"].append(value)
    for claim in claims.values():
        asked = claim["published_n"]
        claim["published_n"] = None if asked is None else {"n": asked, "of": claim["published_n_of"]}
        claim["test"] = None if claim["test"] is None else json.loads(claim["test"])
    return claims


def read_contents(store: "duckdb.DuckDBPyConnection") -> Contents:
    """Return what a report tells of a store. Every claim has at least one verdict row in it."""
    tables = tables_of(store)
    claims = _claims(store)
    read = "SELECT * FROM measurements WHERE measurement_id IN (SELECT measurement_id FROM verdicts)"
    measurements = {row["measurement_id"]: row for row in rows_of(store, read)}
    facts = models_under(store.sql("FROM subjects").pl(), store.sql("FROM models").pl())
    for row in rows_of(store, "SELECT * FROM verdicts ORDER BY claim_id, subject NULLS LAST"):
        claim = claims[row["claim_id"]]
        measured = measurements.get(row["measurement_id"])
        row["measured"] = measured
        if measured is not None:
            models = [fact for name in (row["subject"], row["versus"]) if name for fact in facts.get(name, [])]
            row["needs_met"] = needs_met(claim, measured["conditions"])
            row["because"] = (
                analogue_because(claim, measured["conditions"], models) if row["fidelity"] == "analogue" else ""
            )
        claim["verdicts"].append(row)
    for claim in claims.values():
        claim["rollup"] = rolled_up(claim["verdicts"])
    packages: Mapping[str, str] = {}
    if "provenance" in tables:
        packages = rows_of(store, "SELECT packages FROM provenance LIMIT 1")[0]["packages"]
    return Contents(
        study=_study(store, tables),
        models=rows_of(store, "SELECT * FROM models ORDER BY model"),
        claims=claims,
        measurements=measurements,
        controls=rows_of(
            store, "SELECT * FROM measurements WHERE passed IS NOT NULL ORDER BY experiment, role, metric, subject"
        ),
        sources={
            row["experiment"]: row["paper"]
            for row in rows_of(store, "SELECT DISTINCT experiment, paper FROM measurements ORDER BY ALL DESC")
        },
        packages=dict(packages),
    )  # fmt: skip
