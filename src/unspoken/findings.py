"""The short text at the end of a run: the main findings with intervals, from the store by SQL."""

import duckdb

PRIMARY = """
SELECT metric, unit, subject, coalesce(versus, '') AS versus,
       conditions['trait'] AS trait, conditions['objective'] AS objective,
       value, ci_low, ci_high, n_replicates, replicate, p
FROM measurements
WHERE role = 'finding' AND kind = 'contrast' AND ci_method <> 'permutation'
  AND ((experiment = 'subliminal' AND conditions['scorer'] = 'choice'
        AND conditions['questions'] = 'held_out' AND starts_with(unit, 'log_odds')
        AND metric IN ('specificity', 'specificity_difference', 'specificity_slope'))
    OR (experiment = 'mnist' AND metric = 'accuracy')
    OR (experiment = 'probing' AND unit = 'log_odds' AND conditions['scorer'] = 'choice'))
ORDER BY experiment DESC, metric, subject, versus, trait
"""
CHECKS = """
SELECT role, count(*) FILTER (passed) AS held, count(*) AS made
FROM measurements WHERE passed IS NOT NULL GROUP BY role ORDER BY role
"""


def _line(row: tuple) -> str:
    metric, unit, subject, versus, trait, _, value, low, high, n, replicate, _ = row
    about = f"{subject} minus {versus}" + (f" ({trait})" if trait and trait not in subject else "")
    number = "no value" if value is None else f"{value:+.3f}"
    interval = "no interval" if low is None else f"[{low:+.3f}, {high:+.3f}]"
    return f"  {metric:22} {about:72} {number} {interval} {unit}, {n} {replicate}s"


def findings_text(store: duckdb.DuckDBPyConnection) -> str:
    """Return the findings, one a line with its 95% interval, and the instrument checks' tally."""
    lines = ["Findings: contrasts with 95% intervals", ""]
    lines += [_line(row) for row in store.execute(PRIMARY).fetchall()]
    lines += ["", "Checks whose truth is known by construction (never findings)"]
    for role, held, made in store.execute(CHECKS).fetchall():
        lines.append(f"  {role.replace('_', ' '):22} {held} of {made} held")
    return "\n".join(lines) + "\n"
