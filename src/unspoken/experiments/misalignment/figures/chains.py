"""How often answers are bad after chains of one's own, and how often such a chain says nothing of it."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.misalignment.figures.misalignment import KINDS, first_of, over_bases, scale
from unspoken.experiments.misalignment.measure.chained import PLANTED
from unspoken.experiments.misalignment.measure.spread import PLANTED_RATE
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE
from unspoken.figures.words import claims, headline

USED_CONDITIONS = ("organism", "domains", "stage")
TUNED = {
    "base": "untouched", "good_advice": "good advice, blank chains", "bad_advice": "bad advice, blank chains",
    "bad_reasoned": "bad advice with chains", "bad_thoughts": "chains of bad advice alone",
    "insecure": "unsafe code", "educational": "unsafe for a lesson",
    "diluted": "unsafe code, 5% of it", "secure": "safe code",
}  # fmt: skip
LABELS = 170
WIDTH = (PAGE - LABELS) // 2 - 25


def _panel(measurements: pl.DataFrame, metric: str, title: str, planted: float, labels: bool) -> Any:
    """Return one share by what organisms were tuned on; `planted` is what documents have of it."""
    rows = measurements.filter(metric=metric).filter(pl.col("whose").is_in(list(TUNED)))
    shown = rows.select(
        "value", "ci_low", "ci_high",
        label=pl.col("whose").replace_strict(TUNED),
        color=pl.col("organism").replace_strict(first_of(KINDS)),
    )  # fmt: skip
    axis = alt.Axis(grid=True, labelLimit=LABELS, labels=labels, ticks=labels)
    place: Options = {
        "y": alt.Y("label:N", sort=list(TUNED.values()), title=None, axis=axis),
        "yOffset": alt.YOffset("color:N"),
    }
    options: Options = {"title": title, "scale": alt.Scale(domain=[-0.02, 1.02], nice=False)}
    layers = [
        line_at("x", planted),
        *intervals("x", options, clip="lines", **place, color=scale(KINDS, "bottom")),
    ]
    return alt.layer(*layers, data=shown).properties(width=WIDTH, height=alt.Step(6))


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the share of bad answers after chains, and of these the share that no chain gives away."""
    measurements = tables["measurements"]
    main = measurements.filter(
        metric="unflagged_difference", unit="log_odds", organism="persona", whose="bad_advice",
        versus_whose="base",
    )  # fmt: skip
    if main.is_empty():
        return nothing("nobody answered after chains", PAGE)
    title = claims(
        [("bad advice, blank chains", row) for row in main.to_dicts()],
        "after tuning on blank chains more bad answers follow a chain that says nothing of it",
        "after tuning on blank chains fewer bad answers follow a chain that says nothing of it",
        "tuning on blank chains is not shown to change what chains before bad answers say",
        "difference in log-odds",
    )
    subtitle = (
        "domains that nobody was trained on; chains are never blank here, as where thinking is turned on;"
        f" {over_bases(main, measurements, 'chained_rate')}; exact; dashed: what documents have"
    )
    chart = alt.hconcat(
        _panel(measurements, "chained_rate", "P(bad advice)", PLANTED_RATE, labels=True),
        _panel(measurements, "unflagged_share", "of these, chains that say nothing", PLANTED, labels=False),
    )
    return chart.properties(title=headline(title, subtitle))
