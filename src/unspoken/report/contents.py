"""What a report is made of: the claims, verdicts, measurements and samples of one store."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unspoken.report.rollup import analogue_because, needs_met, rolled_up
from unspoken.subject_tables import models_under

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from unspoken.verdicts.fidelity import ModelFacts

Row = dict[str, Any]
VALUES = ("value_of", "value", "bound", "value_low", "value_high", "interval_kind", "value_text", "unit")
DATED = "SELECT table_name FROM duckdb_columns() WHERE column_name = 'created_at' ORDER BY ALL"
"""The tables whose rows tell when they were made."""
READ = "SELECT * FROM measurements WHERE measurement_id IN (SELECT measurement_id FROM verdicts)"
CONTROLS = """
SELECT * FROM measurements WHERE passed IS NOT NULL ORDER BY experiment, role, metric, subject, measurement_id
"""
SOURCES = "SELECT DISTINCT experiment, paper FROM measurements ORDER BY ALL DESC"
PACKAGES = "SELECT packages FROM provenance LIMIT 1"


@dataclass(frozen=True)
class Contents:
    """A store as the report reads it; claims, verdicts and measurements are dicts by column."""

    study: Row
    """Name, seed, digest, config; `first` and `last`: when its data were made (null: unknown)."""
    models: list[Row]
    claims: dict[str, Row]
    """By id, with their `values` (one dict a published value), their `test` (null: none), their `verdicts`
    (by subject) and the `rollup` of these."""
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


def _study(store: "duckdb.DuckDBPyConnection") -> Row:
    study = rows_of(store, "SELECT study, seed, digest, config FROM studies")[0]
    times = [
        row for dated in rows_of(store, DATED)
        for row in rows_of(
            store, f"SELECT min(created_at) AS first, max(created_at) AS last FROM {dated['table_name']}"
        )
        if row["first"] is not None
    ]  # fmt: skip
    first = min((row["first"] for row in times), default=None)
    return study | {"first": first, "last": max((row["last"] for row in times), default=None)}


def _claims(store: "duckdb.DuckDBPyConnection") -> dict[str, Row]:
    claims: dict[str, Row] = {}
    for row in rows_of(store, "SELECT * FROM claims ORDER BY claim_id, value_index"):
        value = {name: row.pop(name) for name in VALUES}
        empty: Row = {"values": [], "verdicts": [], "class": row["model_class"]}
        known = claims.setdefault(row["claim_id"], row | empty)
        known["values"].append(value)
    for claim in claims.values():
        asked = claim["published_n"]
        claim["published_n"] = None if asked is None else {"n": asked, "of": claim["published_n_of"]}
        claim["test"] = None if claim["test"] is None else json.loads(claim["test"])
    return claims


def _explained(row: Row, claim: Row, facts: "Mapping[str, list[ModelFacts]]") -> Row:
    """Add to a verdict how many of the claim's needs it meets, and why it is an analogue, if it is one."""
    if row["measured"] is None:
        return row
    conditions = row["measured"]["conditions"]
    models = [fact for name in (row["subject"], row["versus"]) for fact in facts.get(name, [])]
    because = analogue_because(claim, conditions, models) if row["fidelity"] == "analogue" else ""
    return row | {"needs_met": needs_met(claim, conditions), "because": because}


def read_contents(store: "duckdb.DuckDBPyConnection") -> Contents:
    """Return what a report tells of a store. Every claim has at least one verdict row in it."""
    claims = _claims(store)
    measurements = {row["measurement_id"]: row for row in rows_of(store, READ)}
    facts = models_under(store.sql("FROM subjects").pl(), store.sql("FROM models").pl())
    for row in rows_of(store, "SELECT * FROM verdicts ORDER BY claim_id, subject NULLS LAST"):
        claim = claims[row["claim_id"]]
        measured = measurements.get(row["measurement_id"])
        claim["verdicts"].append(_explained(row | {"measured": measured}, claim, facts))
    for claim in claims.values():
        claim["rollup"] = rolled_up(claim["verdicts"])
    made = rows_of(store, PACKAGES) if "provenance" in tables_of(store) else []
    return Contents(
        study=_study(store),
        models=rows_of(store, "SELECT * FROM models ORDER BY model"),
        claims=claims,
        measurements=measurements,
        controls=rows_of(store, CONTROLS),
        sources={row["experiment"]: row["paper"] for row in rows_of(store, SOURCES)},
        packages=dict(made[0]["packages"]) if made else {},
    )
