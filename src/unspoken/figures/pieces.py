"""What figures are made of: intervals, strips of dots, matrices, bands, axes.

Layers come without data, so that a figure can layer them, then facet them over one table.
"""

import math
from typing import Any, Literal

import altair as alt
import polars as pl

from unspoken.figures.theme import DIVERGING, GREY, INK, PALE, SMALL, TEXT
from unspoken.figures.words import headline

Along = Literal["x", "y"]
Options = dict[str, Any]
"""Keyword arguments of an altair object."""
PROBABILITIES = (0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99)
# Steps between strips of dots that look random and repeat exactly.
GOLDEN = (math.sqrt(5) - 1) / 2


def _channel(along: Along, field: str, **options: Any) -> Any:
    return (alt.X if along == "x" else alt.Y)(field, **options)


def intervals(
    along: Along, options: Options, clip: Literal["nothing", "lines", "all"] = "nothing", **encodings: Any
) -> list[alt.Chart]:
    """Return layers that draw `value` as a point and `ci_low` to `ci_high` as a line.

    `options` are of the axis along which values are read; a value without an interval is
    drawn hollow. `clip` says what is cut where it leaves the axis; points on its edge are whole if
    `lines` alone are cut. `encodings` place and colour both.
    """
    lines, points = clip != "nothing", clip == "all"
    ends = {along: _channel(along, "ci_low:Q", **options), f"{along}2": "ci_high:Q"}
    point = {along: _channel(along, "value:Q", **options)}
    known = "isValid(datum.ci_low) && isValid(datum.ci_high)"
    blank = alt.Chart().transform_filter("isValid(datum.value)")
    shapeless = {name: one for name, one in encodings.items() if name != "shape"}
    return [
        alt.Chart().transform_filter(known).mark_rule(clip=lines).encode(**ends, **shapeless),
        blank.transform_filter(known).mark_point(clip=points).encode(**point, **encodings),
        blank.transform_filter(f"!({known})")
        .mark_point(filled=False, fill="white", clip=points)
        .encode(**point, **encodings),
    ]  # fmt: skip


def line_at(along: Along, value: float, dash: tuple[int, int] = (3, 2)) -> alt.Chart:
    """Return a reference line at a value of one axis, once in each panel."""
    once = alt.Chart().transform_aggregate(n="count()")
    return once.mark_rule(color=GREY, strokeDash=dash, strokeWidth=0.8).encode(
        **{along: _datum(along, value)}
    )


def band(along: Along, low: float, high: float) -> alt.Chart:
    """Return a band between two values of one axis, once in each panel."""
    once = alt.Chart().transform_aggregate(n="count()")
    return once.mark_rect(color=PALE, opacity=1).encode(
        **{along: _datum(along, low), f"{along}2": alt.datum(high)}
    )


def _datum(along: Along, value: float) -> Any:
    return (alt.XDatum if along == "x" else alt.YDatum)(value)


def jitter(index: pl.Expr) -> pl.Expr:
    """Return places from -1 to 1 for dots of a strip, fixed by their index."""
    return ((index.cast(pl.Float64) * GOLDEN) % 1) * 2 - 1


def log_odds_axis(rows: pl.DataFrame, width: int, title: str, slack: float = 4.0) -> Options:
    """Return the options of an axis of log-odds whose labels are probabilities.

    It holds every value, and every interval up to `slack` log-odds beyond the values.
    """
    values = rows["value"].drop_nulls()
    if values.is_empty():
        low, high = -5.0, 1.0
    else:
        least, most = float(values.min()), float(values.max())  # type: ignore[arg-type]
        ends = [rows["ci_low"].drop_nulls().min(), rows["ci_high"].drop_nulls().max()]
        low = min(least, max(least - slack, float(ends[0]) if ends[0] is not None else least))  # type: ignore[arg-type]
        high = max(most, min(most + slack, float(ends[1]) if ends[1] is not None else most))  # type: ignore[arg-type]
        low, high = low - 0.3, high + 0.3
    room = 30 * (high - low) / width  # log-odds that a label takes
    ticks: list[float] = []
    for probability in PROBABILITIES:
        place = math.log(probability / (1 - probability))
        if low <= place <= high and (not ticks or place - ticks[-1] >= room):
            ticks.append(place)
    label = "format(1 / (1 + exp(-datum.value)), '.2~p')"
    return {
        "title": title,
        "scale": alt.Scale(domain=[low, high], nice=False, zero=False),
        "axis": alt.Axis(values=ticks, labelExpr=label),
    }


