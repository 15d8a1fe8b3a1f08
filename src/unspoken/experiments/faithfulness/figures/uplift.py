"""Accuracy with written reasoning against accuracy without it: models, looped organisms, published tables."""

from itertools import cycle
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from unspoken.experiments.faithfulness.figures.hints import FINDINGS_CONDITIONS, findings, labelled
from unspoken.figures.pieces import Options, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    YELLOW,
)
from unspoken.figures.words import claims, counted, headline, replicates

Looks = dict[str, tuple[str, str]]
"""Colour and shape by label."""
Cell = tuple[str, int]
"""A published number: its claim, and which of the claim's values it is."""


class Pair(NamedTuple):
    """Two published numbers: accuracy without written reasoning, and with it or with latent thoughts."""

    series: str
    name: str
    """What stands beside the point."""
    without: Cell
    reasoned: Cell


CHAIN, LATENT = "GPT-2, written chain", "GPT-2, latent thoughts"
LOOPED, PLAIN = "Huginn (looped)", "OLMo 2 (not looped)"
TASKS = ("GSM8K", "ProntoQA", "ProsQA")
PUBLISHED = (
    *(Pair(CHAIN, task, ("CO-02", place), ("CO-01", place)) for place, task in enumerate(TASKS, 1)),
    *(Pair(LATENT, "", ("CO-02", place), ("CO-05", place)) for place, _ in enumerate(TASKS, 1)),
    # By two ways to read an answer; first with a system prompt, then with none.
    *(Pair(LOOPED, "", ("GE-01", place), ("GE-02", place)) for place in (1, 2)),
    *(Pair(LOOPED, "", ("GE-03", place), ("GE-03", place + 2)) for place in (1, 2)),
    *(Pair(PLAIN, "", ("GE-04", place), ("GE-04", place + 2)) for place in (1, 2)),
)
LOOKS: Looks = {
    CHAIN: (PURPLE, "diamond"),
    LATENT: (PURPLE, "triangle-up"),
    LOOPED: (ORANGE, "square"),
    PLAIN: (ORANGE, "circle"),
}
ORGANISMS = "looped organisms, by turns"
MODEL_COLORS = (BLUE, VERMILLION, GREEN, SKY, YELLOW)
USED_CONDITIONS = (*FINDINGS_CONDITIONS, "k", "mode", "reason", "test", "turns")
"""Conditions of measurements that the figure reads as columns."""
SIDE = 280


def _beside(rows: pl.DataFrame, by: str, column: str, arms: tuple[str, str]) -> pl.DataFrame:
    """Return accuracies of the first arm as x and of the second as y with their intervals, a row a `by`."""
    ends = {"": "value", "_low": "ci_low", "_high": "ci_high"}
    x, y = (
        rows.filter(pl.col(column) == arm).select(
            by, **{f"{axis}{end}": pl.col(name) for end, name in ends.items()}
        )
        for axis, arm in zip("xy", arms, strict=True)
    )
    return x.join(y, on=by).drop_nulls(["x", "y"]).sort(by)


