"""Can anybody see it: how well replies of two teachers are told apart, beside what their students take on."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.misalignment.figures.misalignment import (
    TAUGHT,
    first_of,
    in_words,
    scale,
    taught,
    transfers,
)
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import GREEN, PAGE, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = (
    "organism", "domains", "objective", "initialisation", "shuffle", "carrier", "versus_initialisation",
    "versus_shuffle", "stage", "detector", "pooled", "filter", "versus_filter",
)  # fmt: skip
DETECTORS = {"likelihood": ("exact likelihood (ceiling)", GREEN), "ngrams": ("n-gram classifier", VERMILLION)}
LABELS = 215
WIDTH = PAGE - LABELS - 10


def _detections(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return how often each detector is right, by target and pairs judged together."""
    rows = measurements.filter(metric="detection", unit="accuracy").with_columns(
        pl.col("value", "ci_low", "ci_high") + 0.5,
        color=pl.col("detector").replace_strict(first_of(DETECTORS)),
        pairs=pl.col("pooled").cast(pl.Int64),
    )
    return rows.sort("pairs").with_columns(
        label=pl.format(
            "{}, {}, {}", "carrier", in_words("whose"),
            pl.when(pl.col("pairs") == 1).then(pl.lit("1 pair")).otherwise(pl.format("{} pairs", "pairs")),
        )
    )  # fmt: skip


def _panel(rows: pl.DataFrame, options: Options, middle: float, colors: dict[str, tuple[str, str]]) -> Any:
    """Return values with their intervals, a line for each label."""
    color = scale(colors, "bottom")
    labels = rows["label"].unique(maintain_order=True).to_list()
    place: Options = {
        "y": alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(grid=True, labelLimit=LABELS)),
        "yOffset": alt.YOffset("color:N"),
    }
    layers = [line_at("x", middle), *intervals("x", options, clip="lines", **place, color=color)]
    shown = rows.select("label", "color", "value", "ci_low", "ci_high")
    return alt.layer(*layers, data=shown).properties(width=WIDTH, height=alt.Step(6))


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the detectors' accuracy on pairs of replies, and below the students' transfer."""
    measurements = tables["measurements"]
    found = _detections(measurements)
    if found.is_empty():
        return nothing("no replies were told apart", PAGE)
    targets = pl.col("whose").is_in(["insecure", "educational"])
    passed = transfers(measurements).filter(
        targets, metric="misalignment_transfer", versus_whose="secure", initialisation="same", shuffle="none",
        filter="keyword",
    )  # fmt: skip
    passed = passed.with_columns(label=pl.format("{}, {}", "carrier", in_words("whose")), color=taught())
    there = {name: tint for name, tint in TAUGHT.items() if tint[0] in set(passed["color"])}
    lowest = min(0.38, *(found["value"] - 0.02))
    right_share: Options = {
        "title": "right of pairs of replies; chance is 0.5",
        "scale": alt.Scale(domain=[lowest, 1.02], nice=False, zero=False),
    }
    above = _panel(found.sort("carrier", "whose", "pairs"), right_share, 0.5, DETECTORS)
    below = _panel(passed, {"title": "students' difference, log-odds of bad advice"}, 0, there)
    single = measurements.filter(
        metric="detection", unit="accuracy", pooled="1", whose="insecure", detector="ngrams"
    )
    title = claims(
        [(row["carrier"], row) for row in single.to_dicts()],
        "a classifier tells a pair of replies apart better than by chance",
        "a classifier tells a pair of replies apart worse than by chance",
        "a classifier does not tell a pair of replies apart",
        "accuracy above one half",
    )
    subtitle = (
        "of two replies to the same request, which is the target's and which a secure teacher's;"
        f" {replicates(single)}; planted leak: in a copy of the secure teacher's replies, which no"
        " network wrote, so that there is no likelihood"
    )
    chart = alt.vconcat(above, below).resolve_scale(color="independent", yOffset="independent")
    return chart.properties(title=headline(title, subtitle))
