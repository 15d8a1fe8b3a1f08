"""Do turns of a looped layer stand in for written steps: accuracy with and without them, by turns."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, PAGE, VERMILLION
from unspoken.figures.words import claims, estimate, headline, replicates

MODES = {"direct": ("answer at once", BLUE), "steps": ("written steps first", VERMILLION)}
USED_CONDITIONS = ("k", "mode", "turns")
"""Conditions of measurements that the figure reads as columns."""
LABELS = 60


def _panels(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return accuracies by number of steps, turns and mode, in the order of steps, `all` last."""
    rows = measurements.filter(metric="step_accuracy").with_columns(
        turns=pl.col("turns").cast(pl.Int64),
        steps=pl.col("k").cast(pl.Int64, strict=False),
        name=pl.col("mode").replace_strict({mode: label for mode, (label, _) in MODES.items()}),
    )
    several = rows.filter(pl.col("steps") > 1)["steps"].unique().sort().to_list()
    every = f"{several[0]} to {several[-1]} steps" if several else "no task of several steps"
    return rows.with_columns(
        panel=pl.when(pl.col("steps") == 1).then(pl.lit("1 step"))
        .otherwise(pl.coalesce(pl.format("{} steps", "steps"), pl.lit(every)))
    ).sort("steps", "turns", "mode", nulls_last=True)  # fmt: skip


def _title(measurements: pl.DataFrame, panels: pl.DataFrame) -> str:
    """Return whether accuracy without steps grows with turns, and what steps add at both ends."""
    slopes = measurements.filter(metric="direct_accuracy_slope", k="all").to_dicts()
    sentence = claims(
        [("", row) for row in slopes],
        "More turns answer better without written steps",
        "More turns answer worse without written steps",
        "No growth with turns is shown without written steps",
        "per doubling",
    )
    uplifts = measurements.filter(metric="step_uplift", k="all").with_columns(pl.col("turns").cast(pl.Int64))
    ends = [row for row in uplifts.sort("turns").to_dicts() if row["value"] is not None]
    ends = ends[:1] + ends[1:][-1:]
    added = [estimate(row, f"with {row['turns']} turn{'s' * (row['turns'] > 1)}") for row in ends]
    return f"{sentence}. Written steps add: {'; '.join(added)}" if added else sentence


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return accuracies against turns, a panel a number of steps, a colour for each way to answer."""
    measurements = tables["measurements"]
    panels = _panels(measurements)
    if panels.is_empty():
        return nothing("no looped model was asked", PAGE)
    names, turns = panels["panel"].unique(maintain_order=True), panels["turns"].unique().sort().to_list()
    shown = [(label, tint) for label, tint in MODES.values() if label in panels["name"]]
    scale = alt.Scale(domain=[label for label, _ in shown], range=[tint for _, tint in shown])
    color = alt.Color("name:N", scale=scale, legend=alt.Legend(title=None, orient="bottom"))
    x = alt.X(
        "turns:Q", title="turns of the middle layer",
        scale=alt.Scale(type="log", base=2, domain=[turns[0] * 0.8, turns[-1] * 1.25], nice=False),
        axis=alt.Axis(values=turns, format="d", grid=False),
    )  # fmt: skip
    up: Options = {"title": "accuracy", "scale": alt.Scale(domain=[-0.06, 1.06], nice=False)}
    up["axis"] = alt.Axis(values=[0, 0.5, 1], format="~g")
    trend = alt.Chart().mark_line(strokeWidth=1).encode(x=x, y=alt.Y("value:Q", **up), color=color)
    chart = alt.layer(
        trend, *intervals("y", up, clip="all", x=x, color=color),
        data=panels.select("panel", "turns", "name", "value", "ci_low", "ci_high"),
    ).properties(width=(PAGE - LABELS) // 4 - 14, height=110)  # fmt: skip
    subtitle = (
        f"tasks that were never trained on (all of one step were); means and {replicates(panels)};"
        " cut off at the panel's edge; one small model for each number of turns, an analogue of latent"
        " reasoning"
    )
    panel = alt.Facet("panel:N", title=None, sort=names.to_list())
    return chart.facet(panel, columns=4).properties(title=headline(_title(measurements, panels), subtitle))
