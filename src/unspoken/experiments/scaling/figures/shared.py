"""What the room's figures share: the words of set-ups, colours of models, and the size of a panel."""

import textwrap

import altair as alt
import polars as pl

from unspoken.experiments.scaling.tables import SETUPS
from unspoken.figures.theme import PAGE, PALETTE

HINTS = {
    "asked": "asked for a length", "capped": "one chain, cut", "extended": "made to go on",
    "cautioned": "asked for at most", "natural": "as it comes",
}  # fmt: skip
HEIGHT, LABELS, LINEAR = 84, 100, 8
"""Pixels of a panel's height and of labels; tokens up to which an axis is linear, not logarithmic."""
NAMES, AXIS = 85, 45
"""Pixels of names in lines beside panels, and of an axis."""
LETTER = 5
"""Pixels of a letter of a header."""
LINES = "split(datum.value, '\\n')"
"""What a header is whose text is `wrapped`."""


def hinted(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with `column`, the words of their set-up."""
    return rows.with_columns(column=pl.col("setup").replace_strict(HINTS))


def columns_of(rows: pl.DataFrame) -> list[str]:
    """Return the words of the set-ups that rows have, in their order."""
    return [HINTS[setup] for setup in SETUPS if setup in rows["setup"]]


def panel_width(columns: int, labels: int = LABELS) -> int:
    """Return the pixels of a panel's width where so many stand beside each other, with labels at a side."""
    return (PAGE - labels) // max(columns, 2) - 12


def wrapped(text: str, width: int) -> str:
    """Return a text in lines of so many pixels or one word, for a header with `LINES`."""
    return "\n".join(textwrap.wrap(text, max(width // LETTER, 6), break_long_words=False))


def model_color(rows: pl.DataFrame) -> alt.Color:
    """Return a colour for each model, with a legend below."""
    models = rows["subject"].unique().sort().to_list()
    scale = alt.Scale(domain=models, range=(PALETTE * 2)[: len(models)])
    return alt.Color("subject:N", scale=scale, legend=alt.Legend(title=None, orient="bottom", columns=4))


def in_lines(column: str) -> pl.Expr:
    """Return a column whose texts are broken into lines that fit beside a panel."""
    return pl.col(column).map_elements(lambda text: wrapped(text, NAMES), return_dtype=pl.String)


def beside(column: str) -> alt.Row:
    """Return rows of panels with the names of a column `in_lines` at their left."""
    header = alt.Header(labelAngle=0, labelAlign="left", labelExpr=LINES)
    return alt.Row(f"{column}:N", title=None, header=header)


def token_axis() -> tuple[alt.Scale, alt.Axis]:
    """Return a scale of tokens, logarithmic but near 0, and its axis."""
    scale = alt.Scale(type="symlog", constant=LINEAR)
    return scale, alt.Axis(tickCount=4, format="~s", grid=False)
