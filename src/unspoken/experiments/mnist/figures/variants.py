"""Accuracy on digits by number of auxiliary logits, and of students that are trained or start otherwise."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.mnist.arms import CHANCE
from unspoken.experiments.mnist.names import SLOPE
from unspoken.experiments.mnist.tables import VARIED
from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, GREY, PAGE, PURPLE, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("changed", "cloned", "inputs", "logits", "optimiser")
"""Conditions of measurements that the figure reads as columns."""
# Each kind of networks: its label, colour and shape, from top to bottom.
KINDS = {
    "teacher": ("teacher", GREY, "diamond"),
    "student_auxiliary": ("student, same init.", VERMILLION, "circle"),
    "cloned_auxiliary": ("student that cloned the untrained teacher", GREEN, "square"),
    "other_auxiliary": ("student, other init.", BLUE, "triangle-down"),
}
PUBLISHED = ("published: above", PURPLE, "triangle-up")
CLAIM, PUBLISHED_LOGITS = ("SL-29", 1), 3
"""The published accuracy of same-initialisation students, and the number of logits that it is of."""
LABELS = 130
WIDE = PAGE - LABELS - 20


def _kinds(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return accuracies of teachers and of students of the auxiliary logits, each with its kind's label."""
    labels = {VARIED[kind]: label for kind, (label, _, _) in KINDS.items()}
    subject = pl.col("subject").str.extract(f"^({'|'.join(labels)})(?:$|:)")
    return (
        measurements.filter(pl.col("logits").is_not_null(), metric="accuracy", kind="estimate")
        .with_columns(kind=subject, logits=pl.col("logits").cast(pl.Int64))
        .filter(pl.col("kind").is_not_null())
        .with_columns(kind=pl.col("kind").replace_strict(labels))
        .select(
            "kind", "logits", "changed", "cloned", "inputs", "optimiser", "value", "ci_low", "ci_high",
            "replicate", "n_replicates",
        )
    )  # fmt: skip


def published_points(claimed: pl.DataFrame | None) -> pl.DataFrame:
    """Return the published accuracies of students, from the table of claims, null where a study has none."""
    points: list[dict[str, Any]] = []
    if claimed is not None:
        found = claimed.filter(claim_id=CLAIM[0], value_index=CLAIM[1]).filter(pl.col("value").is_not_null())
        points = [
            {"kind": PUBLISHED[0], "logits": PUBLISHED_LOGITS, "value": row["value"]}
            for row in found.iter_rows(named=True)
        ]
    return pl.DataFrame(points, schema={"kind": pl.String, "logits": pl.Int64, "value": pl.Float64})


def _otherwise(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the accuracies of other trainings and starts, and of the study's own settings, each labelled."""
    cloned = pl.format("clone on {}, {} logits", "cloned", "logits")
    trained = (
        pl.when(inputs="digits").then(pl.lit("distilled on digits"))
        .when(optimiser="sgd").then(pl.lit("plain SGD"))
        .otherwise(pl.lit("other loss"))
    )  # fmt: skip
    own = pl.format("the study's own, {} logits", "logits")
    label = (
        pl.when(pl.col("changed") == "start").then(cloned)
        .when(pl.col("changed") == "training").then(trained)
        .otherwise(own)
    )  # fmt: skip
    shown = rows.filter(pl.col("changed").is_null() | (pl.col("changed") != "logits"))
    # The study's own first, then other trainings, then clones.
    place = pl.when(changed="training").then(1).when(changed="start").then(2).otherwise(0)
    return shown.with_columns(label=label).sort(place, "label")


def _scales(present: list[str]) -> tuple[alt.Color, alt.Shape]:
    """Return colour and shape of the kinds that are drawn."""
    looks = [look for look in (*KINDS.values(), PUBLISHED) if look[0] in present]
    labels, colors, shapes = (list(part) for part in zip(*looks, strict=True))
    legend = alt.Legend(title=None, orient="bottom", columns=3)
    return (
        alt.Color("kind:N", scale=alt.Scale(domain=labels, range=colors), legend=legend),
        alt.Shape("kind:N", scale=alt.Scale(domain=labels, range=shapes), legend=legend),
    )


def _by_logits(rows: pl.DataFrame, color: alt.Color, shape: alt.Shape) -> Any:
    """Return accuracy against the number of auxiliary logits."""
    ticks = rows["logits"].unique().sort().to_list()
    x = alt.X(
        "logits:Q", title="auxiliary logits",
        scale=alt.Scale(type="log", base=2, domain=[ticks[0] * 0.8, ticks[-1] * 1.25], nice=False),
        axis=alt.Axis(values=ticks, format=",d", grid=False),
    )  # fmt: skip
    up: Options = {"title": "accuracy on digits (share correct)", "scale": alt.Scale(domain=[0, 1])}
    line = (
        alt.Chart()
        .transform_filter(f"datum.kind !== '{PUBLISHED[0]}'")
        .mark_line(strokeWidth=1)
        .encode(x=x, y=alt.Y("value:Q", **up), color=color)
    )
    marks = intervals("y", up, x=x, color=color, shape=shape)
    layers = alt.layer(line_at("y", CHANCE), line, *marks, data=rows.drop("replicate", "n_replicates"))
    return layers.properties(width=WIDE, height=170)


def _by_setting(rows: pl.DataFrame, color: alt.Color, shape: alt.Shape) -> Any:
    """Return accuracies of other trainings and starts, one a line."""
    across: Options = {"title": "accuracy on digits (share correct)", "scale": alt.Scale(domain=[0, 1])}
    order = rows["label"].unique(maintain_order=True).to_list()
    marks = intervals("x", across, y=alt.Y("label:N", sort=order, title=None), color=color, shape=shape)
    layers = alt.layer(line_at("x", CHANCE), *marks, data=rows.drop("replicate", "n_replicates"))
    return layers.properties(width=WIDE, height=alt.Step(20))


def _title(measurements: pl.DataFrame) -> str:
    """Return whether accuracy grows with the number of auxiliary logits."""
    slopes = measurements.filter(metric=SLOPE).to_dicts()
    if not slopes:
        return "Accuracy on digits of students that are trained or start otherwise"
    return claims(
        [("", row) for row in slopes],
        up="students read digits better the more auxiliary logits they imitate",
        down="students read digits worse the more auxiliary logits they imitate",
        none="no trend shown over the number of auxiliary logits",
        symbol="slope per doubling",
    )


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return accuracy by auxiliary logits, published points beside, above accuracy in other settings."""
    measurements = tables["measurements"]
    rows = _kinds(measurements)
    if rows.is_empty():
        return nothing("no variant of the digit classifiers was trained", PAGE)
    by_logits = rows.filter(pl.col("changed").is_null() | (pl.col("changed") == "logits"))
    by_logits = pl.concat([by_logits, published_points(tables.get("claims"))], how="diagonal_relaxed")
    otherwise = _otherwise(rows)
    present = {*by_logits["kind"], *otherwise["kind"]}
    color, shape = _scales(list(present))
    panels = [_by_logits(by_logits.sort("logits", "kind"), color, shape)]
    if otherwise.filter(pl.col("changed").is_not_null()).height:
        panels.append(_by_setting(otherwise, color, shape))
    subtitle = f"means and {replicates(rows)}; dashed: chance, {CHANCE:g}"
    if PUBLISHED[0] in present:
        subtitle += f"; {PUBLISHED[0]} {published_points(tables.get('claims'))['value'][0]:g}"
    return alt.vconcat(*panels, spacing=16).properties(title=headline(_title(measurements), subtitle))
