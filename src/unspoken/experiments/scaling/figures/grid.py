"""Answers by tokens of reasoning: a row a task, a column a set-up, a colour a model; below, slopes."""

import altair as alt
import polars as pl

from unspoken.experiments.scaling.figures.shared import (
    HEIGHT,
    HINTS,
    columns_of,
    hinted,
    model_color,
    panel_width,
    token_axis,
)
from unspoken.experiments.scaling.figures.slopes import called_right, known_trends, slope_panels
from unspoken.experiments.scaling.names import CLAIMED
from unspoken.experiments.scaling.trends.called import trends_called
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import GREY, PAGE
from unspoken.figures.words import counted, headline, replicates
from unspoken.tables.prompts import with_conditions

USED_CONDITIONS = ("task", "setup", "level", "items", "unusable", "budget", "rank", "truth")
"""Conditions of measurements that the figure reads as columns."""
AXES = {"accuracy": "accuracy", "error": "absolute error"}
SAID = {
    "floor": "too near chance to tell",
    "saturated": "too near the top to tell",
    "lengths alike": "lengths too alike to tell",
}
"""How the title words calls that say nothing of a trend."""


def _points(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return scores beside the tokens used, of all levels together, by length; budget 0 is `direct`."""
    whole = measurements.filter(
        pl.col("level") == "all",
        pl.col("items") == "all",
        pl.col("unusable").ne_missing("dropped") | pl.col("metric").str.starts_with("error"),
    )
    key = ["subject", "task", "setup", "budget", "rank"]
    used = whole.filter(metric="used_tokens").select(*key, used="value")
    scores = whole.filter(pl.col("metric").str.ends_with("_by_length"))
    points = scores.join(used, on=key, how="left", nulls_equal=True).drop_nulls("used")
    return (
        hinted(points)
        .with_columns(
            measure=pl.col("metric").str.replace("_by_length", ""),
            direct=pl.col("budget").eq_missing("0"),
            length=pl.coalesce("budget", "rank").cast(pl.Int64),
        )
        .sort("task", "subject", "length")
    )


def _title(measurements: pl.DataFrame) -> str:
    """Return what the study's rule says of lengths that are asked for and of chains that are cut."""
    called = trends_called(with_conditions(measurements, USED_CONDITIONS)).filter(
        pl.col("setup").is_in(CLAIMED), rule="study", level="all", items="all"
    )
    primary = called.filter(
        (pl.col("unusable") == "failure") | ~(pl.col("unusable") == "failure").any().over("task")
    )
    if primary.is_empty():
        return "Accuracy by length of reasoning; no length was asked for or cut"
    counts = primary.group_by("called").len().sort("len", "called", descending=[True, False])
    said = ", ".join(f"{SAID.get(word, word)} in {number}" for word, number in counts.iter_rows())
    return f"Longer reasoning, asked for or cut: {said} of {counted(primary.height, 'trend')}"


def _grid(points: pl.DataFrame, measure: str) -> alt.FacetChart:
    """Return the panels of one measure."""
    own = points.filter(measure=measure)
    columns, color = columns_of(own), model_color(points)
    scale, axis = token_axis()
    x = alt.X("used:Q", title="mean tokens of reasoning", scale=scale, axis=axis)
    up: Options = {"title": AXES[measure]}
    if measure == "accuracy":
        up |= {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(values=[0, 0.5, 1], format="~g")}
    y = alt.Y("value:Q", **up)
    line = alt.Chart().transform_filter("!datum.direct").mark_line(strokeWidth=1)
    at_once = alt.Chart().transform_filter("datum.direct").mark_point(shape="square", size=60, color=GREY)
    panels = alt.layer(
        line.encode(x=x, y=y, color=color, order="length:Q"),
        at_once.encode(x=x, y=y),
        *intervals("y", up, x=x, color=color),
        data=own.select(
            "subject", "task", "column", "length", "direct", "used", "value", "ci_low", "ci_high",
            "n_replicates",
        ),
    ).properties(width=panel_width(len(columns)), height=HEIGHT)  # fmt: skip
    return panels.facet(
        row=alt.Row("task:N", title=None), column=alt.Column("column:N", title=None, sort=columns)
    )


def _subtitle(points: pl.DataFrame, known: pl.DataFrame) -> str:
    """Return what the panels have, and of how many known trends the rule says what they are."""
    slopes = "slopes of a right answer's log-odds over the tokens used; models of known trend are a check"
    if points.is_empty():
        return f"{slopes}, no finding; 95% intervals over items"
    subtitle = (
        f"{counted(points['task'].n_unique(), 'task')}; means and {replicates(points)}; what could not be"
        " read counts as wrong; in a grey square the answer at once, which is another prompt and in no"
        " trend; trends by the study's own rule"
    )
    return subtitle if known.is_empty() else f"{subtitle}; below {slopes}: {called_right(known)}"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return scores against tokens used, by task, set-up and model, above slopes where some are known."""
    measurements = tables["measurements"]
    points, known = _points(measurements), known_trends(measurements)
    if points.is_empty() and known.is_empty():
        return nothing("no item was answered", PAGE)
    panels: list[alt.FacetChart | None] = [
        _grid(points, measure) for measure in AXES if measure in points["measure"]
    ]
    panels.append(slope_panels(measurements, HINTS))
    title = f"Trends by length: {called_right(known)}" if points.is_empty() else _title(measurements)
    drawn = alt.vconcat(*filter(None, panels)).resolve_scale(color="independent")
    return drawn.properties(title=headline(title, _subtitle(points, known)))
