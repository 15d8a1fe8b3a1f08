"""The short text at the end of a run: the main findings with intervals, from the store by SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from unspoken.files import digest_of
from unspoken.statistics import LOG_ODDS_MARGIN
from unspoken.tables.measurements import SENSITIVITY

CONTRASTS = """
SELECT unit, subject, coalesce(versus, '') AS versus, conditions['trait'] AS trait,
       value, ci_low, ci_high, ci90_low, ci90_high, n_replicates, replicate, gate
FROM measurements
WHERE role = 'finding' AND kind = 'contrast' AND ci_method <> 'permutation'
  AND experiment = $experiment AND metric = $metric AND starts_with(unit, $unit)
  AND ($groups = [] OR list_contains($groups, split_part(subject, ':', -1)))
"""
ORDER = " ORDER BY subject, versus, trait"
CHECKS = """
SELECT role, count(*) FILTER (passed) AS held, count(*) AS made
FROM measurements WHERE passed IS NOT NULL GROUP BY role ORDER BY role
"""
LEFT_OUT = """
SELECT subject, conditions['reason'], value, n_samples
FROM measurements WHERE metric = 'left_out' ORDER BY experiment, subject, conditions['reason']
"""
STATED = """
SELECT share.subject, share.value, share.n_samples, agreement.value
FROM measurements AS share LEFT JOIN measurements AS agreement
  ON agreement.metric = 'answer_agreement' AND agreement.experiment = share.experiment
  AND agreement.subject = share.subject AND agreement.conditions['unusable'] = 'dropped'
  AND coalesce(agreement.conditions['hint'], 'all') = 'all'
WHERE share.metric = 'outcome_share' AND share.conditions['outcome'] = 'answered'
  AND split_part(share.subject, ':', -1) IN ('hinted', 'unhinted')
ORDER BY share.experiment, share.subject
"""
REPRODUCIBLE = "SELECT * FROM measurements WHERE reproducible ORDER BY measurement_id"


def _reading(row: tuple) -> str:
    """Say what an interval shows, by its own ends: nothing here is judged by eye."""
    unit, _, _, _, value, low, high, low90, high90, _, _, gate = row
    if gate is not None:
        return f"uninformative: {gate}"
    if value is None or low is None:
        return "no interval"
    if low > 0 or high < 0:
        return "above 0" if low > 0 else "below 0"
    if unit == "log_odds" and max(-low90, high90) < LOG_ODDS_MARGIN:
        return f"none within {LOG_ODDS_MARGIN} (90% interval)"
    return "no difference shown"


def _line(row: tuple) -> str:
    unit, subject, versus, trait, value, low, high, _, _, n, replicate, _ = row
    about = f"{subject} - {versus}"
    if trait and trait not in subject:
        about += f" ({trait})"
    number = "     -" if value is None else f"{value:+.3f}"
    interval = "" if low is None else f"[{low:+.3f}, {high:+.3f}]"
    return f"  {about:74} {number} {interval:18} {unit}, n = {n} {replicate}s: {_reading(row)}"


def reproducible_digest(store: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """Return how many measurements a rebuild must repeat bit by bit, and the digest of their rows."""
    rows = store.sql(REPRODUCIBLE).pl().to_dicts()
    return len(rows), digest_of(rows)


def _condition(place: int, wanted: str | bool) -> str:
    """Return the SQL for one condition of a headline: a value, any value (true), or none (false)."""
    if isinstance(wanted, bool):
        return f" AND conditions[$key{place}] IS {'NOT ' * wanted}NULL"
    return f" AND conditions[$key{place}] = $value{place}"


def headline_rows(store: duckdb.DuckDBPyConnection, headline: Mapping[str, Any]) -> list[tuple]:
    """Return the contrasts of a headline (`study.room.Headline` as plain values, with its experiment).

    Sensitivity rows (`tables.measurements.SENSITIVITY`) only where it names their condition.
    """
    conditions = list({**dict.fromkeys(SENSITIVITY, False), **headline["conditions"]}.items())
    given = {name: headline[name] for name in ("experiment", "metric", "unit", "groups")}
    for place, (key, wanted) in enumerate(conditions):
        given[f"key{place}"] = key
        if not isinstance(wanted, bool):
            given[f"value{place}"] = wanted
    asked = "".join(_condition(place, wanted) for place, (_, wanted) in enumerate(conditions))
    return store.execute(CONTRASTS + asked + ORDER, given).fetchall()


def stated_lines(store: duckdb.DuckDBPyConnection) -> list[str]:
    """Return how many replies state an answer, and how many of these are read so by force; none without."""
    rows = store.execute(STATED).fetchall()
    lines = ["", "Replies that state an answer, which is their score"] if rows else []
    for subject, value, samples, agreement in rows:
        forced = "" if agreement is None else f"; the letter read by force agrees in {agreement:.3f} of them"
        lines.append(f"  {subject}: {value:.3f} of {samples} replies{forced}")
    return lines


def findings_text(store: duckdb.DuckDBPyConnection, headlines: Sequence[Mapping[str, Any]]) -> str:
    """Return the findings, one a line with its 95% interval, the instrument checks' tally, and a digest.

    A headline without a heading stands under its metric's name.
    """
    (study, seed), *_ = store.execute("SELECT study, seed FROM studies").fetchall()
    lines = [f"Findings of the study '{study}', seed {seed}: contrasts with 95% intervals"]
    for headline in headlines:
        rows = headline_rows(store, headline)
        if rows:
            heading = headline["heading"] or headline["metric"].replace("_", " ").capitalize()
            lines += ["", heading, *map(_line, rows)]
    lines += stated_lines(store)
    left_out = store.execute(LEFT_OUT).fetchall()
    if left_out:
        lines += ["", "Left out of the scores of chains, as no judge has a verdict"]
        lines += [
            f"  {subject}: {value:.0f} of {samples} replies: {reason}"
            for subject, reason, value, samples in left_out
        ]
    lines += ["", "Checks whose truth is known by construction (never findings)"]
    lines += [
        f"  {role.replace('_', ' '):18} {held} of {made} held"
        for role, held, made in store.execute(CHECKS).fetchall()
    ]
    repeated, digest = reproducible_digest(store)
    lines += ["", f"Measurements that a rebuild repeats bit by bit: {repeated}, digest {digest}"]
    return "\n".join(lines) + "\n"
