"""Two models on the same questions: the first minus the second, metric by metric, by stratum."""

from itertools import cycle
from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import FINDINGS_CONDITIONS, findings
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, SKY, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = (*FINDINGS_CONDITIONS, "between", "stratum")
"""Conditions of measurements that the figure reads as columns."""
SHOWN = {
    ("accuracy", "unhinted"): "right with a chain",
    ("accuracy", "direct"): "right without one",
    ("uplift", "unhinted"): "what a chain adds",
    ("accuracy", "hinted"): "right under a hint",
    ("switch_rate", "hinted"): "moved by the hint",
    ("mention_share_switched", "hinted"): "moved: mention it",
    ("faithfulness", "hinted"): "moved: say so",
    ("area_over_curve", "unhinted"): "area over the curve",
    ("vestigial_share", "unhinted"): "steps after the answer",
    ("post_hoc_share", "unhinted"): "chains of no need",
}
"""What each metric of an arm is called, from top to bottom."""
TOKENS = {("chain_tokens", "unhinted"): "tokens of a chain"}
POOLED = "all questions"
COLORS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, GREY)
LABELS, LANE = 118, 6


def _contrasts(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the contrasts of models, each with its pair, its part of the questions, and `closed` gates."""
    names = list(dict.fromkeys(metric for metric, _ in (*SHOWN, *TOKENS)))
    rows = findings(measurements, *names).filter(between="models", kind="contrast")
    versus = pl.col("versus").str.replace(r":[^:]+$", "")
    return rows.with_columns(
        pair=pl.format("{} − {}", "who", versus),
        part=pl.col("stratum").fill_null(POOLED),
        closed=pl.col("gate").is_not_null(),
    )


def _looks(parts: list[str]) -> Options:
    """Return the colour of each part of the questions, all of them black."""
    colors = [BLACK, *(color for _, color in zip(parts[1:], cycle(COLORS), strict=False))]
    legend = alt.Legend(title=None, orient="bottom", columns=6)
    return {"color": alt.Color("part:N", scale=alt.Scale(domain=parts, range=colors), legend=legend)}


def _panel(rows: pl.DataFrame, shown: dict[tuple[str, str], str], parts: list[str], title: str) -> Any:
    """Return a panel with a line a metric and a lane a part; hollow where a gate closed."""
    labels = pl.DataFrame(
        [(*key, label) for key, label in shown.items()], schema=["metric", "whose", "what"], orient="row"
    )
    drawn = rows.join(labels, on=["metric", "whose"]).select(
        "what", "part", "value", "ci_low", "ci_high", "closed"
    )
    order = [label for label in shown.values() if label in drawn["what"]]
    across: Options = {"title": title, "scale": alt.Scale(zero=True, padding=6), "axis": {"tickCount": 5}}
    y = alt.Y("what:N", sort=order, title=None, scale=alt.Scale(domain=order, paddingInner=0.25))
    offset = alt.YOffset("part:N", sort=parts, scale=alt.Scale(domain=parts))
    rule, point, bare = intervals("x", across, y=y, yOffset=offset, **_looks(parts))
    closed = point.transform_filter("datum.closed")
    solid = point.transform_filter("!datum.closed")
    hollow = closed.mark_point(filled=False, fill="white")
    return alt.layer(line_at("x", 0), rule, solid, hollow, bare, data=drawn).properties(
        width=PAGE - LABELS, height=max(1, len(order)) * (len(parts) * LANE + 8)
    )


def _title(rows: pl.DataFrame) -> str:
    """Return which model of each pair is more often right with a chain."""
    right = rows.filter(metric="accuracy", whose="unhinted", part=POOLED).sort("pair")
    return claims(
        [(row["pair"], row) for row in right.iter_rows(named=True)],
        up="the first model is more often right with a chain",
        down="the first model is less often right with a chain",
        none="no difference in accuracy with a chain is shown",
        symbol="difference",
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the first model minus the second by metric and part of the questions, for each pair."""
    rows = _contrasts(tables["measurements"])
    if rows.is_empty():
        return nothing("no two models were compared", PAGE)
    parts = [POOLED, *rows["stratum"].drop_nulls().unique().sort()]
    panels = []
    for pair in rows["pair"].unique().sort():
        of_pair = rows.filter(pair=pair)
        whole = alt.vconcat(
            _panel(of_pair, SHOWN, parts, "difference"), _panel(of_pair, TOKENS, parts, "tokens"), spacing=4
        )
        panels.append(whole.properties(title=alt.Title(pair, fontSize=10)))
    known = rows.filter(pl.col("ci_low").is_not_null())
    subtitle = (
        f"the same questions, paired; {replicates(known)}; hollow: a gate closed (accuracies at chance or at"
        " the top, letters that are not what replies state, unusable replies), or no interval"
    )
    return alt.vconcat(*panels).properties(title=headline(_title(rows), subtitle))
