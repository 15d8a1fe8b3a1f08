"""A panel of slopes over tokens used: models whose trend is known beside those of which nobody knows it."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, line_at
from unspoken.figures.theme import BLUE, GREEN, GREY, INK, PAGE, PURPLE, VERMILLION
from unspoken.figures.words import counted

UNKNOWN = "nobody knows"
TRUTHS = {
    "inverse": VERMILLION, "flat": GREY, "positive": BLUE, "U": GREEN, "inverted U": PURPLE, UNKNOWN: INK,
}  # fmt: skip
"""The colour of each truth; lengths that are alike have no slope."""
STEP, NAMES, GAP = 11, 150, 14
"""Pixels of a row, of the names beside the panels, and between panels."""


def known_trends(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that hold what the study's rule says against a truth, in the order of models."""
    return measurements.filter(metric="known_trend").sort("subject")


def called_right(known: pl.DataFrame) -> str:
    """Return of how many known trends the study's rule says what they are."""
    return f"{known['passed'].sum()} of {counted(known.height, 'known trend')} called what they are"


def _slopes(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return who, setup, truth and the interval of every slope of accuracy that has a value."""
    whole = measurements.filter(
        pl.col("unit").str.starts_with("log_odds"),
        pl.col("value").is_not_null(),
        (pl.col("metric") == "known_trend")
        | (
            (pl.col("metric") == "trend")
            & (pl.col("level") == "all")
            & (pl.col("items") == "all")
            & (pl.col("unusable") == "failure")
        ),
    )
    model = pl.col("subject").str.replace(r":[^:]*:[^:]*:longest$", "")
    return whole.select(
        "setup", "value", "ci_low", "ci_high", "n_replicates",
        who=pl.format("{}, {}", model, "task"), truth=pl.col("truth").fill_null(UNKNOWN),
    ).sort(pl.col("truth") == UNKNOWN, "who", descending=[True, False])  # fmt: skip


def slope_panels(measurements: pl.DataFrame, hints: dict[str, str]) -> alt.FacetChart | None:
    """Return a panel for each set-up, findings above models of known trend; None without any such model.

    `hints` has the words for each set-up, in their order. Slopes are in log-odds per doubling of the tokens
    that were written, with 95% intervals over items.
    """
    slopes = _slopes(measurements)
    if (slopes["truth"] == UNKNOWN).all():
        return None
    columns = [words for setup, words in hints.items() if setup in slopes["setup"]]
    truths = [truth for truth in TRUTHS if truth in slopes["truth"]]
    x: Options = {"title": "log-odds a doubling of tokens"}
    color = alt.Color(
        "truth:N",
        scale=alt.Scale(domain=truths, range=[TRUTHS[truth] for truth in truths]),
        legend=alt.Legend(title="true trend", orient="bottom"),
    )
    y = alt.Y("who:N", title=None, sort=slopes["who"].unique(maintain_order=True).to_list())
    width = (PAGE - NAMES) // max(len(columns), 2) - GAP
    panel = alt.layer(
        line_at("x", 0),
        *intervals("x", x, y=y, color=color),
        data=slopes.with_columns(column=pl.col("setup").replace_strict(hints)),
    ).properties(width=width, height=alt.Step(STEP))
    return panel.facet(column=alt.Column("column:N", title=None, sort=columns))
