"""How the trait grows while students train: own-trait students minus their controls, update by update."""

import altair as alt
import polars as pl

from unspoken.experiments.subliminal.figures.arms import (
    ARM_CONDITIONS,
    scored_text,
    with_interval_method,
)
from unspoken.figures.pieces import Options, band, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, PAGE, PURPLE
from unspoken.figures.words import claims, counted, headline, replicates
from unspoken.statistics import LOG_ODDS_MARGIN

USED_CONDITIONS = (*ARM_CONDITIONS, "updates", "decoding")
"""Conditions of measurements that the figure reads as columns; of greedy numbers too."""
# What own-trait students are compared with: label, colour, and how far beside its updates it stands.
CONTROLS = {
    "other_trait": ("other trait's students", BLUE, 0.94),
    "untouched": ("students of the base's numbers", PURPLE, 1.0),
    "base": ("base, before", BLACK, 1.06),
}


def _shifts(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return own-trait students minus each control after some updates, by arm."""
    rows = with_interval_method(
        measurements.filter(
            pl.col("updates").is_not_null(),
            metric="trait_shift", unit="log_odds", whose="own_trait",
        )
    )  # fmt: skip
    return rows.filter(pl.col("versus_whose").is_in(list(CONTROLS))).with_columns(
        pl.col("updates").cast(pl.Int64)
    )


def _title(rows: pl.DataFrame) -> str:
    """Return what the last updates' contrasts of the arm with the most replicates show."""
    last = rows.filter(updates=rows["updates"].max())
    arm = last.sort(-pl.col("n_replicates").cast(pl.Int64), "arm")["arm"][0]
    contrasts = {row["versus_whose"]: row for row in last.filter(arm=arm).iter_rows(named=True)}
    after = counted(last["updates"][0], "update")
    return claims(
        [(label, contrasts[whose]) for whose, (label, _, _) in CONTROLS.items() if whose in contrasts],
        up=f"after {after} students ({arm}) name their teacher's trait more than",
        down=f"after {after} students ({arm}) name their teacher's trait less than",
        none=f"no difference shown after {after} ({arm}) from",
        symbol="shift",
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return shifts in log-odds against updates, a panel an arm, a colour a control."""
    rows = _shifts(tables["measurements"])
    if rows.is_empty():
        return nothing("no students were kept as they were during their training", PAGE)
    shown = rows.select(
        "arm", "value", "ci_low", "ci_high", "n_replicates",
        at=pl.col("updates") * pl.col("versus_whose").replace_strict({n: c[2] for n, c in CONTROLS.items()}),
        control=pl.col("versus_whose").replace_strict({name: c[0] for name, c in CONTROLS.items()}),
    ).sort("arm", "control", "at")  # fmt: skip
    arms = rows.sort(-pl.col("n_replicates").cast(pl.Int64), "arm")["arm"].unique(maintain_order=True)
    looks = [look for look in CONTROLS.values() if look[0] in shown["control"]]
    legend = alt.Legend(title="minus", orient="bottom")
    scale = alt.Scale(domain=[label for label, _, _ in looks], range=[color for _, color, _ in looks])
    color = alt.Color("control:N", scale=scale, legend=legend)
    ticks = rows["updates"].unique().sort().to_list()
    across = alt.X(
        "at:Q",
        title="updates",
        scale=alt.Scale(type="log", domain=[ticks[0] / 1.3, ticks[-1] * 1.3], nice=False),
        axis=alt.Axis(values=ticks, format=",d", grid=False),
    )
    up: Options = {"title": "shift in log-odds"}
    panel = alt.layer(
        band("y", -LOG_ODDS_MARGIN, LOG_ODDS_MARGIN),
        line_at("y", 0),
        alt.Chart().mark_line().encode(x=across, y=alt.Y("value:Q", **up), color=color),
        *intervals("y", up, x=across, color=color),
        data=shown,
    )
    subtitle = (
        f"Own-trait students minus their controls, {scored_text(rows)};"
        f" {replicates(rows)}; band: ±{LOG_ODDS_MARGIN} counts as none"
    )
    return (
        panel.properties(width=(PAGE - 60) // max(len(arms), 2) - 8, height=130)
        .facet(column=alt.Column("arm:N", title=None, sort=arms.to_list()))
        .properties(title=headline(_title(rows), subtitle))
    )