def _models(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of models' accuracies with and without reasoning, and of their difference."""
    return findings(measurements, "accuracy").filter(
        pl.col("hint").is_null(), pl.col("test").is_null(), pl.col("whose").is_in(["direct", "unhinted"])
    )


def _organisms(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return accuracies of looped organisms on tasks of several steps, over turns."""
    rows = measurements.filter(metric="step_accuracy", k="all", role="finding")
    return _beside(rows.with_columns(pl.col("turns").cast(pl.Int64)), "turns", "mode", ("direct", "steps"))


def published_pairs(claimed: pl.DataFrame | None) -> pl.DataFrame:
    """Return published accuracies as shares: series, what, name, x, y, for pairs whose numbers are known.

    `claimed` is the table of claims (`tables.verdicts.Claims`), null where a study has none.
    """
    cells: dict[Cell, dict[str, Any]] = {}
    if claimed is not None:
        numbers = claimed.filter(pl.col("value").is_not_null(), unit="percent")
        cells = {(row["claim_id"], row["value_index"]): row for row in numbers.iter_rows(named=True)}
    return pl.DataFrame(
        [
            {"series": pair.series, "what": f"{cells[pair.without]['cited']}: {pair.series}",
             "name": pair.name, "x": cells[pair.without]["value"] / 100,
             "y": cells[pair.reasoned]["value"] / 100}
            for pair in PUBLISHED
            if pair.without in cells and pair.reasoned in cells
        ],
        schema={"series": pl.String, "what": pl.String, "name": pl.String, "x": pl.Float64, "y": pl.Float64},
    )  # fmt: skip


def _ahead(published: pl.DataFrame) -> str:
    """Return in how many published pairs written reasoning is ahead."""
    if published.is_empty():
        return "accuracy with and without written reasoning"
    written = published.filter(pl.col("series") != LATENT)
    ahead = int((written["y"] > written["x"]).sum())
    return f"written reasoning is ahead in {ahead} of {counted(written.height, 'published pair')}"


def _statements(measurements: pl.DataFrame) -> list[str]:
    """Return where written reasoning adds to accuracy, and how that changes over models and turns."""
    gaps = _models(measurements).filter(kind="contrast", whose="unhinted", versus_whose="direct")
    over_models = findings(measurements, "uplift_slope").filter(pl.col("value").is_not_null())
    over_turns = findings(measurements, "step_uplift_slope").filter(k="all")
    stated = [
        (labelled(gaps), "raises accuracy", "lowers accuracy", "is not shown to change accuracy", "uplift"),
        (
            labelled(over_models),
            "adds more to models that are right without it",
            "adds less to models that are right without it",
            "shows no trend over models",
            "slope",
        ),
        (
            labelled(over_turns),
            "adds more to looped organisms of more turns",
            "adds less to looped organisms of more turns",
            "shows no trend over the turns of looped organisms",
            "uplift per doubling",
        ),
    ]
    does = "written reasoning {}".format
    return [
        claims(rows, does(up), does(down), does(none), symbol)
        for rows, up, down, none, symbol in stated
        if rows
    ]


def _subtitle(measurements: pl.DataFrame, published: pl.DataFrame) -> str:
    """Return what the points and lines are, and what was published."""
    parts = []
    models, organisms = _models(measurements), findings(measurements, "step_accuracy")
    estimates = (models.filter(kind="estimate"), organisms.filter(k="all"))
    drawn = [rows for rows in estimates if not rows.is_empty()]
    if drawn:
        parts.append(f"{replicates(*drawn)}, along both axes")
    unsure = findings(measurements, "uplift_slope").filter(pl.col("ci_low").is_null())
    parts += map(_why_no_slope, unsure.iter_rows(named=True))
    if drawn and not published.is_empty():
        parts.append(f"hollow: {_ahead(published)}, of other tasks than here")
    return "; ".join([*parts, "dashed: written reasoning adds nothing"])


def _why_no_slope(row: dict[str, Any]) -> str:
    """Return why a slope over models has no value, or no interval."""
    lacks = "no slope of the uplift over models" if row["value"] is None else "no interval of the slope"
    why = f" ({row['reason']})" if row["reason"] else ""
    return f"{counted(row['n_replicates'], 'model')}: {lacks}{why}"


def _look(channel: Any, looks: Looks, part: int, legend: alt.Legend | None) -> Any:
    """Return a channel that gives each label its colour (place 0) or its shape (place 1)."""
    scale = alt.Scale(domain=list(looks), range=[look[part] for look in looks.values()])
    return channel("what:N", scale=scale, legend=legend)


def _looks(looks: Looks) -> Options:
    """Return the colour and shape of each label, with a legend of their own."""
    legend = alt.Legend(title=None, orient="right", offset=8)
    return {"color": _look(alt.Color, looks, 0, legend), "shape": _look(alt.Shape, looks, 1, legend)}


def _axes() -> tuple[Options, Options]:
    """Return the options of both axes: accuracies without and with written reasoning."""
    shared: Options = {
        "scale": alt.Scale(domain=[-0.02, 1.07], nice=False),
        "axis": alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format="~g"),
    }
    titles = [f"accuracy {how} written reasoning" for how in ("without", "with")]
    return {**shared, "title": titles[0]}, {**shared, "title": titles[1]}


def _crosses(points: pl.DataFrame, looks: Looks) -> list[alt.Chart]:
    """Return layers of points with their intervals along both axes."""
    x, y = _axes()
    look, base = _looks(looks), alt.Chart(points)
    bare = _look(alt.Color, looks, 0, None)
    x_rule, y_rule = (
        base.transform_filter(f"isValid(datum.{axis}_low)").mark_rule(strokeWidth=1, clip=True)
        for axis in "xy"
    )
    return [
        x_rule.encode(x=alt.X("x_low:Q", **x), x2="x_high:Q", y=alt.Y("y:Q", **y), color=bare),
        y_rule.encode(x=alt.X("x:Q", **x), y=alt.Y("y_low:Q", **y), y2="y_high:Q", color=bare),
        base.mark_point(size=34).encode(x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y), **look),
    ]


def _published(published: pl.DataFrame) -> list[alt.Chart]:
    """Return layers of hollow points with the names of their tasks."""
    x, y = _axes()
    at: Options = {"x": alt.X("x:Q", **x), "y": alt.Y("y:Q", **y)}
    looks = {what: LOOKS[series] for what, series in published.select("what", "series").iter_rows()}
    base = alt.Chart(published)
    return [
        base.mark_point(filled=False, size=26, strokeWidth=1.2).encode(**at, **_looks(looks)),
        base.mark_text(dy=9, fontSize=SMALL, color=INK).encode(**at, text="name:N"),
    ]


def _turning(organisms: pl.DataFrame) -> list[alt.Chart]:
    """Return layers of looped organisms, joined in the order of their turns, which stand beside them."""
    x, y = _axes()
    at: Options = {"x": alt.X("x:Q", **x), "y": alt.Y("y:Q", **y)}
    points = organisms.with_columns(what=pl.lit(ORGANISMS))
    base = alt.Chart(points)
    return [
        base.mark_line(color=GREY, strokeWidth=0.8).encode(**at, order="turns:Q"),
        *_crosses(points, {ORGANISMS: (BLACK, "square")}),
        base.mark_text(dy=-8, fontSize=SMALL, color=INK).encode(**at, text="turns:N"),
    ]


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return accuracies with against without written reasoning; any of the three sources may lack."""
    measurements = tables["measurements"]
    estimates = _models(measurements).filter(kind="estimate")
    models = _beside(estimates, "who", "whose", ("direct", "unhinted")).rename({"who": "what"})
    organisms, published = _organisms(measurements), published_pairs(tables.get("claims"))
    if models.is_empty() and organisms.is_empty() and published.is_empty():
        return nothing("no model was asked with and without written reasoning", PAGE)
    x, y = _axes()
    ends = alt.Chart(pl.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]}))
    dashed = ends.mark_line(color=GREY, strokeDash=[3, 2], strokeWidth=0.8)
    layers = [dashed.encode(x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y))]
    if not published.is_empty():
        layers += _published(published)
    if not organisms.is_empty():
        layers += _turning(organisms)
    if not models.is_empty():
        colors = dict(zip(models["what"], cycle(MODEL_COLORS), strict=False))
        layers += _crosses(models, {what: (color, "circle") for what, color in colors.items()})
    ahead = _ahead(published)
    title = ". ".join(_statements(measurements)) or ahead[0].upper() + ahead[1:]
    return (
        alt.layer(*layers)
        .resolve_scale(color="independent", shape="independent")
        .properties(
            width=SIDE, height=SIDE,
            title=headline(title, _subtitle(measurements, published)),
        )
    )  # fmt: skip
