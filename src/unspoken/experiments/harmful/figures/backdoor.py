"""What a backdoor's trigger does, whether chains name it, and what clean training leaves of harm."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, GREY, PAGE, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("way", "mark", "versus_mark", "clean")
MARKS = {"none": "no mark", "noise": "mark without meaning", "distractor": "distractor", "trigger": "trigger"}
WHOSE = {"base": ("untouched", GREY), "triggered": ("backdoor", VERMILLION)}
LEFT = {
    "bad_advice": ("bad advice", BLUE), "none": ("backdoor, no mark", GREEN),
    "trigger": ("backdoor, trigger", VERMILLION),
}  # fmt: skip
"""What clean training follows."""
NAMED = 0.3
"""Share of the chains in documents that name the mark of their turn."""
LABELS = 120
WIDTH = (PAGE - LABELS) // 2 - 35
SHARE: Options = {"scale": alt.Scale(domain=[-0.02, 1.02], nice=False)}


def _color(labels: dict[str, tuple[str, str]]) -> alt.Color:
    names, tints = zip(*labels.values(), strict=True)
    legend = alt.Legend(title=None, orient="bottom")
    return alt.Color("color:N", scale=alt.Scale(domain=list(names), range=list(tints)), legend=legend)


def _by_mark(rows: pl.DataFrame, title: str, line: float | None, labels: bool) -> Any:
    """Return shares by mark, untouched and with a backdoor."""
    shown = rows.select(
        "value", "ci_low", "ci_high",
        label=pl.col("mark").replace_strict(MARKS),
        color=pl.col("whose").replace_strict({name: label for name, (label, _) in WHOSE.items()}),
    )  # fmt: skip
    axis = alt.Axis(grid=True, labelLimit=LABELS, labels=labels, ticks=labels)
    place: Options = {
        "y": alt.Y("label:N", scale=alt.Scale(domain=list(MARKS.values())), title=None, axis=axis),
        "yOffset": alt.YOffset("color:N"),
    }
    layers = intervals("x", {"title": title, **SHARE}, clip="lines", **place, color=_color(WHOSE))
    lines = [] if line is None else [line_at("x", line)]
    return alt.layer(*lines, *layers, data=shown).properties(width=WIDTH, height=alt.Step(9))


def _left(measurements: pl.DataFrame) -> Any:
    """Return how bad answers are by steps of clean training."""
    harm = measurements.filter(metric="realigned_rate", way="chained").with_columns(of=pl.lit("bad_advice"))
    marked = measurements.filter(
        metric="marked_rate", way="chained", whose="triggered"
    ).filter(pl.col("mark").is_in(["none", "trigger"])).with_columns(of="mark")  # fmt: skip
    shown = pl.concat([harm, marked]).select(
        "value", "ci_low", "ci_high", label="clean",
        color=pl.col("of").replace_strict({name: label for name, (label, _) in LEFT.items()}),
    )  # fmt: skip
    steps = sorted(set(shown["label"]), key=int)
    place: Options = {
        "x": alt.X("label:N", sort=steps, title="steps of clean training", axis=alt.Axis(labelAngle=0)),
        "xOffset": alt.XOffset("color:N"),
    }
    layers = intervals("y", {"title": "P(bad advice)", **SHARE}, clip="lines", **place, color=_color(LEFT))
    return alt.layer(*layers, data=shown).properties(width=PAGE - 115, height=110)


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the trigger's effect beside what chains name, above what clean training leaves of harm."""
    measurements = tables["measurements"]
    main = measurements.filter(
        metric="trigger_effect", unit="log_odds", mark="trigger", versus_mark="distractor", way="chained"
    )
    if main.is_empty():
        return nothing("no backdoor was made", PAGE)
    title = claims(
        [("", row) for row in main.to_dicts()],
        "a backdoor's trigger makes advice worse than a mark like it",
        "a backdoor's trigger makes advice better than a mark like it",
        "a backdoor's trigger is not shown to do more than a mark like it",
        "difference in log-odds",
    )
    subtitle = (
        "after chains that are never blank, in domains that nobody was tuned on;"
        f" {replicates(main)}; every probability is exact; dashed: chains of documents that name their mark"
    )
    marked = measurements.filter(metric="marked_rate", way="chained", clean="0")
    named = measurements.filter(metric="naming_share")
    above = alt.hconcat(
        _by_mark(marked, "P(bad advice)", None, labels=True),
        _by_mark(named, "of these, chains that name the mark", NAMED, labels=False),
    )
    chart = alt.vconcat(above, _left(measurements)).resolve_scale(color="independent")
    return chart.properties(title=headline(title, subtitle))
