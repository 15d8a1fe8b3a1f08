"""Ways in which answers fail, by length, each beside how often it would be seen anyway."""

import altair as alt
import polars as pl

from unspoken.experiments.scaling.figures.shared import (
    AXIS,
    HEIGHT,
    NAMES,
    beside,
    columns_of,
    hinted,
    in_lines,
    model_color,
    panel_width,
)
from unspoken.experiments.scaling.names import CLAIMED
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE
from unspoken.figures.words import counted, headline, replicates, sign

USED_CONDITIONS = ("task", "setup", "budget", "reason", "unusable")
"""Conditions of measurements that the figure reads as columns."""
MODES = {
    "distractor_answers": "a distractor's number", "frame_answers": "the known problem's answer",
    "unsafe_answers": "an unsafe option", "unread": "not to be read",
}  # fmt: skip
"""What an answer is, by way to fail."""
BASE = "_base"
KINDS = {"": "answers", BASE: "anyway: base rate"}
SHAPES = ["circle", "square"]


def _primary(measurements: pl.DataFrame, ending: str) -> pl.DataFrame:
    """Return rows of every way to fail, of their metrics with an ending; what is unread counts as none.

    Of answers that could not be read those for whatever reason: their reasons are in the store.
    """
    names = {f"{mode}{ending}": mode for mode in MODES}
    return measurements.filter(
        pl.col("metric").is_in(list(names)),
        pl.col("unusable").ne_missing("dropped"),
        pl.col("reason").is_null() | (pl.col("reason") == "all"),
    ).with_columns(mode=pl.col("metric").replace(names))


def _points(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return shares and base rates by budget: what an answer is, whose, and which of both (`which`)."""
    parts = [_primary(measurements, end).with_columns(which=pl.lit(word)) for end, word in KINDS.items()]
    rows = hinted(pl.concat(parts).drop_nulls(["budget", "value"]))
    return rows.with_columns(
        length=pl.col("budget").cast(pl.Int64),
        panel=pl.format("{}: {}", "task", pl.col("mode").replace_strict(MODES)),
        place=pl.format("{} {}", "subject", "which"),
    )


def _title(measurements: pl.DataFrame) -> str:
    """Return for each way to fail in how many cases it grows and shrinks from the shortest length on."""
    changes = _primary(measurements, "_change").filter(pl.col("setup").is_in(CLAIMED))
    said = []
    for mode, words in MODES.items():
        signs = [sign(row) for row in changes.filter(mode=mode).iter_rows(named=True)]
        if signs:
            found = [(f"{how} often in", signs.count(way)) for how, way in (("more", 1), ("less", -1))]
            changed = [f"{how} {number}" for how, number in found if number] or ["no change shown in any"]
            said.append(f"{words}: {', '.join(changed)} of {counted(len(signs), 'case')}")
    if not said:
        return "How answers fail, by length of reasoning"
    return f"Answers after longer reasoning, beyond their base rates, are {'; '.join(said)}"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the share of answers that fail in each way beside its base rate, by task, set-up and length."""
    measurements = tables["measurements"]
    points = _points(measurements)
    if points.is_empty():
        return nothing("no answer of a model of unknown trend could fail in a way that is counted", PAGE)
    columns, color = columns_of(points), model_color(points)
    places = points.select("subject", "which", "place").unique().sort("subject", "which")["place"].to_list()
    known = [word for word in KINDS.values() if word in points["which"]]
    key = alt.Legend(title=None, orient="top")
    shape = alt.Shape("which:N", scale=alt.Scale(domain=known, range=SHAPES[: len(known)]), legend=key)
    dim = alt.Opacity("which:N", scale=alt.Scale(domain=known, range=[1, 0.45][: len(known)]), legend=key)
    axis = alt.Axis(values=[0, 0.5, 1], format="~g")
    up: Options = {"title": "share", "scale": alt.Scale(domain=[0, 1]), "axis": axis}
    x = alt.X("length:O", title="budget of tokens", axis=alt.Axis(labelAngle=0))
    panels = alt.layer(
        *intervals(
            "y", up, x=x, color=color, shape=shape, opacity=dim, xOffset=alt.XOffset("place:N", sort=places)
        ),
        data=points.with_columns(in_lines("panel")).select(
            "subject", "panel", "column", "which", "place", "length", "value", "ci_low", "ci_high"
        ),
    ).properties(width=panel_width(len(columns), NAMES + AXIS), height=HEIGHT)
    grid = panels.facet(row=beside("panel"), column=alt.Column("column:N", title=None, sort=columns))
    subtitle = (
        f"Shares of answers, those that cannot be read included, and {replicates(points)}; base rate: how"
        " often items without that number, or chance, would give it; of what cannot be read nothing says it;"
        " a case is a model in a task, asked for a length or cut, from the shortest to the longest"
    )
    return grid.properties(title=headline(_title(measurements), subtitle))
