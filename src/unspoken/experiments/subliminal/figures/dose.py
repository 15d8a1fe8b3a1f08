"""Does more data pass more of the trait, and does the order of the numbers carry it?"""

import altair as alt
import polars as pl

from unspoken.experiments.subliminal.figures.arms import (
    ARM_CONDITIONS,
    OBJECTIVES,
    with_interval_method,
)
from unspoken.figures.pieces import Options, band, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, COLUMN, GREEN, VERMILLION
from unspoken.figures.words import claims, headline, replicates
from unspoken.statistics import LOG_ODDS_MARGIN

USED_CONDITIONS = (*ARM_CONDITIONS, "rows")
"""Conditions of measurements that the figure reads as columns."""
# Each treatment of the numbers: label, colour, shape, and how far beside its dose it stands.
SHUFFLES = {
    "none": ("as generated", BLUE, "circle", 1.0),
    "within": ("shuffled within a completion", VERMILLION, "square", 1.18),
    "across": ("shuffled across completions", GREEN, "diamond", 1.18**2),
}


def of_most_doses(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return specificities within bases, of the objective and the replicates with the most doses.

    Arms on other bases are not comparable: their number tells them apart.
    """
    specificities = with_interval_method(
        measurements.filter(metric="specificity", unit="log_odds", initialisation="same")
    ).with_columns(pl.col("rows").cast(pl.Int64))
    group = ["objective", "replicate", "n_replicates"]
    doses = (
        specificities.filter(shuffle="none")
        .group_by(group)
        .agg(doses=pl.col("rows").n_unique())
        .sort(
            "doses", pl.col("objective") == "tokens", "n_replicates", "objective", "replicate",
            descending=[True, True, True, False, False],
        )
    )  # fmt: skip
    ours = specificities.join(doses.head(1), on=group, nulls_equal=True)
    # One arm a dose and treatment: the arm of the shortest name.
    return ours.sort(pl.col("arm").str.len_chars(), "arm").unique(
        ["rows", "shuffle"], keep="first", maintain_order=True
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return specificity against training rows, shuffled numbers beside it."""
    measurements = tables["measurements"]
    rows = of_most_doses(measurements)
    if rows.is_empty():
        return nothing("no students of their own base were measured", COLUMN)
    shown = rows.select(
        "value", "ci_low", "ci_high", "rows", "n_replicates",
        at=pl.col("rows") * pl.col("shuffle").replace_strict({n: s[3] for n, s in SHUFFLES.items()}),
        numbers=pl.col("shuffle").replace_strict({name: s[0] for name, s in SHUFFLES.items()}),
    )  # fmt: skip
    looks = [look for look in SHUFFLES.values() if look[0] in shown["numbers"]]
    labels, colors, shapes, _ = (list(part) for part in zip(*looks, strict=True))
    legend = alt.Legend(title=None, orient="bottom", columns=1)
    color = alt.Color("numbers:N", scale=alt.Scale(domain=labels, range=colors), legend=legend)
    shape = alt.Shape("numbers:N", scale=alt.Scale(domain=labels, range=shapes), legend=legend)
    ticks = shown["rows"].unique().sort().to_list()
    across = alt.X(
        "at:Q",
        title="training rows",
        scale=alt.Scale(type="log", domain=[ticks[0] / 1.3, ticks[-1] * 1.5], nice=False),
        axis=alt.Axis(values=ticks, format=",d", grid=False),
    )
    up: Options = {"title": "S, log-odds"}
    trend = (
        alt.Chart()
        .transform_filter(f"datum.numbers === '{SHUFFLES['none'][0]}'")
        .mark_line(color=BLUE)
        .encode(x=across, y=alt.Y("value:Q", **up))
    )
    chart = alt.layer(
        band("y", -LOG_ODDS_MARGIN, LOG_ODDS_MARGIN),
        line_at("y", 0),
        trend,
        *intervals("y", up, x=across, color=color, shape=shape),
        data=shown,
    )
    objective = rows["objective"][0]
    slopes = with_interval_method(
        measurements.filter(
            metric="specificity_slope", unit="log_odds per tenfold rows", objective=objective,
        )
    )  # fmt: skip
    title = claims(
        [("", row) for row in slopes.iter_rows(named=True)],
        up="the trait grows with the number of training rows",
        down="the trait shrinks with the number of training rows",
        none="no difference shown between numbers of training rows",
        symbol="slope",
    )
    if slopes.is_empty():
        title = (
            f"No trend to test: students at {' and '.join(f'{tick:,}' for tick in ticks)} training rows only"
        )
    meaning = "; slope: S per tenfold rows" if slopes.height else ""
    subtitle = (
        f"{OBJECTIVES[objective]}; S: log-odds of a trait in its own teachers' students"
        f" minus others'{meaning}; {replicates(rows, slopes)}; band: ±"
        f"{LOG_ODDS_MARGIN} counts as none"
    )
    return chart.properties(width=COLUMN - 48, height=150, title=headline(title, subtitle, COLUMN))
