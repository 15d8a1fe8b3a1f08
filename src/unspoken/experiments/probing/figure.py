"""What a system prompt does to a chat model's stated favourite, by scorer."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, PAGE, VERMILLION
from unspoken.figures.words import counted, headline, replicates, sign

SCORERS = {
    "choice": "exact choice probability",
    "word": "sampled, whole word",
    "substring": "sampled, substring",
}
WITH, WITHOUT = "with its system prompt", "without"
USED_CONDITIONS = ("scorer", "trait", "unusable")
"""Conditions of measurements that the figure reads as columns."""
LABELS = 60


def _primary(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return rows in which unusable answers count as failures (exact probabilities have none)."""
    return measurements.filter(
        pl.col("unusable").is_null() | (pl.col("unusable") == "failure"),
        pl.col("scorer").is_in(list(SCORERS)),
    )


def _outcome(rows: list[dict]) -> str:
    """Return for how many traits the paired contrasts exclude 0, and on which side."""
    signs = [sign(row) for row in rows]
    said = [
        f"{verb} for {signs.count(direction)} of {counted(len(rows), 'trait')}"
        for direction, verb in ((1, "more often"), (-1, "less often"))
        if direction in signs
    ]
    return " and ".join(said)


def _title(contrasts: pl.DataFrame) -> str:
    """Return what system prompts do, the scorers that agree named together."""
    found: dict[str, list[str]] = {}
    for scorer, label in SCORERS.items():
        rows = contrasts.filter(scorer=scorer, unit="log_odds").to_dicts()
        if rows:
            found.setdefault(_outcome(rows), []).append(label)
    parts = [f"{outcome or 'no difference shown'} ({'; '.join(labels)})" for outcome, labels in found.items()]
    if not parts:
        return "No data: no contrast of a prompted and an unprompted model"
    return f"Under its system prompt a trait is named: {', '.join(parts)}"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return P(trait) without and with its system prompt, by trait, scorer and model."""
    measurements = _primary(tables["measurements"])
    rows = measurements.filter(metric="trait_preference", kind="estimate").with_columns(
        model_name=pl.col("subject").str.split(":").list.first(),
        prompt=pl.when(pl.col("subject").str.contains(":prompted:"))
        .then(pl.lit(WITH))
        .otherwise(pl.lit(WITHOUT)),
        scored=pl.col("scorer").replace_strict(SCORERS, default=None),
    )
    if rows.is_empty():
        return nothing("no model was asked", PAGE)
    scored = [label for label in SCORERS.values() if label in rows["scored"]]
    models = rows["model_name"].unique().sort().to_list()
    order = [WITHOUT, WITH]
    width = (PAGE - LABELS) // len(scored) - 10
    looks: Options = {"domain": order}
    legend = alt.Legend(title=None, orient="bottom", direction="horizontal")
    panels = alt.layer(
        *intervals(
            "x",
            {"title": "P(trait)", "axis": alt.Axis(format="~%", tickCount=4)},
            y=alt.Y("trait:N", title=None, scale=alt.Scale(paddingInner=0.35)),
            yOffset=alt.YOffset("prompt:N", sort=order),
            color=alt.Color("prompt:N", scale=alt.Scale(**looks, range=[BLACK, VERMILLION]), legend=legend),
            shape=alt.Shape("prompt:N", scale=alt.Scale(**looks, range=["circle", "square"]), legend=legend),
        ),
        data=rows.select(
            "trait", "scored", "prompt", "model_name", "value", "ci_low", "ci_high", "n_replicates"
        ),
    ).properties(width=width, height=alt.Step(11))
    contrasts = measurements.filter(metric="trait_shift", kind="contrast")
    subtitle = (
        f"{', '.join(models)}; {counted(rows['trait'].n_unique(), 'trait')}; {replicates(rows)};"
        " unusable answers count as failures; the title counts paired contrasts of log-odds whose"
        " 95% interval excludes 0"
    )
    faceted = panels.facet(
        column=alt.Column("scored:N", title=None, sort=scored),
        row=alt.Row("model_name:N", title=None) if len(models) > 1 else alt.Undefined,
    )
    return faceted.properties(title=headline(_title(contrasts), subtitle))
