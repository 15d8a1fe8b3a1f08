"""What the pooled headlines of a study say, line by line, and as the rows of a figure."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from unspoken.evidence import evidence
from unspoken.findings import REGISTERED, Headline, heading_of, headline_rows, names_of, number_of, reading_of
from unspoken.report.texts import contrast_text

if TYPE_CHECKING:
    import duckdb
    import polars as pl

Row = Mapping[str, Any]
POOLED = """
SELECT *, conditions['trait'] AS trait, NULL AS gate FROM pooled WHERE role = 'finding' AND
"""
SEEDS = f"""
SELECT contrast_id, unit, s.seed, m.value, m.ci_low, m.ci_high, left_out[m.study] AS left_out,
       coalesce(r.registered, 'exploratory') AS registered
FROM (SELECT DISTINCT ON (contrast_id) * FROM pooled ORDER BY contrast_id, n_seeds DESC) AS p
JOIN measurements AS m USING (paper, experiment, metric, unit, subject, versus, conditions)
JOIN studies AS s ON m.study = s.study
LEFT JOIN ({REGISTERED}) AS r USING (measurement_id)
WHERE m.kind = 'contrast' AND m.ci_method <> 'permutation' AND m.seed IS NOT DISTINCT FROM p.training_seed
ORDER BY contrast_id, s.seed
"""
"""What each seed measured of each contrast, whether it is in the pool or not."""


def pooled_headlines(
    store: "duckdb.DuckDBPyConnection", headlines: Iterable[Headline]
) -> dict[str, list[Row]]:
    """Return the pooled contrasts of some headlines by heading; headings without any are left out."""
    found = {heading_of(one): headline_rows(store, one, POOLED) for one in headlines}
    return {heading: rows for heading, rows in found.items() if rows}


def rows_by_seed(store: "duckdb.DuckDBPyConnection") -> dict[str, list[Row]]:
    """Return what each seed measured, by contrast, in the order of the seeds."""
    found: dict[str, list[Row]] = {}
    for row in store.sql(SEEDS).pl().iter_rows(named=True):
        found.setdefault(row["contrast_id"], []).append(row)
    return found


def _line(name: str, row: Row) -> str:
    said = f"  {name:74} {number_of(row)}: {row['reason'] or reading_of(row)};"
    said += f" {evidence(row['registered'], row['n_seeds'])}"
    if row["q"] is None:
        return said
    spread = f"tau2 {row['tau2']:.3g}, I2 {row['i2']:.2f}, Q {row['q']:.3g} (p = {row['q_p']:.2g})"
    return f"{said}; {spread}"


def _seed_line(rows: list[Row]) -> str:
    """Return what each seed measured, and of seeds that are not in the pool why."""
    return "    by seed: " + "; ".join(
        f"{row['seed']}: {number_of(row).rstrip()}, {row['registered']}"
        + (f" (left out: {row['left_out']})" if row["left_out"] else "")
        for row in rows
    )


def pooled_text(store: "duckdb.DuckDBPyConnection", study: str, headlines: Iterable[Headline]) -> str:
    """Return the pooled headlines, two lines each: over the seeds, and seed by seed."""
    seeds = [seed for (seed,) in store.execute("SELECT seed FROM studies ORDER BY seed").fetchall()]
    by_seed = rows_by_seed(store)
    lines = [
        f"Findings of the study '{study}' over the study seeds {', '.join(map(str, seeds))}:"
        " contrasts pooled by random effects, with 95% intervals of Hartung and Knapp"
    ]
    for heading, rows in pooled_headlines(store, headlines).items():
        lines += ["", heading]
        for name, row in zip(names_of(rows), rows, strict=True):
            lines += [_line(name, row), _seed_line(by_seed[row["contrast_id"]])]
    return "\n".join(lines) + "\n"


def _drawn(row: Row, heading: str, contrast: str, place: str, label: str) -> dict[str, Any]:
    shown = ("unit", "value", "ci_low", "ci_high", "registered")
    return {
        "heading": heading,
        "contrast": contrast,
        "place": place,
        "label": label,
        **{name: row[name] for name in shown},
    }


def _pool_label(row: Row) -> str:
    """Return what stands beside a pool in the figure: its seeds, and how far they differ."""
    return "no pool" if row["reason"] else f"pool of {row['n_seeds']}, I² {row['i2']:.2f}"


def drawn_rows(store: "duckdb.DuckDBPyConnection", headlines: Iterable[Headline]) -> "pl.DataFrame":
    """Return the rows of `figures.seeds.seeds_figure`: of each headline contrast its seeds, then pools."""
    import polars as pl

    by_seed, rows = rows_by_seed(store), []
    for heading, contrasts in pooled_headlines(store, headlines).items():
        seen: set[str] = set()
        for row in contrasts:
            trait = f" ({row['trait']})" if row["trait"] else ""
            about = contrast_text(row["subject"], row["versus"]) + trait
            seeds = [] if row["contrast_id"] in seen else by_seed[row["contrast_id"]]
            seen.add(row["contrast_id"])
            for one in seeds:
                label = f"seed {one['seed']}" + (f": {one['left_out']}" if one["left_out"] else "")
                rows.append(_drawn(one, heading, about, f"seed {one['seed']}", label))
            rows.append(_drawn(row, heading, about, f"pooled, {row['registered']}", _pool_label(row)))
    texts = ("heading", "contrast", "place", "label", "unit", "registered")
    types = dict.fromkeys(texts, pl.String) | dict.fromkeys(("value", "ci_low", "ci_high"), pl.Float64)
    frame = pl.DataFrame(rows, schema=types)
    return frame.filter(pl.col("value").is_not_null().any().over("heading", "contrast"))


def figure_words(study: str, rows: "pl.DataFrame") -> tuple[str, str]:
    """Return the title and subtitle of the figure of these rows."""
    import polars as pl

    pooled = rows.filter(pl.col("place").str.starts_with("pooled")).drop_nulls("value")
    apart = pooled.filter((pl.col("ci_low") > 0) | (pl.col("ci_high") < 0))
    seeds = rows.filter(pl.col("place").str.starts_with("seed"))["place"].n_unique()
    title = (
        f"'{study}' over {seeds} study seeds: {pooled.height} contrasts pooled,"
        f" {apart.height or 'none'} of them apart from 0"
    )
    return title, (
        "Each seed has teachers, data and base models of its own: 95% intervals over its replicates."
        " Pools: random effects, 95% intervals of Hartung and Knapp; I² is the share of the spread that the"
        " seeds' own errors do not explain"
    )
