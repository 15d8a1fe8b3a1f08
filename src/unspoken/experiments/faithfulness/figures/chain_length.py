"""Are chains less faithful on hard questions, and unfaithful chains longer: raw, and adjusted."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import (
    FINDINGS_CONDITIONS,
    TITLED,
    findings,
    labelled,
    under_names,
)
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREEN, GREY, PAGE, VERMILLION
from unspoken.figures.words import claims, estimate, headline, replicates

USED_CONDITIONS = (*FINDINGS_CONDITIONS, "adjusted", "truncated")
"""Conditions of measurements that the figure reads as columns."""
DIFFICULTY, LENGTH = "faithfulness_by_difficulty", "chain_tokens"
# Where chains that were cut off stand in the adjusted comparison of lengths.
CUT = {"dropped": "cut chains left out", "faithful": "cut as faithful", "unfaithful": "cut as unfaithful"}
ARM_COLORS = {"easy": BLUE, "hard": VERMILLION, "faithful": BLUE, "unfaithful": VERMILLION}
WIDTHS = (100, 100, 98)
ROW = 16
COLUMNS = ("label", "value", "ci_low", "ci_high")


def _reach(rows: pl.DataFrame, zero_first: bool) -> list[float]:
    """Return the ends of an axis that holds all values, their intervals and 0, even without any."""
    ends = [0.0, *(end for name in COLUMNS[1:] for end in rows[name].drop_nulls())]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.08
    return [0.0 if zero_first else low - room, high + room] if high > low else [-1.0, 1.0]


def _panel(rows: pl.DataFrame, above: str, unit: str, width: int, color: Any, arms: bool) -> Any:
    """Return a panel with a line a label, on a scale of its own; `too few` where nothing was estimated."""
    scale = alt.Scale(domain=_reach(rows, arms), nice=False)
    across: Options = {"title": unit, "scale": scale, "axis": alt.Axis(tickCount=4)}
    order = rows["label"].to_list()
    named = len(order) > 1
    side = alt.Axis(labels=named, ticks=named, grid=False)
    y = alt.Y("label:N", sort=order, title=None, scale=alt.Scale(domain=order), axis=side)
    text = alt.Chart().transform_filter("!isValid(datum.value)")
    missing = text.mark_text(color=GREY).encode(x=alt.value(width / 2), y=y, text=alt.value("too few"))
    zero = [] if arms or rows["value"].is_null().all() else [line_at("x", 0)]
    return alt.layer(
        *zero, *intervals("x", across, y=y, color=color), missing, data=rows.select(COLUMNS)
    ).properties(width=width, height=max(2, len(order)) * ROW, title=alt.Title(above, **TITLED))


def _line(rows: pl.DataFrame, metric: str, arms: list[str], words: tuple[str, ...]) -> list[Any]:
    """Return the panels of one metric: both arms, their raw and their adjusted difference.

    `words` are the units of the arms, of the raw and of the adjusted difference. Arms and differences
    that were not measured say so.
    """
    mine = rows.filter(metric=metric)
    arm = mine.filter(kind="estimate").with_columns(label="whose")
    both = pl.DataFrame({"label": arms}).join(
        arm.select(COLUMNS), on="label", how="left", maintain_order="left"
    )
    gaps = mine.filter(kind="contrast")
    raw = gaps.filter(pl.col("unit") != "relative_drop", adjusted="no")
    raw = raw.with_columns(label=pl.lit("difference")) if raw.height else _missing()
    adjusted = gaps.filter(adjusted="yes").with_columns(
        label=pl.col("truncated").replace_strict(CUT, default=None).fill_null(CUT["dropped"])
        if metric == LENGTH
        else pl.lit("difference")
    )
    adjusted = adjusted.sort("label") if adjusted.height else _missing()
    scale = alt.Scale(domain=arms, range=[ARM_COLORS[name] for name in arms])
    colors = alt.Color("label:N", scale=scale, legend=None)
    minus = f"{arms[1]} − {arms[0]}"
    return [
        _panel(both, "faithfulness" if metric == DIFFICULTY else "length", words[0], WIDTHS[0], colors, True),
        _panel(raw, f"raw: {minus}", words[1], WIDTHS[1], alt.value(BLACK), False),
        _panel(adjusted, f"adjusted: {minus}", words[2], WIDTHS[2], alt.value(GREEN), False),
    ]


def _missing() -> pl.DataFrame:
    """Return a difference that was not measured."""
    nothing_known = {name: pl.Series([None], dtype=pl.Float64) for name in COLUMNS[1:]}
    return pl.DataFrame({"label": ["difference"], **nothing_known})


def _title(rows: pl.DataFrame) -> str:
    """Return what the raw differences show; both adjusted differences are in the figure alone."""
    raw = rows.filter(kind="contrast", adjusted="no")
    harder = raw.filter(metric=DIFFICULTY, unit="probability")
    longer = raw.filter(metric=LENGTH)
    parts = []
    if harder.height:
        parts.append(claims(
            labelled(harder), symbol="hard − easy",
            up="chains are more faithful on hard questions",
            down="chains are less faithful on hard questions",
            none="no difference in faithfulness shown between hard and easy questions",
        ))  # fmt: skip
    if longer.height:
        parts.append(claims(
            labelled(longer), symbol="tokens, unfaithful − faithful", up="unfaithful chains are longer",
            down="unfaithful chains are shorter", none="no difference in length shown of unfaithful chains",
        ))  # fmt: skip
    return ". ".join(parts) or "Nothing to compare: no chains of both kinds"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return faithfulness by difficulty and length by faithfulness, raw beside adjusted, by model."""
    rows = findings(tables["measurements"], DIFFICULTY, LENGTH)
    if rows.is_empty():
        return nothing("no chain was compared by difficulty or length", PAGE)
    units = (("share of chains",) * 2 + ("log-odds",), ("tokens",) * 2 + ("log hazard ratio",))
    models = rows["who"].unique().sort().to_list()
    panels = [
        alt.concat(
            *_line(part, DIFFICULTY, ["easy", "hard"], units[0]),
            *_line(part, LENGTH, ["faithful", "unfaithful"], units[1]),
            columns=3,
        ).resolve_scale(x="independent", y="independent", color="independent")
        for who in models
        for part in [rows.filter(who=who)]
    ]
    drops = labelled(rows.filter(unit="relative_drop"))
    said = "; ".join(
        f"{label} {estimate(row, 'relative drop from easy to hard')}".strip() for label, row in drops
    )
    known = rows.filter(pl.col("ci_low").is_not_null())
    subtitle = (
        f"{', '.join(models)}; chains whose answer a hint moved; {replicates(known)}; adjusted: by the"
        " model's own difficulty, and within kind and question, where a log hazard ratio below 0 means that"
        f" unfaithful chains are longer{'; ' if said else ''}{said}; hollow: no interval"
    )
    return alt.vconcat(*under_names(panels, models)).properties(title=headline(_title(rows), subtitle))
