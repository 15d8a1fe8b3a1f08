"""What a price on saying it does to chains, explanations and monitors, and what reward alone does in time."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.reinforcement.figures.shared import SHARE_AXIS, last_of, stacked
from unspoken.experiments.reinforcement.names import OUTCOME, START
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, GREY, ORANGE, PAGE, PALETTE, PURPLE, VERMILLION
from unspoken.figures.words import claims

USED_CONDITIONS = ("start", "task", "items", "reward", "updates", "monitor")
"""Conditions of measurements that the figure reads as columns."""
HINTED = "hinted"
SHARES = {
    "rewarded": ("hint followed", BLUE), "says": ("chain names it", VERMILLION),
    "aliased": ("by another word alone", ORANGE), "tells": ("explanation names it", GREEN),
}  # fmt: skip
MONITORS = {
    "lexical": ("looks for the word", GREY), "model": ("asks a language model", BLUE),
    "chain": ("reads chains", VERMILLION), "answer": ("reads answers", GREEN), "both": ("reads both", PURPLE),
}  # fmt: skip
PLATEAUS = (0.28, 0.20)
"""Where faithfulness levelled off, as published: on MMLU and on GPQA (claim RM-20)."""
LABELS = 120


def _dots(rows: pl.DataFrame, by: str, looks: dict[str, tuple[str, str]], title: str, heading: str) -> Any:
    """Return shares with intervals, a row a reward and a panel a start, coloured by a column."""
    named = {name: label for name, (label, _) in looks.items()}
    shown = [name for name in looks if name in rows[by]]
    color = alt.Color(
        "what:N", legend=alt.Legend(title=heading, orient="bottom"),
        scale=alt.Scale(domain=[looks[name][0] for name in shown], range=[looks[name][1] for name in shown]),
    )  # fmt: skip
    across = {"title": title, **SHARE_AXIS}
    rewards = rows["reward"].unique().to_list()
    order = [arm for arm in (START, OUTCOME) if arm in rewards]
    order += sorted(arm for arm in rewards if arm not in order)
    y = alt.Y("reward:N", title=None, sort=order)
    columns = min(rows["start"].n_unique(), 3)
    offset = alt.YOffset("what:N", sort=[looks[name][0] for name in shown])
    panels = alt.layer(
        *intervals("x", across, clip="lines", y=y, color=color, yOffset=offset),
        data=rows.with_columns(what=pl.col(by).replace_strict(named)).select(
            "start", "reward", "what", "value", "ci_low", "ci_high"
        ),
    ).properties(width=(PAGE - LABELS) // max(columns, 2) - 16, height=24 * len(rewards))
    return panels.facet(alt.Facet("start:N", title=None), columns=columns)


def _in_time(rows: pl.DataFrame) -> Any:
    """Return how many chains that follow the hint say so, over updates, by start and reward."""
    arms = rows["arm"].unique().sort().to_list()
    color = alt.Color(
        "arm:N", scale=alt.Scale(domain=arms, range=(PALETTE * 2)[: len(arms)]),
        legend=alt.Legend(title="start: reward", orient="right"),
    )  # fmt: skip
    up: Options = {"title": "says so, of those that follow", "scale": alt.Scale(domain=[0, 1])}
    x = alt.X("step:Q", title="update")
    line = alt.Chart().mark_line(strokeWidth=1).encode(x=x, y=alt.Y("value:Q", **up), color=color)
    data = rows.select("arm", "step", "value", "ci_low", "ci_high")
    layers = alt.layer(line, *intervals("y", up, clip="lines", x=x, color=color), data=data)
    published = pl.DataFrame({"y": PLATEAUS})
    rule = alt.Chart(published).mark_rule(color=GREY, strokeDash=[3, 2]).encode(y="y:Q")
    label = (
        alt.Chart(published.head(1)).mark_text(align="left", dx=2, dy=-5, fontSize=8, color=GREY)
        .encode(y="y:Q", x=alt.value(0), text=alt.datum("plateaus, Chen et al. 2025"))
    )  # fmt: skip
    return alt.layer(layers, rule, label).properties(width=PAGE // 2, height=130)


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return what each reward makes of what is said, of what monitors detect, and chains over updates."""
    measurements = tables["measurements"].filter(task="hints", items=HINTED)
    ends = last_of(measurements).filter(kind="estimate")
    said = ends.filter(pl.col("metric").is_in(list(SHARES)))
    if said.is_empty():
        return nothing("no task of this study has a hint", PAGE)
    parts = [_dots(said, "metric", SHARES, "share of replies", "of replies to rewarded hints, at the end")]
    caught = ends.filter(pl.col("monitor").is_in(list(MONITORS)), metric="detected_at_1")
    if caught.height:
        heading = "caught at 1% false alarms by a monitor that"
        parts.append(_dots(caught, "monitor", MONITORS, "share caught", heading))
    in_time = measurements.filter(
        pl.col("reward").is_in([START, OUTCOME, "plain"]), metric="says_if_rewarded", kind="estimate"
    )
    rows = _with_starts(in_time)
    if rows.height:
        parts.append(_in_time(rows))
    spill = measurements.filter(metric="says_difference", reward="silent-reply").sort("start")
    title = claims(
        [(row["start"], row) for row in spill.iter_rows(named=True)],
        "a price on what explanations say makes chains say more",
        "a price on what explanations say empties chains too",
        "that a price on explanations changes chains is not shown",
        "minus outcome alone",
    )
    return stacked(parts, title if spill.height else "What replies to hints say", ends)


def _with_starts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows over updates: each reward's, with those of its start at update 0."""
    known = rows.filter(pl.col("reward") != START).select("start", "reward").unique()
    before = rows.filter(reward=START).drop("reward").join(known, on="start")
    both = pl.concat([before.select(rows.columns), rows.filter(pl.col("reward") != START)])
    return both.with_columns(
        arm=pl.format("{}: {}", "start", "reward"), step=pl.col("updates").cast(pl.Int64)
    ).sort("arm", "step")
