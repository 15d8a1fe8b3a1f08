"""The short text at the end of a run: the main findings with intervals, from the store by SQL."""

import duckdb

from unspoken.files import digest_of
from unspoken.statistics import LOG_ODDS_MARGIN

PRIMARY = """
SELECT if(conditions['dataset'] IS NULL, metric, 'own_data') AS metric, unit, subject,
       coalesce(versus, '') AS versus, conditions['trait'] AS trait,
       value, ci_low, ci_high, ci90_low, ci90_high, n_replicates, replicate, gate
FROM measurements
WHERE role = 'finding' AND kind = 'contrast' AND ci_method <> 'permutation'
  AND ((metric = 'trait_shift' AND unit = 'log_odds' AND conditions['dataset'] IS NOT NULL
        AND conditions['scorer'] = 'choice' AND conditions['questions'] = 'held_out')
    OR (experiment = 'subliminal' AND conditions['scorer'] = 'choice'
        AND conditions['questions'] = 'held_out' AND starts_with(unit, 'log_odds')
        AND metric IN ('specificity', 'specificity_difference', 'specificity_slope'))
    OR (experiment = 'mnist' AND metric = 'accuracy')
    OR (experiment = 'loops' AND conditions['k'] = 'all' AND metric LIKE '%slope')
    OR (experiment = 'faithfulness' AND conditions['hint'] = 'all' AND conditions['unusable'] = 'dropped'
        AND metric IN ('switch_minus_sham', 'mention_gap', 'faithfulness_gap', 'cue_effect')
        AND split_part(subject, ':', -1) IN ('hinted', 'switched', 'neutral'))
    OR (experiment = 'probing' AND unit = 'log_odds' AND conditions['scorer'] = 'choice'))
ORDER BY experiment DESC, metric, subject, versus, trait
"""
CHECKS = """
SELECT role, count(*) FILTER (passed) AS held, count(*) AS made
FROM measurements WHERE passed IS NOT NULL GROUP BY role ORDER BY role
"""
REPRODUCIBLE = "SELECT * FROM measurements WHERE reproducible ORDER BY measurement_id"
HEADINGS = {
    "own_data": "Students of your own data minus the untouched base",
    "specificity": "Own-trait minus other-trait students (specificity)",
    "specificity_difference": "Differences of specificity between arms",
    "specificity_slope": "Specificity per tenfold training rows",
    "accuracy": "MNIST accuracy",
    "switch_minus_sham": "Answers that move to a hinted option, minus without a hint",
    "cue_effect": "Answers at h under a hint to h minus under the same hint to another option",
    "mention_gap": "Chains that mention the hint, where it moved the answer minus where not",
    "faithfulness_gap": "Faithfulness under neutral hints minus under misaligned ones",
    "direct_accuracy_slope": "Looped models, accuracy without written steps per doubling of turns",
    "step_uplift_slope": "Looped models, what written steps add per doubling of turns",
    "trait_shift": "Under a system prompt for the trait minus without",
}


def _reading(row: tuple) -> str:
    """Say what an interval shows, by its own ends: nothing here is judged by eye."""
    _, unit, _, _, _, value, low, high, low90, high90, _, _, gate = row
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
    _, unit, subject, versus, trait, value, low, high, _, _, n, replicate, _ = row
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


def findings_text(store: duckdb.DuckDBPyConnection) -> str:
    """Return the findings, one a line with its 95% interval, the instrument checks' tally, and a digest."""
    (study, seed), *_ = store.execute("SELECT study, seed FROM studies").fetchall()
    lines = [f"Findings of the study '{study}', seed {seed}: contrasts with 95% intervals"]
    shown = ""
    for row in store.execute(PRIMARY).fetchall():
        if row[0] != shown:
            shown = row[0]
            lines += ["", HEADINGS[shown]]
        lines.append(_line(row))
    lines += ["", "Checks whose truth is known by construction (never findings)"]
    lines += [
        f"  {role.replace('_', ' '):18} {held} of {made} held"
        for role, held, made in store.execute(CHECKS).fetchall()
    ]
    repeated, digest = reproducible_digest(store)
    lines += ["", f"Measurements that a rebuild repeats bit by bit: {repeated}, digest {digest}"]
    return "\n".join(lines) + "\n"
