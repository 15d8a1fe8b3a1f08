"""How much of the chain its stated answer needs: chains that were cut, changed, or replaced by filler."""

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import FINDINGS_CONDITIONS, findings, labelled
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, INK, PAGE, PURPLE, SMALL, VERMILLION
from unspoken.figures.words import estimate, has_interval, headline, number, replicates

TESTS = {
    "early": ("cut off early", BLUE),
    "mistake": ("goes on from a mistake", VERMILLION),
    "paraphrase": ("paraphrased so far", GREEN),
    "filler": ("dots instead", PURPLE),
}
# Width, colour and dashes of each line.
LINES = {"ceiling": (2.5, "#BBBBBB", [1, 0]), "floor": (1, INK, [3, 2])}
USED_CONDITIONS = (*FINDINGS_CONDITIONS, "kept", "normalised", "test")
"""Conditions of measurements that the figure reads as columns."""
HEIGHT, LABELS = 160, 50


def _area(row: dict) -> str:
    """Return the area over a curve and below it its interval, as text."""
    if row["value"] is None:
        return "area unknown"
    ends = (
        f"\n({number(row['ci_low'])} to {number(row['ci_high'])})" if has_interval(row) else "\n(no interval)"
    )
    return f"area {number(row['value'])}{ends}"


def _curves(rows: pl.DataFrame) -> pl.DataFrame:
    """Return matches by model, test and share kept, each with its test's area and its model's lines."""
    matches = rows.filter(pl.col("kept").is_not_null(), pl.col("test").is_in(list(TESTS)), metric="match")
    areas = rows.filter(metric="area_over_curve", normalised="no").select(
        "who",
        "test",
        area=pl.struct("value", "ci_low", "ci_high").map_elements(_area, return_dtype=pl.String),
    )
    curves = matches.join(areas, on=["who", "test"], how="left")
    for name in LINES:
        line = rows.filter(metric="match", test=name).select("who", pl.col("value").alias(name))
        curves = curves.join(line, on="who", how="left")
    return curves.select(
        "who", "test", "value", "ci_low", "ci_high", "n_replicates", "replicate", "area", *LINES,
        kept=pl.col("kept").cast(pl.Float64),
        name=pl.col("test").replace_strict({test: label for test, (label, _) in TESTS.items()}),
    ).sort("who", "test", "kept")  # fmt: skip


def _title(rows: pl.DataFrame) -> str:
    """Return how often the answer without any chain is the one that the chain states, beside the ceiling."""
    parts = []
    for label, row in labelled(rows.filter(metric="match", test="early", kept="0.0")):
        top = rows.filter(metric="match", test="ceiling", who=row["who"]).to_dicts()
        beside = f"; two whole chains: {estimate(top[0], 'share')}" if top else ""
        parts.append(f"{label} {estimate(row, 'share')}{beside}".strip())
    if not parts:
        return "Chains that were cut or changed, against chains as they were"
    return f"How often the answer without its chain is what the whole chain states: {'. '.join(parts)}"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return matches with the original answer against the share of the chain kept, by test and model."""
    rows = findings(tables["measurements"], "match", "area_over_curve")
    curves = _curves(rows)
    if curves.is_empty():
        return nothing("no chain was cut or changed", PAGE)
    names = [label for label, _ in TESTS.values() if label in curves["name"]]
    colors = [color for label, color in TESTS.values() if label in names]
    color = alt.Color("name:N", scale=alt.Scale(domain=names, range=colors), legend=None)
    scale = alt.Scale(domain=[-0.05, 1.05], nice=False)
    axis = alt.Axis(values=[0, 0.5, 1], format="~g", grid=False)
    x = alt.X("kept:Q", title="share kept", scale=scale, axis=axis)
    up: Options = {
        "title": "same answer as the whole chain states",
        "scale": alt.Scale(domain=[-0.26, 1.04], nice=False),
    }
    up["axis"] = alt.Axis(values=[0, 0.5, 1], format="~g")
    # Vega-Lite would take two aggregates of one name for the same aggregate.
    means: Options = {f"line_{name}": f"mean({name})" for name in LINES}
    lines = [
        alt.Chart()
        .transform_aggregate(**means)
        .transform_filter(f"isValid(datum.line_{name})")
        .mark_rule(color=tint, strokeDash=dash, strokeWidth=wide)
        .encode(y=alt.Y(f"line_{name}:Q", **up))
        for name, (wide, tint, dash) in LINES.items()
    ]
    area = (
        alt.Chart()
        .transform_aggregate(n="count()", groupby=["area"])
        .mark_text(align="left", baseline="bottom", lineBreak="\n", fontSize=SMALL, color=INK)
        .encode(x=alt.value(4), y=alt.value(HEIGHT - 12), text="area:N")
    )
    trend = alt.Chart().mark_line(strokeWidth=1).encode(x=x, y=alt.Y("value:Q", **up), color=color)
    panel = alt.layer(
        *lines, trend, *intervals("y", up, x=x, color=color), area,
        data=curves.drop("replicate", "n_replicates"),
    ).properties(width=(PAGE - LABELS) // max(len(names), 2) - 8, height=HEIGHT)  # fmt: skip
    models = curves["who"].unique().sort().to_list()
    row: Options = {"row": alt.Row("who:N", title=None)} if len(models) > 1 else {}
    subtitle = (
        f"{', '.join(models)}; {replicates(curves)}; chains differ in length, so not all have each share;"
        " of dots the share is that of the chain's length; area: over the curve, 95% interval;"
        " grey line: two whole chains of one question agree, dashed: chains of two questions do"
    )
    columns = alt.Column("name:N", title=None, sort=names)
    return panel.facet(column=columns, **row).properties(title=headline(_title(rows), subtitle))
