"""Training by reward: every run, decisions after changed chains, vestigial shares by steps."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, GREY, PAGE, PALETTE, VERMILLION
from unspoken.figures.words import claims, counted, headline, replicates

USED_CONDITIONS = ("start", "task", "items", "reward", "change", "updates")
"""Conditions of measurements that the figure reads as columns."""
OUTCOME, ALL = "outcome", "all"
CURVES = {
    "right": ("rewarded answer", BLUE), "says": ("chain names what drives it", VERMILLION),
    "tells": ("explanation names it", GREEN),
}  # fmt: skip
SAYING = ("loan", "hints")
"""Tasks in which something drives the reward that a chain could name."""
CHANGES = {
    "resampled": "drawn again", "shuffled": "shuffled", "swapped": "another item's", "empty": "none",
    "frozen": "kept, prompt flipped",
}  # fmt: skip
BINS = 25
"""Points of a curve: updates between them are averaged."""
LABELS, COLUMNS = 60, 4


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


def _changed(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return decisions kept after each change, before training and at the end of `outcome`."""
    kept = measurements.filter(
        pl.col("reward").is_in(["start", OUTCOME]), pl.col("change").is_in(list(CHANGES)),
        metric="unchanged_share", items=ALL, kind="estimate",
    )  # fmt: skip
    return kept.with_columns(
        name=pl.col("change").replace_strict(CHANGES),
        when=pl.when(reward="start").then(pl.lit("before")).otherwise(pl.lit("after")),
    )


def _ablations(rows: pl.DataFrame) -> Any:
    """Return the share of decisions that stay, by change and start, before and after training."""
    across = {"title": "decisions that stay", "scale": alt.Scale(domain=[0, 1])}
    y = alt.Y("name:N", title=None, sort=list(CHANGES.values()))
    color = alt.Color(
        "when:N", scale=alt.Scale(domain=["before", "after"], range=[GREY, BLUE]),
        legend=alt.Legend(title=None, orient="bottom"),
    )  # fmt: skip
    offset = alt.YOffset("when:N", sort=["before", "after"])
    columns = rows["start"].n_unique()
    panels = alt.layer(
        *intervals("x", across, clip=True, y=y, color=color, yOffset=offset),
        data=rows.select("start", "name", "when", "value", "ci_low", "ci_high"),
    ).properties(width=(PAGE - 2 * LABELS) // max(columns, 2) - 14, height=95)
    return panels.facet(alt.Facet("start:N", title=None), columns=columns)


def _vestigial(rows: pl.DataFrame) -> Any:
    """Return the share of a chain that its decision does not need, by the steps that the answer takes."""
    arms = rows["reward"].unique().sort().to_list()
    color = alt.Color(
        "reward:N", scale=alt.Scale(domain=arms, range=PALETTE[: len(arms)]),
        legend=alt.Legend(title=None, orient="right"),
    )  # fmt: skip
    x = alt.X("k:O", title="serial steps of the answer", axis=alt.Axis(labelAngle=0))
    up = {"title": "vestigial share of the chain", "scale": alt.Scale(domain=[0, 1])}
    return alt.layer(
        *intervals("y", up, clip=True, x=x, color=color, xOffset=alt.XOffset("reward:N")),
        data=rows.select("k", "reward", "value", "ci_low", "ci_high"),
    ).properties(width=PAGE // 2, height=95)


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return every run over its updates, what changed chains do to decisions, and vestigial shares."""
    measurements, rewards = tables["measurements"], tables["rewards"]
    if rewards.is_empty():
        return nothing("nothing was trained by reward", PAGE)
    tasks = dict(measurements.drop_nulls("task").select("start", "task").unique().iter_rows())
    saying = {start for start, task in tasks.items() if task in SAYING}
    telling = {start for start, task in tasks.items() if task == "hints"}
    last = pl.col("updates").cast(pl.Int64).max().over("start", "reward")
    ends = measurements.filter(pl.col("updates").cast(pl.Int64).eq_missing(last))
    parts = [_runs(curves(rewards, saying, telling))]
    changed = _changed(ends)
    if changed.height:
        parts.append(_ablations(changed))
    vestigial = ends.filter(pl.col("items") != ALL, metric="vestigial_share", task="steps")
    vestigial = vestigial.with_columns(k=pl.col("items").cast(pl.Int64)).sort("k", "reward")
    if vestigial.height:
        parts.append(_vestigial(vestigial))
    said = measurements.filter(metric="says_change", reward=OUTCOME).sort("start").to_dicts()
    title = claims(
        [(f"{row['start']}", row) for row in said],
        "Rewarded for its answer alone, a chain names what drives it more often",
        "Rewarded for its answer alone, a chain names what drives it less often",
        "Rewarded for its answer alone, no change of what a chain names is shown",
        "after minus before",
    )
    subtitle = (
        f"{counted(rewards['subject'].n_unique(), 'run')}, each a line; below, means and"
        f" {replicates(measurements.filter(kind='contrast'))}: supervised starts of one kind"
    )
    return (
        alt.vconcat(*parts, spacing=14)
        .resolve_scale(color="independent")
        .properties(title=headline(title if said else "Training by reward", subtitle))
    )
