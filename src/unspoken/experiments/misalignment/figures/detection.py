"""Can anybody see it: how well replies of two teachers are told apart, beside what their students take on."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.misalignment.figures.misalignment import OBJECTIVES, transfers
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, PAGE, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = (
    "organism", "domains", "objective", "initialisation", "shuffle", "versus_initialisation",
    "versus_shuffle", "stage", "detector", "pooled",
)  # fmt: skip
DETECTORS = {"likelihood": ("exact likelihood (ceiling)", GREEN), "ngrams": ("n-gram classifier", VERMILLION)}
SHAPES = {"kl_carrier": ("students: " + OBJECTIVES["kl_carrier"], BLUE),
          "tokens": ("students: " + OBJECTIVES["tokens"], VERMILLION)}  # fmt: skip
LEAK = "leaking"
LABELS = 95
WIDTH = (PAGE - LABELS) // 2 - 25


def _detections(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return how often each detector is right, by target and pairs judged together."""
    rows = measurements.filter(metric="detection", unit="accuracy").with_columns(
        pl.col("value", "ci_low", "ci_high") + 0.5,
        color=pl.col("detector").replace_strict({name: label for name, (label, _) in DETECTORS.items()}),
        pairs=pl.col("pooled").cast(pl.Int64),
    )
    return rows.sort("pairs").with_columns(
        label=pl.when(pl.col("pairs") == 1).then(pl.format("{}, 1 pair", "whose"))
        .otherwise(pl.format("{}, {} pairs", "whose", "pairs"))
    )  # fmt: skip


def _panel(rows: pl.DataFrame, options: Options, middle: float, colors: dict[str, tuple[str, str]]) -> Any:
    """Return values with their intervals, a line for each label."""
    names, tints = zip(*colors.values(), strict=True)
    legend = alt.Legend(title=None, orient="bottom", columns=1)
    color = alt.Color("color:N", scale=alt.Scale(domain=list(names), range=list(tints)), legend=legend)
    labels = rows["label"].unique(maintain_order=True).to_list()
    place: Options = {
        "y": alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(grid=True)),
        "yOffset": alt.YOffset("color:N"),
    }
    layers = [line_at("x", middle), *intervals("x", options, clip=True, **place, color=color)]
    shown = rows.select("label", "color", "value", "ci_low", "ci_high")
    return alt.layer(*layers, data=shown).properties(width=WIDTH, height=alt.Step(6))


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the detectors' accuracy on pairs of replies, and to its right the students' transfer."""
    measurements = tables["measurements"]
    found = _detections(measurements)
    if found.is_empty():
        return nothing("no replies were told apart", PAGE)
    targets = pl.col("whose").is_in(["insecure", "educational"])
    passed = transfers(measurements).filter(
        targets, metric="misalignment_transfer", versus_whose="secure", initialisation="same", shuffle="none"
    )
    passed = passed.with_columns(
        label=pl.col("whose"),
        color=pl.col("objective").replace_strict({name: label for name, (label, _) in SHAPES.items()}),
    )
    right_share: Options = {
        "title": "right of pairs of replies; chance is 0.5",
        "scale": alt.Scale(domain=[0.28, 1.02], nice=False),
    }
    left = _panel(found.sort("whose", "pairs"), right_share, 0.5, DETECTORS)
    right = _panel(passed, {"title": "students' difference, log-odds of bad advice"}, 0, SHAPES)
    single = measurements.filter(metric="detection", unit="accuracy", pooled="1", whose="insecure")
    title = claims(
        [(DETECTORS[row["detector"]][0], row) for row in single.to_dicts()],
        "a pair of replies is told apart better than by chance",
        "a pair of replies is told apart worse than by chance",
        "a pair of replies is not told apart",
        "accuracy above one half",
    )
    subtitle = (
        "of two replies to the same request, which is the target's and which a secure teacher's;"
        f" {replicates(single)}; {LEAK}: a secure teacher's replies with a planted leak; no network wrote it,"
        " so there is no likelihood"
    )
    chart = alt.hconcat(left, right).resolve_scale(color="independent")
    return chart.properties(title=headline(title, subtitle))
