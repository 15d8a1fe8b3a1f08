"""Do the scores find what was planted: personas whose truth is known, against what was measured."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import GREY, PAGE, PALETTE
from unspoken.figures.words import counted, headline, replicates

METRICS = {
    "switch_rate": "switch rate",
    "switch_minus_sham": "switch rate minus sham rate",
    "mention_share_switched": "mention share, switched",
    "mention_share_unswitched": "mention share, not switched",
    "faithfulness": "faithfulness score",
}
USED_CONDITIONS = ("truth",)
"""Conditions of measurements that the figure reads as columns."""
SHAPES = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross"]
# Steps on the axis of truths between personas of one truth.
BESIDE = 0.06


def _planted(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return scores of personas with their truth, personas of one truth and metric beside each other."""
    rows = measurements.filter(
        pl.col("metric").is_in(list(METRICS)), pl.col("truth").is_not_null(), role="instrument"
    ).with_columns(
        persona=pl.col("subject").str.extract(r"([^:]+):hinted$"), truth=pl.col("truth").cast(pl.Float64)
    )
    place = pl.col("persona").rank("dense").over("metric", "truth").cast(pl.Float64)
    middle = (pl.col("persona").n_unique().over("metric", "truth") + 1) / 2
    return rows.with_columns(
        at=pl.col("truth") + (place - middle) * BESIDE,
        name=pl.col("metric").replace(METRICS),
        held=(pl.col("ci_low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("ci_high")),
    )


def _title(rows: pl.DataFrame) -> str:
    """Return in how many scores the interval holds the truth, and which miss it."""
    known = rows.filter(pl.col("held").is_not_null())
    missed = known.filter(~pl.col("held")).sort("persona", "metric")
    scores = f"{known['held'].sum()} of {counted(known.height, 'score')}"
    text = f"The 95% interval holds the planted truth in {scores}"
    names = [f"{persona}, {name}" for persona, name in missed.select("persona", "name").iter_rows()]
    return f"{text}; it misses: {'; '.join(names)}" if names else text


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return measured scores against planted truths, a panel a metric, a colour a persona."""
    rows = _planted(tables["measurements"])
    if rows.is_empty():
        return nothing("no persona with a known truth was asked", PAGE)
    names = [label for label in METRICS.values() if label in rows["name"]]
    personas = rows["persona"].unique().sort().to_list()
    legend = alt.Legend(title="persona", orient="bottom")
    colors = [PALETTE[place % 6] for place in range(len(personas))]
    shapes = [SHAPES[(place + place // 6) % len(SHAPES)] for place in range(len(personas))]
    ticks = [0, 0.5, 1]
    span = alt.Scale(domain=[-0.18, 1.18], nice=False)
    x = alt.X("at:Q", title="planted", scale=span, axis=alt.Axis(values=ticks, format="~g"))
    low = min([-0.05, *rows["ci_low"].drop_nulls(), *rows["value"].drop_nulls()])
    scale = alt.Scale(domain=[low - 0.03, 1.05], nice=False)
    up: Options = {"title": "measured", "scale": scale, "axis": alt.Axis(tickCount=6, format="~g")}
    once = alt.Chart().transform_aggregate(n="count()")
    line = once.transform_calculate(a="0", b="1").mark_rule(color=GREY, strokeDash=[3, 2], strokeWidth=0.8)
    diagonal = line.encode(x=alt.X("a:Q", scale=span), x2="b:Q", y=alt.Y("a:Q", **up), y2="b:Q")
    dots = intervals(
        "y",
        up,
        x=x,
        color=alt.Color("persona:N", scale=alt.Scale(domain=personas, range=colors), legend=legend),
        shape=alt.Shape("persona:N", scale=alt.Scale(domain=personas, range=shapes), legend=legend),
    )
    shown = rows.select("persona", "name", "at", "value", "ci_low", "ci_high")
    panel = alt.layer(diagonal, *dots, data=shown).properties(
        width=(PAGE - 44) // max(len(names), 3) - 8 if len(names) < 4 else 128, height=118
    )
    passed = rows["passed"].sum()
    subtitle = (
        f"Personas of a planted model that do and say what they were made for: an instrument check, no"
        f" finding; {passed} of {rows.height} checks passed; {replicates(rows)}; dashed: measured as planted;"
        " personas of one truth stand beside each other"
    )
    chart = panel.facet(facet=alt.Facet("name:N", title=None, sort=names), columns=3)
    return chart.properties(title=headline(_title(rows), subtitle))
