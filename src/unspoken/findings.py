"""The short text at the end of a run: the main findings with intervals, from the store by SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from unspoken.evidence import evidence
from unspoken.files import digest_of
from unspoken.report.texts import side_text, spoken_text
from unspoken.statistics import LOG_ODDS_MARGIN
from unspoken.tables.measurements import ASIDE
from unspoken.verdicts.tallies import claims_by_tests, counted_by_verdict, disagreements, tally_lines

Row = Mapping[str, Any]
Headline = Mapping[str, Any]
REGISTERED = """
SELECT measurement_id, min(registered) AS registered FROM verdicts
WHERE registered IS NOT NULL GROUP BY measurement_id
"""
"""Whether what was measured is registered: each verdict that reads it is; unread, it is exploratory."""
CONTRASTS = f"""
SELECT unit, subject, coalesce(versus, '') AS versus, conditions, conditions['trait'] AS trait,
       value, ci_low, ci_high, ci90_low, ci90_high, n_replicates, replicate, gate,
       coalesce(registered, 'exploratory') AS registered
FROM measurements LEFT JOIN ({REGISTERED}) USING (measurement_id)
WHERE role = 'finding' AND kind = 'contrast' AND ci_method <> 'permutation' AND
"""
HEADLINE = """
experiment = $experiment AND metric = $metric AND starts_with(unit, $unit)
AND ($groups = [] OR list_contains($groups, split_part(subject, ':', -1)))
"""
ORDER = " ORDER BY subject, versus, trait"
CHECKS = """
SELECT role, count(*) FILTER (passed) AS held, count(*) FILTER (NOT passed) AS failed, count(*) AS made
FROM measurements WHERE role <> 'finding' GROUP BY role ORDER BY role
"""
REPRODUCIBLE = "SELECT * FROM measurements WHERE reproducible ORDER BY measurement_id"


def reading_of(row: Row) -> str:
    """Say what an interval shows, by its own ends: nothing here is judged by eye."""
    low, high = row["ci_low"], row["ci_high"]
    if row["gate"] is not None:
        return f"uninformative: {row['gate']}"
    if row["value"] is None or low is None:
        return "no interval"
    if low > 0 or high < 0:
        return "above 0" if low > 0 else "below 0"
    if row["unit"] == "log_odds" and max(-row["ci90_low"], row["ci90_high"]) < LOG_ODDS_MARGIN:
        return f"none within {LOG_ODDS_MARGIN} (90% interval)"
    return "no difference shown"


def compared(row: Row) -> str:
    """Return who is compared with whom, with the trait where the subject does not name it."""
    about = f"{row['subject']} - {row['versus']}"
    named = not row["trait"] or row["trait"] in row["subject"]
    return about if named else f"{about} ({row['trait']})"


def names_of(rows: Sequence[Row]) -> list[str]:
    """Return what each row compares; of rows that compare the same, with the conditions that differ."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(compared(row), []).append(row["conditions"])
    names = []
    for row in rows:
        own, others = row["conditions"], alike[compared(row)]
        differ = sorted(key for key in own if any(one.get(key) != own[key] for one in others))
        names.append(", ".join([compared(row), *(f"{key} {own[key]}" for key in differ)]))
    return names


def number_of(row: Row) -> str:
    """Return a value with its 95% interval and unit, as wide in every row."""
    number = "     -" if row["value"] is None else f"{row['value']:+.3f}"
    interval = "" if row["ci_low"] is None else f"[{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"
    return f"{number} {interval:18} {row['unit']}"


def _line(name: str, row: Row) -> str:
    counted = f"n = {row['n_replicates']} {row['replicate']}s"
    return f"  {name:74} {number_of(row)}, {counted}: {reading_of(row)}; {evidence(row['registered'], 1)}"


