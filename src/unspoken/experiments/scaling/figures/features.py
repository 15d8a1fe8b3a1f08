"""Which features predicted grades follow as reasoning grows, beside those that the true grades follow."""

import altair as alt
import polars as pl

from unspoken.experiments.scaling.figures.shared import (
    AXIS,
    LINES,
    NAMES,
    beside,
    columns_of,
    hinted,
    in_lines,
    wrapped,
)
from unspoken.experiments.scaling.names import CLAIMED
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import INK, PAGE, PALE, PALETTE, TEXT
from unspoken.figures.words import counted, headline, replicates, sign

USED_CONDITIONS = ("task", "setup", "level", "feature", "correlation", "budget")
"""Conditions of measurements that the figure reads as columns."""
TRUTH, GRADE = "truth", "the true grade"
HEIGHT, GAP = 74, 8
"""Pixels of a panel's height, and between panels."""


def _shown(measurements: pl.DataFrame, *metrics: str) -> pl.DataFrame:
    """Return rows of correlations that have a value, of lengths that are budgets: partial with features.

    With the true grade they are raw, as nothing else stands beside it.
    """
    of_grade = pl.col("metric").str.starts_with("grade")
    rows = measurements.filter(
        pl.col("metric").is_in(metrics), pl.col("value").is_not_null(), pl.col("setup") != "natural",
        of_grade | (pl.col("correlation") == "partial"),
    ).with_columns(feature=pl.when(of_grade).then(pl.lit(GRADE)).otherwise("feature"))  # fmt: skip
    return hinted(rows).with_columns(row=pl.format("{}, {} examples", "subject", "level"), name="feature")


def _title(measurements: pl.DataFrame) -> str:
    """Return how many correlations are not the true ones at some length, and how many change with length."""
    said = _shown(measurements, "feature_excess", "feature_change").filter(pl.col("setup").is_in(CLAIMED))
    counts = {
        metric: [sign(row) != 0 for row in said.filter(metric=metric).iter_rows(named=True)]
        for metric in ("feature_excess", "feature_change")
    }
    if not said.height:
        return "Features that predicted grades follow; no length was asked for or cut"
    off, moved = counts["feature_excess"], counts["feature_change"]
    return (
        f"Predicted grades follow features unlike true grades in {sum(off)} of"
        f" {counted(len(off), 'correlation')}; longer reasoning, asked for or cut, changes"
        f" {sum(moved)} of {len(moved)}"
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return partial correlations with each feature by budget: a row a model, coloured by set-up."""
    measurements = tables["measurements"]
    if measurements.filter(metric="feature_correlation").is_empty():
        return nothing("no task that was asked has features (`grades` has)", PAGE)
    rows = _shown(measurements, "feature_correlation", "grade_correlation")
    said = rows.filter(pl.col("budget") != TRUTH)
    if said.is_empty():
        return nothing("predictions that can be read are too few, or all alike, to follow a feature", PAGE)
    features = sorted(rows["feature"].unique(), key=lambda one: (one == GRADE, one))
    width = (PAGE - NAMES - AXIS) // len(features) - GAP
    names = {one: wrapped(one, width) for one in features}
    columns = columns_of(said)
    panels = _panels(
        rows.with_columns(in_lines("row"), name=pl.col("name").replace_strict(names)),
        list(names.values()),
        columns,
        width,
    )
    subtitle = (
        f"Correlations, with features at equal values of the others; {replicates(said)}; line and band:"
        " those of the true grades with their intervals, so 0 is right of a feature that says nothing"
    )
    return panels.properties(title=headline(_title(measurements), subtitle))


def _panels(rows: pl.DataFrame, names: list[str], columns: list[str], width: int) -> alt.FacetChart:
    """Return a panel for each row and feature, with truth behind the correlations of predictions."""
    truth = rows.filter(pl.col("budget") == TRUTH).unique(["row", "name"], keep="first", maintain_order=True)
    ends = {"value": "true", "ci_low": "true_low", "ci_high": "true_high"}
    data = (
        rows.filter(pl.col("budget") != TRUTH)
        .join(truth.select("row", "name", *ends).rename(ends), on=["row", "name"], how="left")
        .with_columns(pl.col("budget").cast(pl.Int64))
        .select("row", "name", "column", "budget", "value", "ci_low", "ci_high", *ends.values())
    )
    scale = alt.Scale(domain=[-1.1, 1.1], nice=False)
    up: Options = {
        "title": "correlation",
        "scale": scale,
        "axis": alt.Axis(values=[-1, 0, 1], format="~g"),
    }
    color = alt.Color(
        "column:N", scale=alt.Scale(domain=columns, range=PALETTE[: len(columns)]),
        legend=alt.Legend(title=None, orient="bottom"),
    )  # fmt: skip
    x = alt.X("budget:O", title="budget", axis=alt.Axis(labelAngle=-90))
    once = alt.Chart().transform_aggregate(
        true="min(true)", true_low="min(true_low)", true_high="min(true_high)"
    )
    behind = [
        once.mark_rect(color=PALE).encode(y=alt.Y("true_low:Q", **up), y2="true_high:Q"),
        once.mark_rule(color=INK, strokeWidth=0.8, strokeDash=[3, 2]).encode(y=alt.Y("true:Q", **up)),
    ]
    offset = alt.XOffset("column:N", sort=columns)
    layers = [*behind, *intervals("y", up, x=x, color=color, xOffset=offset)]
    panels = alt.layer(*layers, data=data).properties(width=width, height=HEIGHT)
    header = alt.Header(labelExpr=LINES, labelFontSize=TEXT - 1, labelFontWeight="normal")
    return panels.facet(
        row=beside("row"), column=alt.Column("name:N", title=None, sort=names, header=header),
        spacing=GAP,
    )  # fmt: skip
