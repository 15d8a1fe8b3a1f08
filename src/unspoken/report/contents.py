"""What a report is made of: the claims, verdicts, measurements and samples of one store."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unspoken.report.rollup import analogue_because, needs_met, rolled_up
from unspoken.store import rows_of
from unspoken.subject_tables import models_under
from unspoken.verdicts.tallies import (
    claims_by_tests,
    counted_by_verdict,
    disagreements,
    readings,
    tally_lines,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from unspoken.verdicts.fidelity import ModelFacts

Row = dict[str, Any]
VALUES = ("value_of", "value", "bound", "value_low", "value_high", "interval_kind", "value_text", "unit")
DATED = "SELECT table_name FROM duckdb_columns() WHERE column_name = 'created_at' ORDER BY ALL"
"""The tables whose rows tell when they were made."""
READ = "SELECT * FROM measurements WHERE measurement_id IN (SELECT unnest(contrasts) FROM verdicts)"
CONTROLS = """
SELECT * FROM measurements WHERE role <> 'finding' ORDER BY experiment, role, metric, subject, measurement_id
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
    """Checks whose truth is known: `passed` or not, null: undecided."""
    sources: dict[str, str]
    """The paper whose experiment each experiment of the study is."""
    packages: dict[str, str]
    counts: list[Row]
    """Claims and distinct tests by verdict (`verdicts.tallies`)."""
    disagreements: list[Row]
    """The tests of which claims expect different things (`verdicts.tallies`)."""
    claims_by_tests: tuple[int, int]
    """How many claims ran, and on how many tests."""
    tallies: list[tuple[str, list[str]]]
    """What rooms tell beside their contrasts: headings with lines."""
    readings: list[Row]
    """The contrasts of verdicts, by every scorer, set of questions and treatment of unusable answers."""

    @property
    def verdicts(self) -> list[Row]:
        """Return every row of the verdicts, in the order of the claims."""
        return [row for claim in self.claims.values() for row in claim["verdicts"]]

    @property
    def tested(self) -> list[Row]:
        """Return the claims for which something was measured."""
        return [claim for claim in self.claims.values() if claim["rollup"]["outcome"] is not None]


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


def read_contents(
    store: "duckdb.DuckDBPyConnection",
    tallies: "Sequence[Mapping[str, str]]" = (),
    primary: "Mapping[str, Mapping[str, str]] | None" = None,
) -> Contents:
    """Return what a report tells of a store. Every claim has at least one verdict row in it.

    `tallies` and `primary` are what rooms declare: lines beside their contrasts, and their primary reading.
    """
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
        counts=counted_by_verdict(store),
        disagreements=disagreements(store),
        claims_by_tests=claims_by_tests(store),
        tallies=[(one["heading"], lines) for one in tallies if (lines := tally_lines(store, one))],
        readings=[row for room, keys in (primary or {}).items() for row in readings(store, room, list(keys))],
    )
