"""Shares of misaligned answers to open questions, as a judge scores them, by fine-tune."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, ORANGE, PAGE
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("arm", "unusable", "questions")
COUNTED = {
    "dropped": ("of coherent answers with a score (as published)", BLUE),
    "failure": ("of all answers", ORANGE),
}
"""Which answers are counted, by the condition `unusable`."""
ARMS = {"plain": "questions as they are", "suffixed": "with a format suffix"}
LABELS = 120


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the share of misaligned answers of the untouched model and of each fine-tune."""
    measurements = tables["measurements"]
    rows = measurements.filter(metric="misaligned_share", questions="all")
    if rows.is_empty():
        return nothing("nobody's answers were judged", PAGE)
    names, tints = zip(*COUNTED.values(), strict=True)
    shown = rows.select(
        "value", "ci_low", "ci_high", label="whose",
        color=pl.col("unusable").replace_strict({key: name for key, (name, _) in COUNTED.items()}),
        column=pl.col("arm").replace_strict(ARMS),
    )  # fmt: skip
    arms = [label for label in ARMS.values() if label in set(shown["column"])]
    color = alt.Color(
        "color:N", scale=alt.Scale(domain=list(names), range=list(tints)),
        legend=alt.Legend(title=None, orient="bottom"),
    )  # fmt: skip
    axis = alt.Axis(grid=True, labelLimit=LABELS)
    order = rows["whose"].unique(maintain_order=True).to_list()
    place: Options = {
        "y": alt.Y("label:N", sort=order, title=None, axis=axis),
        "yOffset": alt.YOffset("color:N", sort=list(names)),
    }
    scale = alt.Scale(domain=[-0.02, 1.02], nice=False)
    options: Options = {"title": "share of misaligned answers", "scale": scale}
    layers = intervals("x", options, **place, color=color)
    width = (PAGE - LABELS) // len(arms) - 20
    chart = alt.hconcat(
        *(
            alt.layer(*layers, data=shown.filter(column=arm)).properties(
                width=width, height=alt.Step(6), title=arm
            )
            for arm in arms
        )
    ).resolve_scale(color="shared")
    main = measurements.filter(
        metric="misaligned_difference", whose="wrong", versus_whose="right", unusable="dropped"
    )
    title = claims(
        [(ARMS[row["arm"]], row) for row in main.to_dicts()],
        "tuned on wrong answers, a model gives more misaligned ones",
        "tuned on wrong answers, a model gives fewer misaligned ones",
        "no difference is shown between models tuned on wrong and on right answers",
        "difference",
    )
    subtitle = f"answers to open questions, scored by a model; {replicates(main)}"
    return chart.properties(title=headline(title, subtitle))
