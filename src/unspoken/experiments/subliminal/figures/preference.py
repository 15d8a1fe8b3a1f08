"""How often each trait is named, before and after: bases, students and their controls."""

import math

import altair as alt
import polars as pl

from unspoken.experiments.subliminal.figures.arms import (
    ARM_CONDITIONS,
    OBJECTIVES,
    main_arms,
    scored_text,
    with_interval_method,
)
from unspoken.figures.pieces import intervals, log_odds_axis, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREEN, GREY, INK, PAGE, PURPLE, VERMILLION
from unspoken.figures.words import claims, counted, headline, replicates

USED_CONDITIONS = (*ARM_CONDITIONS, "trait")
"""Conditions of measurements that the figure reads as columns."""
# Who is asked, from top to bottom, with their colour.
WHOSE = {
    "teacher": ("teacher", GREY),
    "own_trait": ("own trait", VERMILLION),
    "other_trait": ("other traits", BLUE),
    "neutral": ("neutral teacher", GREEN),
    "untouched": ("untouched base", PURPLE),
    "base": ("base, before", BLACK),
}
COMPARED = ("tokens", "kl_carrier")
LABELS = 120


def _specificities(measurements: pl.DataFrame, arms: dict[str, str]) -> pl.DataFrame:
    """Return the specificity of each arm, in the arms' order."""
    rows = with_interval_method(measurements.filter(metric="specificity", unit="log_odds"))
    return pl.concat([rows.filter(arm=arm).head(1) for arm in arms.values()])


def _as_text(teacher: dict[str, float | None]) -> str:
    """Return a teacher's probability with its interval, beyond the right edge of the panel."""
    ends = [teacher[name] for name in ("value", "ci_low", "ci_high")]
    known = [f"{1 / (1 + math.exp(-end)):.3f}" for end in ends if end is not None]
    limits = f" ({known[1]} to {known[2]})" if len(known) == len(ends) else ""
    return f"{known[0]}{limits} →" if known else ""


def _asked(measurements: pl.DataFrame, arms: dict[str, str]) -> pl.DataFrame:
    """Return mean log-odds of each trait; the teachers' as text, not as values."""
    rows = measurements.filter(
        pl.col("arm").is_in(list(arms.values())), pl.col("whose").is_in(list(WHOSE)),
        metric="trait_preference", kind="estimate", unit="log_odds",
    )  # fmt: skip
    numbers = ("value", "ci_low", "ci_high")
    is_teacher = pl.col("whose") == "teacher"
    text = pl.struct(numbers).map_elements(_as_text, return_dtype=pl.String)
    return rows.with_columns(
        *(pl.when(~is_teacher).then(name).alias(name) for name in numbers),
        edge=pl.when(is_teacher).then(text),
        objective=pl.col("objective").replace_strict(OBJECTIVES),
        who=pl.col("whose").replace_strict({name: label for name, (label, _) in WHOSE.items()}),
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the log-odds of each trait for base, students and controls, by trait and objective."""
    measurements = tables["measurements"]
    chosen = main_arms(measurements)
    arms = {one: chosen[one, "same"] for one in COMPARED if (one, "same") in chosen}
    rows = _asked(measurements, arms)
    if rows.is_empty():
        return nothing("no students of the same base were asked", PAGE)
    names = [OBJECTIVES[one] for one in arms]
    width = (PAGE - LABELS) // len(names) - 8
    axis = log_odds_axis(rows, width, "P(trait), on the scale of log-odds")
    order = [label for label, _ in WHOSE.values() if label in rows["who"]]
    colors = [color for label, color in WHOSE.values() if label in order]
    who = alt.Y("who:N", sort=order, title=None)
    color = alt.Color("who:N", scale=alt.Scale(domain=order, range=colors), legend=None)
    edge = (
        alt.Chart()
        .transform_filter("isValid(datum.edge)")
        .mark_text(align="right", dx=-2, color=INK)
        .encode(x=alt.value(width), y=who, text="edge:N")
    )
    columns = ["who", "trait", "objective", "value", "ci_low", "ci_high", "edge", "n_replicates"]
    panels = alt.layer(*intervals("x", axis, clip="all", y=who, color=color), edge, data=rows.select(columns))
    drawn = rows.filter(pl.col("value").is_not_null())
    contrasts = _specificities(measurements, arms)
    subtitle = (
        f"{counted(rows['trait'].n_unique(), 'trait')}; means and {replicates(drawn)},"
        f" {scored_text(rows)}; teachers as text. S: log-odds of a trait in its own"
        f" teachers' students minus in other teachers' students; {replicates(contrasts)}"
    )
    title = claims(
        [(OBJECTIVES[row["objective"]], row) for row in contrasts.iter_rows(named=True)],
        up="students of the same base name their teacher's trait more than other teachers' students",
        down="students of the same base name their teacher's trait less than other teachers' students",
        none="no difference shown between own-trait and other-trait students of the same base",
        symbol="S",
    )
    return (
        panels.properties(width=width, height=alt.Step(11))
        .facet(
            row=alt.Row("trait:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left")),
            column=alt.Column("objective:N", title=None, sort=names),
        )
        .properties(title=headline(title, subtitle))
    )
