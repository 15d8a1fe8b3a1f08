"""What clean rows take from the transfer, and what is left of it in students of students."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.misalignment.figures.misalignment import TAUGHT, scale, taught
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = (
    "domains",
    "objective",
    "initialisation",
    "shuffle",
    "carrier",
    "filter",
    "clean",
    "generation",
)
WIDTH = PAGE // 2 - 80
HEIGHT = 120


def _by(rows: pl.DataFrame, metric: str, condition: str, first: float) -> pl.DataFrame:
    """Return the contrasts of a metric by a condition, `at`, after those of the arms that have any.

    Without the condition, students of the insecure teacher minus of the secure one are `first`.
    """
    own = rows.filter(metric=metric).with_columns(at=pl.col(condition).cast(pl.Float64))
    keys = ["objective", "initialisation", "carrier"]
    start = rows.filter(
        metric="misalignment_transfer", whose="insecure", versus_whose="secure", shuffle="none",
        domains="untrained", filter="keyword",
    ).with_columns(at=pl.lit(first))  # fmt: skip
    whole = pl.concat([start.join(own.select(keys).unique(), on=keys, how="semi"), own])
    return whole.with_columns(color=taught()).sort("color", "at")


def _panel(rows: pl.DataFrame, title: str, values: list[float], format_: str) -> Any:
    """Return contrasts with their intervals from left to right."""
    there = {name: tint for name, tint in TAUGHT.items() if tint[0] in set(rows["color"])}
    margin = (values[-1] - values[0]) / 10
    axis = alt.Axis(values=values, format=format_, grid=False)
    room = alt.Scale(domain=[values[0] - margin, values[-1] + margin], nice=False)
    place: Options = {
        "x": alt.X("at:Q", title=title, axis=axis, scale=room),
        "xOffset": alt.XOffset("color:N"),
    }
    options: Options = {"title": "difference in log-odds"}
    layers = [line_at("y", 0), *intervals("y", options, **place, color=scale(there, "bottom"))]
    shown = rows.select("at", "color", "value", "ci_low", "ci_high")
    return alt.layer(*layers, data=shown).properties(width=WIDTH, height=HEIGHT)


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the students' difference by the share of clean rows, and to its right by generation."""
    rows = tables["measurements"].filter(unit="log_odds")
    diluted = _by(rows, "diluted_transfer", "clean", 0.0)
    later = _by(rows, "generation_transfer", "generation", 1.0)
    if diluted.is_empty() and later.is_empty():
        return nothing("no rows were mixed, and no student taught another", PAGE)
    panels = []
    if not diluted.is_empty():
        shares = sorted(set(diluted["at"]))
        panels.append(_panel(diluted, "share of the secure teacher's rows", shares, "~%"))
    if not later.is_empty():
        generations = sorted(set(later["at"]))
        panels.append(_panel(later, "generation of students", generations, "d"))
    main = tables["measurements"].filter(metric="dilution_trend", unit="log_odds per share")
    main = main.with_columns(color=taught())
    title = claims(
        [(row["color"], row) for row in main.to_dicts()],
        "more clean rows, more of the trait passes",
        "more clean rows, less of the trait passes",
        "no trend with the share of clean rows is shown",
        "slope",
    )
    subtitle = (
        "bad advice of students of an unsafe coder minus of a safe coder, on the same requests;"
        f" {replicates(pl.concat([diluted, later]))}; every probability is exact"
    )
    chart = alt.hconcat(*panels).resolve_scale(color="shared")
    return chart.properties(title=headline(title, subtitle))
