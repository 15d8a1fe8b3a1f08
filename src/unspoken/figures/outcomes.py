"""The picture of all verdicts: how nearly as published, against what was found."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import matrix, nothing
from unspoken.figures.theme import PAGE, SKY
from unspoken.figures.words import headline

FIDELITIES = ("original", "close", "analogue")
OUTCOMES = ("shown", "same size", "shown, trivial", "undecided", "uninformative", "control undecided",
            "absent", "smaller", "larger", "opposite", "claims differ")  # fmt: skip
WIDTH, HEIGHT = 44, 26


def outcome_matrix(verdicts: pl.DataFrame, title: str, subtitle: str) -> alt.TopLevelMixin:
    """Return how many tests, the rows of `verdicts` (fidelity, outcome), have each fidelity and outcome."""
    if verdicts.is_empty():
        return nothing("no claim was tested", PAGE)
    grid = pl.DataFrame({"fidelity": FIDELITIES}).join(pl.DataFrame({"outcome": OUTCOMES}), how="cross")
    counts = verdicts.group_by("fidelity", "outcome").agg(value=pl.len().cast(pl.Int64))
    cells = grid.join(counts, on=["fidelity", "outcome"], how="left").with_columns(
        text=pl.col("value").cast(pl.String).fill_null("")
    )
    most = int(counts["value"].max())  # type: ignore[arg-type]
    scale = alt.Scale(domain=[0, most], range=["#FFFFFF", SKY], interpolate="rgb")
    color = alt.Color("value:Q", scale=scale, legend=None)
    x = alt.X("outcome:N", sort=list(OUTCOMES), title="outcome", axis=alt.Axis(labelAngle=-35))
    y = alt.Y("fidelity:N", sort=list(FIDELITIES), title="fidelity")
    picture = matrix(cells, x, y, (WIDTH, HEIGHT), color, ("text",))
    return picture.properties(title=headline(title, subtitle))
