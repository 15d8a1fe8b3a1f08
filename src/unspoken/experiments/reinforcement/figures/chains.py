"""What decisions are after changed chains, before and after training by reward; vestigial shares by steps."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.reinforcement.figures.shared import SHARE_AXIS, last_of, stacked
from unspoken.experiments.reinforcement.names import OUTCOME, START
from unspoken.figures.pieces import intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREY, PAGE, PALETTE
from unspoken.figures.words import claims

USED_CONDITIONS = ("start", "task", "items", "reward", "change", "updates")
"""Conditions of measurements that the figure reads as columns."""
ALL = "all"
CHANGES = {
    "resampled": "drawn again", "shuffled": "shuffled", "left_out": "without one token",
    "mention_out": "mention taken out", "mention_in": "mention put first", "swapped": "another item's",
    "empty": "none", "frozen": "kept, prompt flipped",
}  # fmt: skip
LABELS = 90
UNTRAINED = "datum.label == 'start' ? 'nothing yet' : datum.label"
"""What a legend calls rewards, and a start."""


def _changed(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return decisions kept after each change, before training and at the end of `outcome`."""
    kept = measurements.filter(
        pl.col("reward").is_in([START, OUTCOME]), pl.col("change").is_in(list(CHANGES)),
        metric="unchanged_share", items=ALL, kind="estimate",
    )  # fmt: skip
    return kept.with_columns(
        name=pl.col("change").replace_strict(CHANGES),
        when=pl.when(reward=START).then(pl.lit("before")).otherwise(pl.lit("after")),
    )


def _ablations(rows: pl.DataFrame) -> Any:
    """Return the share of decisions that stay, by change and start, before and after training."""
    across = {"title": "share of decisions", **SHARE_AXIS}
    y = alt.Y("name:N", title=None, sort=list(CHANGES.values()))
    color = alt.Color(
        "when:N", scale=alt.Scale(domain=["before", "after"], range=[GREY, BLUE]),
        legend=alt.Legend(title="decisions that stay", orient="bottom"),
    )  # fmt: skip
    offset = alt.YOffset("when:N", sort=["before", "after"])
    columns = min(rows["start"].n_unique(), 4)
    panels = alt.layer(
        *intervals("x", across, clip="lines", y=y, color=color, yOffset=offset),
        data=rows.select("start", "name", "when", "value", "ci_low", "ci_high"),
    ).properties(width=(PAGE - LABELS) // max(columns, 2) - 16, height=140)
    return panels.facet(alt.Facet("start:N", title=None), columns=columns)


def _vestigial(rows: pl.DataFrame) -> Any:
    """Return the share of a chain that its decision does not need, by the steps that the answer takes."""
    arms = rows["reward"].unique().sort().to_list()
    shown = [START, *[arm for arm in arms if arm != START]]
    color = alt.Color(
        "reward:N", scale=alt.Scale(domain=shown, range=[GREY, *PALETTE][: len(shown)]),
        legend=alt.Legend(title="rewarded by", orient="right", labelExpr=UNTRAINED),
    )  # fmt: skip
    x = alt.X("k:O", title="serial steps of the answer", axis=alt.Axis(labelAngle=0))
    up = {"title": "share not needed", "scale": alt.Scale(domain=[0, 1])}
    return alt.layer(
        *intervals("y", up, clip="lines", x=x, color=color, xOffset=alt.XOffset("reward:N", sort=shown)),
        data=rows.select("k", "reward", "value", "ci_low", "ci_high"),
    ).properties(
        width=PAGE // 2,
        height=110,
        title=alt.Title("Tokens of a chain that its decision does not need", fontSize=9),
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return what changed chains do to decisions, and vestigial shares by serial steps."""
    measurements = tables["measurements"]
    ends = last_of(measurements)
    changed = _changed(ends)
    parts = [_ablations(changed)] if changed.height else []
    vestigial = ends.filter(pl.col("items") != ALL, metric="vestigial_share", task="steps", kind="estimate")
    vestigial = vestigial.with_columns(k=pl.col("items").cast(pl.Int64)).sort("k", "reward")
    if vestigial.height:
        parts.append(_vestigial(vestigial))
    if not parts:
        return nothing("no chain was changed", PAGE)
    slope = measurements.filter(metric="vestigial_share_slope", reward=OUTCOME).sort("start")
    title = claims(
        [(row["start"], row) for row in slope.iter_rows(named=True)],
        "the more steps an answer takes, the less of its chain it needs",
        "the more steps an answer takes, the more of its chain it needs",
        "that longer tasks need more of a chain is not shown",
        "change a step",
    )
    used = ends.filter(kind="estimate", metric="unchanged_share")
    return stacked(parts, title if slope.height else "Decisions after changed chains", used)