def shares(
    rows: pl.DataFrame,
    labels: dict[str, str],
    column: str,
    colors: dict[str, tuple[str, str]],
    title: str,
    *,
    room: int,
    width: int,
) -> Any:
    """Return shares with their intervals: a line for each of `labels`, by `whose`, coloured by a column.

    `colors` says of each value of the column how it is named and which colour it has; other rows are left
    out. `room` is for the labels, `width` for the rest, in pixels.
    """
    names, tints = zip(*colors.values(), strict=True)
    shown = rows.filter(pl.col(column).is_in(list(colors))).select(
        "value", "ci_low", "ci_high",
        label=pl.col("whose").replace_strict(labels),
        color=pl.col(column).replace_strict({key: name for key, (name, _) in colors.items()}),
    )  # fmt: skip
    color = alt.Color(
        "color:N", scale=alt.Scale(domain=list(names), range=list(tints)),
        legend=alt.Legend(title=None, orient="bottom"),
    )  # fmt: skip
    options: Options = {"title": title, "scale": alt.Scale(domain=[-0.02, 1.02], nice=False)}
    axis = alt.Axis(grid=True, labelLimit=room)
    place: Options = {
        "y": alt.Y("label:N", sort=list(labels.values()), title=None, axis=axis),
        "yOffset": alt.YOffset("color:N", sort=list(names)),
    }
    layers = intervals("x", options, clip="lines", **place, color=color)
    return alt.layer(*layers, data=shown).properties(width=width, height=alt.Step(6))


def matrix(
    cells: pl.DataFrame,
    x: alt.X,
    y: alt.Y,
    size: tuple[int, int],
    color: alt.Color,
    lines: tuple[str, ...],
) -> Any:
    """Return a matrix: a cell a row, coloured by `color`, with text `lines` under each other.

    Cells whose `value` is null are grey. `size` is that of one cell in pixels.
    """
    base = alt.Chart(cells).encode(x=x, y=y)
    edge: Options = {"stroke": "white", "strokeWidth": 1}
    layers = [
        base.mark_rect(color=PALE, **edge),
        base.transform_filter("isValid(datum.value)").mark_rect(**edge).encode(color=color),
    ]
    for place, field in enumerate(lines):
        down = (place - (len(lines) - 1) / 2) * (SMALL + 2)
        layers.append(
            base.mark_text(
                dy=down, fontSize=TEXT if place == 0 and len(lines) > 1 else SMALL, color=INK
            ).encode(text=f"{field}:N")
        )
    width, height = (alt.Step(length) for length in size)
    return alt.layer(*layers).properties(width=width, height=height)


def diverging(field: str, reach: float, title: str, legend: bool = True, middle: float = 0) -> alt.Color:
    """Return a colour for values around `middle`, the same distance to both sides."""
    return alt.Color(
        field,
        scale=alt.Scale(
            domain=[middle - reach, middle, middle + reach], range=DIVERGING, interpolate="rgb"
        ),
        legend=alt.Legend(
            title=title, orient="bottom", gradientLength=140, gradientThickness=8, tickCount=5
        )
        if legend
        else None,
    )  # fmt: skip


def nothing(why: str, width: int) -> alt.Chart:
    """Return an empty figure whose title says why it is empty."""
    frame = pl.DataFrame({"text": ["nothing to draw"]})
    return (
        alt.Chart(frame)
        .mark_text(fontSize=TEXT, color=GREY)
        .encode(text="text:N")
        .properties(width=width - 20, height=60, title=headline(f"No data: {why}", "", width))
    )
