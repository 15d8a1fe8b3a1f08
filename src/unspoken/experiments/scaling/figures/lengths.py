"""Tokens of reasoning that were written against those that were allowed: a row a task, a colour a model."""

import altair as alt
import polars as pl

from unspoken.experiments.scaling.figures.shared import (
    HEIGHT,
    columns_of,
    hinted,
    model_color,
    panel_width,
    token_axis,
)
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import GREY, PAGE
from unspoken.figures.words import counted, headline, number, replicates, sign

USED_CONDITIONS = ("task", "setup", "level", "items", "budget", "rank")
"""Conditions of measurements that the figure reads as columns."""
WHOLE = {"level": "all", "items": "all"}


def _points(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the mean tokens used at each budget above 0, of all levels together."""
    used = measurements.filter(metric="used_tokens", **WHOLE).drop_nulls(["budget", "value"])
    points = hinted(used).with_columns(allowed=pl.col("budget").cast(pl.Int64))
    return points.filter(pl.col("allowed") > 0).sort("task", "subject", "setup", "allowed")


def _title(measurements: pl.DataFrame) -> str:
    """Return in how many models and tasks more is written where more was asked for, and by how much."""
    asked = measurements.filter(pl.col("value").is_not_null(), metric="length_response", **WHOLE)
    told = asked.filter(setup="asked").sort("value")
    if told.is_empty():
        return "Tokens of reasoning by budget; no prompt asked for a length"
    more = sum(sign(row) > 0 for row in told.iter_rows(named=True))
    ends = list(dict.fromkeys(number(2 ** told["value"][at]) for at in (0, -1)))
    return (
        f"Asked for more tokens, models write more in {more} of {counted(told.height, 'case')}:"
        f" asked for twice as many, {' to '.join(ends)} times as many"
    )


def _subtitle(measurements: pl.DataFrame, points: pl.DataFrame) -> str:
    """Return what the panels have, and how many chains some limit ended although a length was asked for."""
    parts = [
        f"means and {replicates(points)}; a case is a model in a task; dashed: as many as allowed",
    ]
    ended = measurements.filter(metric="cut_share", setup="asked", **WHOLE)
    shown = ended.filter(pl.col("budget") != "0")["value"].drop_nulls().sort()
    if shown.len():
        low, high = number(shown[0]), number(shown[-1])
        shares = low if low == high else f"{low} to {high}"
        parts.append(f"the limit of a chain ended {shares} of those that were asked for a length")
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the tokens written against the tokens allowed, by task, set-up and model."""
    measurements = tables["measurements"]
    points = _points(measurements)
    if points.is_empty():
        return nothing("no model of unknown trend was given a length", PAGE)
    columns, color = columns_of(points), model_color(points)
    scale, axis = token_axis()
    budgets = alt.Axis(values=points["allowed"].unique().sort().to_list(), format="~s", grid=False)
    padded = alt.Scale(**scale.to_dict(), padding=8)
    x = alt.X("allowed:Q", title="tokens allowed", scale=padded, axis=budgets)
    up: Options = {"title": "tokens written", "scale": padded, "axis": axis}
    dashed = alt.Chart().transform_aggregate(allowed="max(allowed)", least="min(allowed)")
    same = (
        dashed.transform_fold(["least", "allowed"], as_=["end", "at"])
        .mark_line(color=GREY, strokeDash=[3, 2], strokeWidth=0.8)
        .encode(x="at:Q", y="at:Q")
    )  # fmt: skip
    line = alt.Chart().mark_line(strokeWidth=1)
    panels = alt.layer(
        same,
        line.encode(x=x, y=alt.Y("value:Q", **up), color=color, order="allowed:Q"),
        *intervals("y", up, x=x, color=color),
        data=points.select("subject", "task", "column", "allowed", "value", "ci_low", "ci_high"),
    ).properties(width=panel_width(len(columns)), height=HEIGHT)
    grid = panels.facet(
        row=alt.Row("task:N", title=None), column=alt.Column("column:N", title=None, sort=columns)
    )
    return grid.properties(title=headline(_title(measurements), _subtitle(measurements, points)))
