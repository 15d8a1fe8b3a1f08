"""Forest plots: published and measured numbers of one family of claims, a panel for each scale."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, line_at
from unspoken.figures.theme import BLUE, GREEN, ORANGE, PAGE, PURPLE
from unspoken.figures.words import headline

# What a number is: label, colour, shape.
SOURCES = {
    "published": ("published here", ORANGE, "diamond"),
    "elsewhere": ("published elsewhere", PURPLE, "square"),
    "measured": ("measured: original or close", GREEN, "triangle-up"),
    "analogue": ("measured: analogue", BLUE, "circle"),
}
LABELS, ROW = 230, 15


def _panel(rows: pl.DataFrame, scale: str, labels: list[str]) -> Any:
    names, colors, shapes = (list(part) for part in zip(*SOURCES.values(), strict=True))
    # Plain maps: of its own objects Altair copies every field, set or not, some dozen times over.
    look = {"title": None, "orient": "bottom", "columns": 2}
    axis = {"grid": True, "labelLimit": LABELS - 10}
    layers = [
        line_at("x", 0),
        *intervals(
            "x",
            Options(title=scale.replace("_", " "), axis={"tickCount": 5}, scale={"padding": 8}),
            y=alt.Y("label:N", sort=labels, title=None, axis=axis),
            color=alt.Color("what:N", scale={"domain": names, "range": colors}, legend=look),
            shape=alt.Shape("what:N", scale={"domain": names, "range": shapes}, legend=look),
        ),
    ]
    shown = rows.with_columns(what=pl.col("source").replace_strict({n: s[0] for n, s in SOURCES.items()}))
    return alt.layer(*layers, data=shown).properties(width=PAGE - LABELS, height=alt.Step(ROW))


def forest(rows: pl.DataFrame, title: str, subtitle: str) -> alt.TopLevelMixin:
    """Return a forest plot: a line a row, a panel a scale, and in each a reference line at 0.

    Columns of `rows`: label (one line each), scale (what the axis says), source (a key of SOURCES), value,
    ci_low, ci_high (null: no interval, drawn hollow). Panels and lines stand in the order of the rows.
    """
    scales = rows["scale"].unique(maintain_order=True).to_list()
    panels = [
        _panel(part, scale, part["label"].to_list())
        for scale in scales
        for part in [rows.filter(scale=scale)]
    ]
    return (
        alt.vconcat(*panels)
        .resolve_scale(color="shared", shape="shared")
        .properties(title=headline(title, subtitle))
    )
