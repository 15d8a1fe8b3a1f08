"""What chains add, and what their answers need of them, by how far the questions need a chain."""

from typing import Any, NamedTuple

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import (
    FINDINGS_CONDITIONS,
    TITLED,
    findings,
    looks,
    under_names,
)
from unspoken.figures.pieces import Options, intervals, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREEN, GREY, INK, PAGE, PURPLE, SMALL, VERMILLION
from unspoken.figures.words import claims, headline, number, replicates

USED_CONDITIONS = (*FINDINGS_CONDITIONS, "normalised", "stratum", "test")
"""Conditions of measurements that the figure reads as columns."""


class Panel(NamedTuple):
    """Metrics side by side: (metric, arm) -> label, colour, shape."""

    above: str
    below: str
    shown: dict[tuple[str, str], tuple[str, str, str]]


PANELS = (
    Panel(
        "right answers", "accuracy",
        {
            ("accuracy", "unhinted"): ("with a chain", BLUE, "circle"),
            ("accuracy", "direct"): ("without one", GREY, "square"),
        },
    ),
    Panel(
        "what answers need", "share of the chain",
        {
            ("area_over_curve", "unhinted"): ("area over the curve", BLACK, "circle"),
            ("vestigial_share", "unhinted"): ("steps after the answer stands", PURPLE, "square"),
            ("post_hoc_share", "unhinted"): ("chains that need no step", GREEN, "triangle-up"),
        },
    ),
    Panel(
        "moved by a hint", "share",
        {
            ("switch_rate", "hinted"): ("answers that move to it", VERMILLION, "square"),
            ("faithfulness", "hinted"): ("chains of these that say so", BLACK, "circle"),
        },
    ),
)  # fmt: skip
METRICS = tuple(dict.fromkeys(metric for panel in PANELS for metric, _ in panel.shown))
WIDTH, GAINS, LANE = 92, 62, 9


def _named(rows: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    """Return what a panel draws, each row under its label."""
    labels = pl.DataFrame(
        [(metric, arm, look[0]) for (metric, arm), look in panel.shown.items()],
        schema=["metric", "whose", "what"], orient="row",
    )  # fmt: skip
    shown = rows.filter(kind="estimate").join(labels, on=["metric", "whose"])
    return shown.select("stratum", "what", "value", "ci_low", "ci_high")


def _gains(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the accuracy with a chain minus without by stratum, as text; the gate where one closed."""
    gains = rows.filter(kind="contrast", metric="accuracy", whose="unhinted", versus_whose="direct")
    told = [
        (row["stratum"], row["gate"] or ("-" if row["value"] is None else number(row["value"])))
        for row in gains.iter_rows(named=True)
    ]
    return pl.DataFrame(told, schema={"stratum": pl.String, "text": pl.String}, orient="row")


def _model(rows: pl.DataFrame, strata: list[str], chosen: list[Panel]) -> Any:
    """Return the chosen panels of one model."""
    most = max(len(panel.shown) for panel in chosen)
    height = len(strata) * most * LANE + 8
    scale = alt.Scale(domain=strata, paddingInner=0.25)
    panels: list[Any] = []
    for place, panel in enumerate(chosen):
        lanes = [look[0] for look in panel.shown.values()]
        axis = alt.Axis() if place == 0 else alt.Axis(labels=False, ticks=False)
        y = alt.Y("stratum:N", sort=strata, title=None, scale=scale, axis=axis)
        across: Options = {
            "title": panel.below, "scale": alt.Scale(domain=[0, 1]),
            "axis": alt.Axis(values=[0, 0.5, 1], format="~g"),
        }  # fmt: skip
        look = looks({label[0]: label for label in panel.shown.values()}, 1)
        offset = alt.YOffset("what:N", sort=lanes, scale=alt.Scale(domain=lanes))
        dots = intervals("x", across, y=y, yOffset=offset, **look)
        above = alt.Title(panel.above, **TITLED)
        panels.append(
            alt.layer(*dots, data=_named(rows, panel)).properties(width=WIDTH, height=height, title=above)
        )
    bare = alt.Y("stratum:N", sort=strata, title=None, scale=scale, axis=None)
    text = alt.Chart(_gains(rows)).mark_text(align="left", fontSize=SMALL, color=INK)
    gains = text.encode(x=alt.value(2), y=bare, text="text:N").properties(
        width=GAINS, height=height, title=alt.Title("a chain adds", **TITLED),
        view=alt.ViewBackground(stroke=None),
    )  # fmt: skip
    return alt.hconcat(panels[0], gains, *panels[1:], spacing=6).resolve_scale(
        color="independent", shape="independent", yOffset="independent"
    )


def _title(rows: pl.DataFrame) -> str:
    """Return in which strata a chain adds to accuracy."""
    gains = rows.filter(kind="contrast", metric="accuracy", whose="unhinted", versus_whose="direct")
    models = gains["who"].n_unique()
    told = [
        (f"{row['who']}, {row['stratum']}" if models > 1 else row["stratum"], row)
        for row in gains.sort("who", "stratum").iter_rows(named=True)
    ]
    return claims(
        told,
        up="a chain raises accuracy",
        down="a chain lowers accuracy",
        none="a chain is not shown to change accuracy",
        symbol="with − without",
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return accuracies, what answers need of their chains, and what hints do, by stratum and model."""
    rows = findings(tables["measurements"], *METRICS).filter(pl.col("stratum").is_not_null())
    if rows.is_empty():
        return nothing("no question has a stratum", PAGE)
    strata = rows["stratum"].unique().sort().to_list()
    models = rows["who"].unique().sort().to_list()
    # A study that tests no chain has nothing about what answers need of them.
    chosen = [panel for panel in PANELS if not _named(rows, panel).is_empty()]
    panels = [_model(rows.filter(who=who), strata, chosen) for who in models]
    subtitle = (
        f"{', '.join(models)}; {replicates(rows.filter(pl.col('value').is_not_null()))}; a chain adds: right"
        " answers with a chain minus without, or the gate that closed; answers without a chain, and after a"
        " chain that was cut, are read by force"
    )
    return alt.vconcat(*under_names(panels, models)).properties(title=headline(_title(rows), subtitle))
