"""Training by reward: every run over its updates."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.reinforcement.names import OUTCOME
from unspoken.figures.pieces import nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, PAGE, VERMILLION
from unspoken.figures.words import claims, counted, headline
from unspoken.training.fates import LEARNT

USED_CONDITIONS = ("start", "task", "items", "reward")
"""Conditions of measurements that the figure reads as columns."""
NAMING = ("all", "hinted")
"""Items whose chains can name what drives the reward: all loans, hints that are rewarded."""
CURVES = {
    "right": ("rewarded answer", BLUE), "says": ("chain names what drives it", VERMILLION),
    "tells": ("explanation names it", GREEN),
}  # fmt: skip
SAYING = ("loan", "hints")
"""Tasks in which something drives the reward that a chain could name."""
BINS = 25
"""Points of a curve: updates between them are averaged."""
LABELS, COLUMNS = 60, 3


def curves(rewards: pl.DataFrame, saying: set[str], telling: set[str]) -> pl.DataFrame:
    """Return one row a run, stretch of updates and share: panel, subject, update, share, value.

    `saying` are the starts whose chains, `telling` those whose explanations, could name what is rewarded.
    """
    stretch = (pl.col("update").max() / BINS).over("subject")
    long = rewards.with_columns(update=(pl.col("update") / stretch).ceil() * stretch).unpivot(
        list(CURVES), index=["start", "arm", "subject", "update"], variable_name="share"
    )
    told = long.filter(
        (pl.col("share") == "right")
        | ((pl.col("share") == "says") & pl.col("start").is_in(list(saying)))
        | ((pl.col("share") == "tells") & pl.col("start").is_in(list(telling)))
    )
    means = told.group_by("start", "arm", "subject", "share", "update").agg(pl.col("value").mean().round(4))
    return means.with_columns(
        panel=pl.format("{}: {}", "start", "arm"),
        share=pl.col("share").replace_strict({name: label for name, (label, _) in CURVES.items()}),
    ).sort("start", "arm", "subject", "share", "update")


def _runs(rows: pl.DataFrame) -> Any:
    """Return every run over its updates, a panel a start and reward."""
    known = [(label, tint) for label, tint in CURVES.values() if label in rows["share"]]
    color = alt.Color(
        "share:N", legend=alt.Legend(title=None, orient="bottom", symbolType="stroke"),
        scale=alt.Scale(domain=[label for label, _ in known], range=[tint for _, tint in known]),
    )  # fmt: skip
    up = alt.Y(
        "value:Q",
        title="share",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.5, 1], format="~g"),
    )
    across = alt.X("update:Q", title="update", axis=alt.Axis(tickCount=3, grid=False))
    line = alt.Chart().mark_line(strokeWidth=1, opacity=0.7)
    panels = alt.layer(
        line.encode(x=across, y=up, color=color, detail="subject:N"),
        data=rows.select("panel", "subject", "update", "share", "value"),
    ).properties(width=(PAGE - LABELS) // COLUMNS - 14, height=70)
    names = rows["panel"].unique(maintain_order=True).to_list()
    return panels.facet(alt.Facet("panel:N", title=None, sort=names), columns=COLUMNS)


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return every run over its updates: rewarded answers, and what chains and explanations name."""
    measurements, rewards = tables["measurements"], tables["rewards"]
    if rewards.is_empty():
        return nothing("nothing was trained by reward", PAGE)
    tasks = dict(measurements.drop_nulls("task").select("start", "task").unique().iter_rows())
    saying = {start for start, task in tasks.items() if task in SAYING}
    telling = {start for start, task in tasks.items() if task == "hints"}
    said = measurements.filter(pl.col("items").is_in(NAMING), metric="says_change", reward=OUTCOME).sort(
        "start"
    )
    title = claims(
        [(f"{row['start']}", row) for row in said.iter_rows(named=True)],
        "reward makes chains name what drives the answer more often",
        "reward makes chains name what drives the answer less often",
        "no change of what chains name is shown",
        "after minus before",
    )
    subtitle = f"{counted(rewards['subject'].n_unique(), 'run')}, each a line{_failed(rewards)}"
    return _runs(curves(rewards, saying, telling)).properties(
        title=headline(title if said.height else "Training by reward", subtitle)
    )


def _failed(rewards: pl.DataFrame) -> str:
    """Return how many runs had another fate than to learn, by fate."""
    fates = rewards.unique("subject").filter(pl.col("fate") != LEARNT)["fate"].value_counts().sort("fate")
    told = ", ".join(f"{count} {fate}" for fate, count in fates.iter_rows())
    return f"; of these {told}" if told else ""
