"""Do chains mention the hint more where it moved the answer, and how often without a hint at all?"""

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import (
    FINDINGS_CONDITIONS,
    findings,
    in_order,
    labelled,
    looks,
)
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREY, PAGE, PALE, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = FINDINGS_CONDITIONS
"""Conditions of measurements that the figure reads as columns."""
ARMS = {
    "mention_share_switched": ("hinted, moved to the hint", VERMILLION, "circle"),
    "mention_share_unswitched": ("hinted, not moved", BLUE, "square"),
    "mention_share_sham": ("asked again without a hint", GREY, "triangle-up"),
}
LABELS = 130


def _title(measurements: pl.DataFrame) -> str:
    """Return whether chains of moved answers mention the hint more than other hinted chains."""
    gaps = findings(measurements, "mention_gap").filter(hint="all")
    return claims(
        labelled(gaps),
        up="chains mention the hint more where it moved the answer",
        down="chains mention the hint less where it moved the answer",
        none="no difference shown between mentions of the hint where it moved the answer and where not",
        symbol="gap",
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return mention shares of moved, unmoved and unhinted answers, by kind of hint and model."""
    measurements = tables["measurements"]
    rows = findings(measurements, *ARMS).filter(pl.col("value").is_not_null())
    if rows.is_empty():
        return nothing("no chain was searched for mentions", PAGE)
    names = {name: look[0] for name, look in ARMS.items()}
    shown = rows.select(
        "who", "about", "value", "ci_low", "ci_high", what=pl.col("metric").replace_strict(names)
    )
    order, lanes = in_order(shown["about"]), list(names.values())
    models = shown["who"].unique().sort().to_list()
    across: Options = {"title": "share of chains that mention the hint", "axis": alt.Axis(tickCount=6)}
    y = alt.Y("about:N", sort=order, title=None, scale=alt.Scale(domain=order, paddingInner=0.25))
    offset = alt.YOffset("what:N", sort=lanes, scale=alt.Scale(domain=lanes))
    link = (
        alt.Chart()
        .transform_filter(f"datum.what !== '{lanes[-1]}'")
        .mark_line(color=PALE, strokeWidth=2.5)
        .encode(x=alt.X("value:Q", **across), y=y, yOffset=offset, detail="about:N")
    )
    dots = intervals("x", across, y=y, yOffset=offset, **looks(ARMS, len(ARMS)))
    panels = alt.layer(link, *dots, data=shown).properties(width=PAGE - LABELS, height=len(order) * 30)
    row: Options = {"row": alt.Row("who:N", title=None)} if len(models) > 1 else {}
    gaps = findings(measurements, "mention_gap").filter(hint="all")
    subtitle = (
        f"{', '.join(models)}; all hinted answers that were another without the hint; {replicates(rows)};"
        " gap: share among moved minus share among unmoved answers, all hints pooled;"
        f" {replicates(gaps)}. Mentions without a hint are the judge's false alarms"
    )
    chart = panels.facet(**row) if row else panels
    return chart.properties(title=headline(_title(measurements), subtitle))
