"""What the room's figures share: whose rows are drawn, an axis of shares, and how parts stand together."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options
from unspoken.figures.words import headline, replicates

SHARE_AXIS: Options = {
    "scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(values=[0, 0.5, 1], format="~g"),
}  # fmt: skip


def last_of(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the rows about the ends of arms, and those that are about no update."""
    last = pl.col("updates").cast(pl.Int64).max().over("start", "reward")
    return measurements.filter(
        pl.col("updates").cast(pl.Int64).eq_missing(last) | pl.col("updates").is_null()
    )


def stacked(parts: list[Any], title: str, means: pl.DataFrame) -> alt.VConcatChart:
    """Return parts below each other, each with its own colours, under a title and what the means are over."""
    drawn = alt.vconcat(*parts, spacing=14).resolve_scale(color="independent")
    return drawn.properties(title=headline(title, f"Means and {replicates(means)}"))
