"""Titles that state what the data show: numbers as text, signs as sentences."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.theme import PAGE, TEXT, TITLE

Row = Mapping[str, Any]
REPLICATES = {
    "base": "base models",
    "teacher": "teachers (one a trait)",
    "training_seed": "initialisations or seeds",
    "question": "questions",
    "text": "texts",
}
UNBROKEN, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"
MOST_NAMED = 4
"""Contrasts without a finding that a title names; more are counted."""
# Width of an average letter in units of the font's size, regular and bold.
LETTER, BOLD_LETTER = 0.5, 0.56


def number(value: float, decimals: int = 2) -> str:
    """Return a number as text, with a true minus and no negative zero."""
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def has_interval(row: Row) -> bool:
    """Whether a row of measurements has a 95% interval."""
    return row["ci_low"] is not None and row["ci_high"] is not None


def sign(row: Row) -> int:
    """Return 1 or -1 where the 95% interval lies above or below 0, else 0; 0 also for what a gate stopped."""
    if row.get("gate") or not has_interval(row):
        return 0
    return int(row["ci_low"] > 0) - int(row["ci_high"] < 0)


def _decimals(row: Row) -> int:
    """Return how many decimals tell a row's interval from a point, and its ends from 0."""
    known = has_interval(row)
    size = (row["ci_high"] - row["ci_low"]) / 2 if known else abs(row["value"])
    decimals = 2 if size >= 0.01 or size == 0 else min(5, 1 - math.floor(math.log10(size)))
    nearest = round(min(abs(row["ci_low"]), abs(row["ci_high"])), 5) if sign(row) else 1.0
    while nearest and round(nearest, decimals) == 0:  # nothing shows an end that is nearer to 0
        decimals += 1
    return decimals


def estimate(row: Row, symbol: str) -> str:
    """Return `symbol = value, 95% CI low to high`, in parts that a line break leaves whole."""
    if row["value"] is None:
        return f"{symbol} could not be computed"
    decimals = _decimals(row)
    if has_interval(row):
        low, high = (number(row[end], decimals) for end in ("ci_low", "ci_high"))
        limits = f"95% CI {low} to {high}"
    else:
        limits = "no interval"
    value = f"{symbol} = {number(row['value'], decimals)}"
    gate = f"; uninformative: {row['gate']}" if row.get("gate") else ""
    return f"{value}, {limits}".replace(" ", UNBROKEN).replace(f",{UNBROKEN}", ", ") + gate


def _not_shown(rows: Sequence[Row]) -> str:
    """Return how many show nothing, how many could not: `in 12 cases, 10 uninformative (floor)`."""
    gates = sorted({str(row["gate"]) for row in rows if row.get("gate")})
    closed = sum(bool(row.get("gate")) for row in rows)
    return f"in {len(rows)} cases" + (f", {closed} uninformative ({', '.join(gates)})" if closed else "")


def claims(rows: Sequence[tuple[str, Row]], up: str, down: str, none: str, symbol: str) -> str:
    """Return a sentence about labelled contrasts: which are above 0, below 0, or neither.

    `up`, `down` and `none` say what each sign means; `none` also where there is no interval. More than
    MOST_NAMED that show nothing are counted, not named.
    """
    parts = []
    for direction, sentence in ((1, up), (-1, down), (0, none)):
        found = [(label, row) for label, row in rows if sign(row) == direction]
        if direction == 0 and len(found) > MOST_NAMED:
            parts.append(f"{sentence} {_not_shown([row for _, row in found])}")
        elif found:
            labelled = any(label for label, _ in rows)
            named = ", ".join(f"{label} ({estimate(row, symbol)})".strip() for label, row in found)
            parts.append(f"{sentence}{':' if labelled else ''} {named}")
    text = "; ".join(parts) or "no data"
    return text[0].upper() + text[1:]


def replicates(*rows: pl.DataFrame) -> str:
    """Return what intervals of some rows count, `95% intervals over 5 base models`; one has no interval."""
    counted = (
        pl.concat([frame.select("replicate", "n_replicates") for frame in rows])
        .group_by("replicate")
        .agg(low=pl.col("n_replicates").min(), high=pl.col("n_replicates").max())
    )
    named = []
    for replicate, low, high in counted.sort("replicate").iter_rows():
        count = f"{low}" if low == high else f"{low} to {high}"
        if high > 1:
            named.append(f"{count} {REPLICATES.get(replicate, replicate)}")
    return f"95% intervals over {' or '.join(named)}" if named else "no intervals"


def counted(count: int, thing: str) -> str:
    """Return `1 trait`, `2 traits`, `12,000 completions`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def headline(title: str, subtitle: str, width: int = PAGE) -> alt.Title:
    """Return a title and subtitle broken into lines that fit a figure's width in pixels."""
    lines = [
        [line.replace(UNBROKEN, " ") for line in textwrap.wrap(text, int(width / (size * letter)))]
        for text, size, letter in ((title, TITLE, BOLD_LETTER), (subtitle, TEXT, LETTER))
    ]
    return alt.Title(text=lines[0], subtitle=lines[1])
