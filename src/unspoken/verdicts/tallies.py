"""What a store's verdicts come to: claims by distinct tests, and the tests on which claims disagree.

A test is a measured contrast, however many claims read it; the queries are printed where the counts are.
"""

from collections.abc import Iterable, Mapping

import duckdb

from unspoken.store import Row, rows_of
from unspoken.tables.measurements import SENSITIVITY

COUNTS = """\
SELECT verdict, count(DISTINCT claim_id) AS claims, count(DISTINCT contrast) AS tests
FROM (SELECT verdict, claim_id, unnest(coalesce(contrasts, [NULL])) AS contrast FROM verdicts)
GROUP BY verdict ORDER BY verdict = 'not run', starts_with(verdict, 'analogue'), verdict"""
WHOLE = """\
SELECT count(DISTINCT claim_id) AS claims, count(DISTINCT contrast) AS tests
FROM (SELECT claim_id, unnest(contrasts) AS contrast FROM verdicts)"""
DISAGREEMENTS = """\
WITH read AS (
    SELECT v.*, c.cited FROM verdicts AS v
    JOIN (SELECT DISTINCT claim_id, cited FROM claims) AS c USING (claim_id)
    WHERE outcome IS NOT NULL AND len(contrasts) = 1
)
SELECT m.measurement_id, m.experiment, m.metric, m.unit, m.subject, m.versus, m.value, m.ci_low, m.ci_high,
       any_value(r.p_adj) AS p_adj, r.expects, list(DISTINCT r.claim_id ORDER BY r.claim_id) AS claims,
       list(DISTINCT r.cited ORDER BY r.cited) AS papers,
       list(DISTINCT r.outcome ORDER BY r.outcome) AS outcomes
FROM read AS r JOIN measurements AS m USING (measurement_id)
WHERE measurement_id IN (SELECT measurement_id FROM read GROUP BY ALL HAVING count(DISTINCT expects) > 1)
GROUP BY ALL ORDER BY m.experiment, m.metric, m.subject, m.versus, m.measurement_id, r.expects"""
CONTRASTS = """\
SELECT measurement_id, metric, unit, subject, versus, conditions, value, ci_low, ci_high, gate,
       measurement_id IN (SELECT unnest(contrasts) FROM verdicts) AS is_read
FROM measurements
WHERE experiment = $experiment AND kind = 'contrast' AND role = 'finding' AND ci_method <> 'permutation'
ORDER BY metric, subject, versus, unit, conditions"""
SPEAKS_FOR = ("shown", "same size")
"""How the outcomes begin with which a contrast speaks for a claim."""


def counted_by_verdict(store: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return verdict, claims, tests; a claim with several subjects counts at each of their verdicts."""
    return rows_of(store, COUNTS)


def claims_by_tests(store: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return how many claims ran, and on how many tests."""
    whole = rows_of(store, WHOLE)[0]
    return whole["claims"], whole["tests"]


def disagreements(store: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the tests of which claims expect different things, a row a test, with its `sides`.

    A side is what some claims expect of the contrast (`above 0`, `below 0`, `none`), with these claims, their
    papers and outcomes. `speaks_for`: the sides whose outcome is as they expect; none where it is open.
    """
    found: dict[str, Row] = {}
    for row in rows_of(store, DISAGREEMENTS):
        side = {name: row.pop(name) for name in ("expects", "claims", "papers", "outcomes")}
        p_adj = row.pop("p_adj")
        contrast = found.setdefault(row["measurement_id"], {**row, "p_adj": p_adj, "sides": []})
        contrast["sides"].append(side)
    for contrast in found.values():
        contrast["speaks_for"] = [
            side["expects"]
            for side in contrast["sides"]
            if any(outcome.startswith(SPEAKS_FOR) for outcome in side["outcomes"])
        ]
    return list(found.values())


def readings(store: duckdb.DuckDBPyConnection, experiment: str, keys: Iterable[str]) -> list[Row]:
    """Return each contrast that verdicts read by every reading that there is of it, what they read first.

    `keys` are the conditions of the experiment's primary reading; `reading` has a row's own. Contrasts of one
    reading alone are left out.
    """
    # Exact probabilities have no unusable answers, and so not that condition.
    readable = {*keys, "unusable", *SENSITIVITY}
    found: dict[str, list[Row]] = {}
    for row in rows_of(store, CONTRASTS, {"experiment": experiment}):
        conditions = dict(row.pop("conditions"))
        row["reading"] = [f"{key} {conditions.pop(key)}" for key in sorted(readable & set(conditions))]
        about = [row[name] for name in ("metric", "unit", "subject", "versus")]
        found.setdefault(repr([about, sorted(conditions.items())]), []).append(row)
    several = [rows for rows in found.values() if len(rows) > 1 and any(row["is_read"] for row in rows)]
    return [row for rows in several for row in sorted(rows, key=lambda row: not row["is_read"])]


def tally_lines(store: duckdb.DuckDBPyConnection, tally: Mapping[str, str]) -> list[str]:
    """Return the lines of a room's `study.declared.Tally`, as plain values; none without a row."""
    return [tally["line"].format(**row) for row in rows_of(store, tally["query"])]
