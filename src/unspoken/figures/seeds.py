"""Contrasts over study seeds: each seed, then what all of them give together, a panel for each heading."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import intervals, line_at, nothing
from unspoken.figures.theme import BLUE, GREEN, GREY, PAGE, SMALL
from unspoken.figures.words import headline

COLORS = {"registered": GREEN, "exploratory": BLUE}
LABELS, NOTES, ROW = 190, 100, 9


def _panel(rows: pl.DataFrame, heading: str, unit: str, places: list[str]) -> Any:
    width = PAGE - LABELS - NOTES
    where: dict[str, Any] = {
        "y": alt.Y("contrast:N", sort=None, title=None, axis={"labelLimit": LABELS - 10, "grid": True}),
        "yOffset": alt.YOffset("place:N", sort=places, scale={"paddingOuter": 0.6}),
    }
    color = alt.Color(
        "registered:N",
        scale={"domain": list(COLORS), "range": list(COLORS.values())},
        legend={"title": None, "orient": "bottom"},
    )
    shape = alt.Shape(
        "what:N",
        scale={"domain": ["one seed", "pooled"], "range": ["circle", "diamond"]},
        legend={"title": None, "orient": "bottom"},
    )
    axis = {"title": unit.replace("_", " "), "axis": {"tickCount": 5}, "scale": {"padding": 8}}
    notes = alt.Chart().mark_text(align="left", fontSize=SMALL - 1, color=GREY, clip=False)
    layers = [
        line_at("x", 0),
        *intervals("x", axis, **where, color=color, shape=shape),
        notes.encode(x=alt.value(width + 5), text="label:N", **where),
    ]
    return alt.layer(*layers, data=rows).properties(
        width=width, height=alt.Step(ROW), title=alt.Title(heading, fontSize=SMALL + 1, frame="group")
    )


def seeds_figure(rows: pl.DataFrame, title: str, subtitle: str) -> alt.TopLevelMixin:
    """Return the forest of seeds and pools: a panel for each heading and unit, in the order of the rows.

    Columns of `rows`: heading, contrast, place (`seed N` or `pooled, ...`), label (what stands beside it),
    unit, registered, value, ci_low, ci_high (null: not drawn, or drawn hollow without an interval).
    """
    if rows.is_empty():
        return nothing("no headline was measured", PAGE)
    pooled = pl.col("place").str.starts_with("pooled")
    shown = rows.with_columns(what=pl.when(pooled).then(pl.lit("pooled")).otherwise(pl.lit("one seed")))
    # Of all panels: Vega shares the places, and would else mix their orders. Pools stand below seeds.
    seed = pl.col("place").str.extract(r"(\d+)$").cast(pl.Int64)
    places = rows["place"].unique(maintain_order=True).to_frame().sort(seed, nulls_last=True)
    panels = [
        _panel(part, part["heading"][0], part["unit"][0], places["place"].to_list())
        for part in shown.partition_by("heading", "unit", maintain_order=True)
    ]
    return alt.vconcat(*panels).properties(title=headline(title, subtitle))