def reproducible_digest(store: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """Return how many measurements a rebuild must repeat bit by bit, and the digest of their rows."""
    rows = store.sql(REPRODUCIBLE).pl().to_dicts()
    return len(rows), digest_of(rows)


def _condition(place: int, wanted: str | bool) -> str:
    """Return the SQL for one condition of a headline: a value, any value (true), or none (false)."""
    if isinstance(wanted, bool):
        return f" AND conditions[$key{place}] IS {'NOT ' * wanted}NULL"
    return f" AND conditions[$key{place}] = $value{place}"


def headline_rows(store: duckdb.DuckDBPyConnection, headline: Headline, query: str = CONTRASTS) -> list[Row]:
    """Return the contrasts of a headline (`study.declared.Headline` as plain values, with its experiment).

    `query` ends where the headline's own conditions begin. Rows that stand
    aside (`tables.measurements.ASIDE`), and rows of another than the room's `primary` reading, only where
    the headline names their condition.
    """
    conditions = list({**dict.fromkeys(ASIDE, False), **headline["conditions"]}.items())
    primary = {key: one for key, one in headline["primary"].items() if key not in headline["conditions"]}
    given = {name: headline[name] for name in ("experiment", "metric", "unit", "groups")}
    for place, (key, wanted) in enumerate(conditions):
        given[f"key{place}"] = key
        if not isinstance(wanted, bool):
            given[f"value{place}"] = wanted
    asked = "".join(_condition(place, wanted) for place, (_, wanted) in enumerate(conditions))
    for place, (key, value) in enumerate(primary.items()):
        given |= {f"primary{place}": key, f"reading{place}": value}
        asked += f" AND coalesce(conditions[$primary{place}], $reading{place}) = $reading{place}"
    return store.sql(query + HEADLINE + asked + ORDER, params=given).pl().to_dicts()


def heading_of(headline: Headline) -> str:
    """Return under which words the contrasts of a headline stand."""
    return headline["heading"] or headline["metric"].replace("_", " ").capitalize()


def claims_lines(store: duckdb.DuckDBPyConnection) -> list[str]:
    """Return how many claims ran by how many tests, by verdict, and the tests on which claims disagree."""
    claims, tests = claims_by_tests(store)
    lines = ["", f"What papers claim: {claims} claims by {tests} tests, measured contrasts (docs/store.md)"]
    lines += [
        f"  {row['verdict']:40} {row['claims']:4} claims, {row['tests']:3} tests"
        for row in counted_by_verdict(store)
    ]
    disputed = disagreements(store)
    if disputed:
        lines += ["", "Where papers disagree: claims that expect different things of one contrast"]
    for one in disputed:
        number = "-" if one["value"] is None else f"{one['value']:+.3f}"
        ends = "" if one["ci_low"] is None else f" [{one['ci_low']:+.3f}, {one['ci_high']:+.3f}]"
        lines.append(f"  {one['metric']} of {one['subject']} - {one['versus']}: {number}{ends} {one['unit']}")
        lines += [f"    {side_text(side)}" for side in one["sides"]]
        lines.append(f"    together: {spoken_text(one)}")
    return lines


def findings_text(
    store: duckdb.DuckDBPyConnection,
    headlines: Sequence[Headline],
    tallies: Sequence[Mapping[str, str]] = (),
) -> str:
    """Return the findings, one a line with its 95% interval, the instrument checks' tally, and a digest.

    A headline without a heading stands under its metric's name. `tallies`: what rooms tell beside them.
    """
    (study, seed), *_ = store.execute("SELECT study, seed FROM studies").fetchall()
    lines = [f"Findings of the study '{study}', seed {seed}: contrasts with 95% intervals"]
    for headline in headlines:
        rows = headline_rows(store, headline)
        if rows:
            lines += ["", heading_of(headline), *map(_line, names_of(rows), rows)]
    for tally in tallies:
        told = tally_lines(store, tally)
        lines += ["", tally["heading"], *(f"  {line}" for line in told)] if told else []
    lines += claims_lines(store)
    lines += ["", "Checks whose truth is known by construction (never findings)"]
    lines += [
        f"  {role.replace('_', ' '):18} {held} of {made} held, {failed} failed"
        + (f", {made - held - failed} undecided" if made > held + failed else "")
        for role, held, failed, made in store.execute(CHECKS).fetchall()
    ]
    repeated, digest = reproducible_digest(store)
    lines += ["", f"Measurements that a rebuild repeats bit by bit: {repeated}, digest {digest}"]
    return "\n".join(lines) + "\n"
