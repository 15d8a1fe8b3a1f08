"""Accuracy on digits of every network, by what it imitated and whence it started."""

import altair as alt
import polars as pl

from unspoken.experiments.mnist.arms import CHANCE
from unspoken.experiments.mnist.names import MAIN
from unspoken.experiments.mnist.tables import SUBJECTS
from unspoken.figures.pieces import Options, intervals, jitter, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREY, PAGE, VERMILLION
from unspoken.figures.words import claims, counted, headline

# Each condition from top to bottom: its label, and the colour of its initialisation.
CONDITIONS = {
    "teacher": ("teacher", GREY),
    "student_all": ("all logits, same init.", VERMILLION),
    "other_all": ("all logits, other init.", BLUE),
    "student_auxiliary": ("auxiliary logits, same init.", VERMILLION),
    "other_auxiliary": ("auxiliary logits, other init.", BLUE),
    "reference": ("untrained", GREY),
}
LABELS = 130


def _rows(accuracies: pl.DataFrame, measurements: pl.DataFrame) -> pl.DataFrame:
    """Return every network as a dot, and every condition's mean with its interval."""
    labels = {name: label for name, (label, _) in CONDITIONS.items()}
    dots = accuracies.select(
        "accuracy", "initialisation",
        condition=pl.col("condition").replace_strict(labels),
        place=jitter(pl.col("initialisation")),
    )  # fmt: skip
    subjects = {subject: labels[name] for name, subject in SUBJECTS.items()}
    means = measurements.filter(
        pl.col("subject").is_in(list(subjects)), metric="accuracy", kind="estimate"
    ).select(
        "value", "ci_low", "ci_high", "n_replicates", "replicate",
        condition=pl.col("subject").replace_strict(subjects),
        place=pl.lit(0.0),
    )  # fmt: skip
    return pl.concat([dots, means], how="diagonal_relaxed")


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return a strip of networks for each condition, with mean, interval and chance."""
    accuracies, measurements = tables.get("accuracies"), tables["measurements"]
    if accuracies is None or accuracies.is_empty():
        return nothing("no digit classifier was trained", PAGE)
    accuracies = accuracies.filter(variant=MAIN)
    rows = _rows(accuracies, measurements)
    present = [(label, color) for label, color in CONDITIONS.values() if label in rows["condition"]]
    order, colors = [label for label, _ in present], [color for _, color in present]
    across: Options = {"title": "accuracy on digits (share correct)", "scale": alt.Scale(domain=[0, 1])}
    y = alt.Y("condition:N", sort=order, title=None)
    offset = alt.YOffset("place:Q", scale=alt.Scale(domain=[-1.6, 1.6]))
    color = alt.Color("condition:N", scale=alt.Scale(domain=order, range=colors), legend=None)
    dots = (
        alt.Chart()
        .transform_filter("isValid(datum.accuracy)")
        .mark_point(size=10, opacity=0.5)
        .encode(x=alt.X("accuracy:Q", **across), y=y, yOffset=offset, color=color)
    )
    means = intervals("x", across, y=y, yOffset=offset, color=alt.value(BLACK))
    contrasts = measurements.filter(
        metric="accuracy",
        kind="contrast",
        subject=SUBJECTS["student_auxiliary"],
        versus=SUBJECTS["other_auxiliary"],
    )
    title = claims(
        [("", row) for row in contrasts.iter_rows(named=True)],
        up="students of auxiliary logits read digits better from their teacher's initialisation"
        " than from another",
        down="students of auxiliary logits read digits worse from their teacher's initialisation"
        " than from another",
        none="no difference shown between students of the same and of another initialisation",
        symbol="difference",
    )
    networks = accuracies.filter(condition="teacher").height
    subtitle = (
        f"{counted(networks, 'initialisation')}, one dot each;"
        f" black: mean and 95% t interval over them;"
        f" dashed: chance, {CHANCE:g}"
    )
    return alt.layer(line_at("x", CHANCE), dots, *means, data=rows.drop("replicate")).properties(
        width=PAGE - LABELS - 20, height=alt.Step(26), title=headline(title, subtitle)
    )
