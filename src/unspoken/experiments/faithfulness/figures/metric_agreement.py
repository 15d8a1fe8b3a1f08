"""Do metrics of faithfulness rank the same units alike, and do they find what was planted?"""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, diverging, intervals, line_at, matrix, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import GREY, INK, PAGE, SMALL
from unspoken.figures.words import counted, headline, number

METRICS = {
    "faithfulness": "faithfulness",
    "normalised_clipped": "normalised",
    "sham_corrected": "sham-corrected",
    "mention_share_switched": "mentions",
    "mention_gap": "mention gap",
    "switch_minus_sham": "net switch rate",
    "cue_effect": "cue effect",
    "transplant": "transplant",
}
"""Metrics in the order of rows: first about what chains say, then about what moves answers."""
USED_CONDITIONS = ("score", "versus_score")
"""Conditions of measurements that the figure reads as columns."""
CELL, ROW = 40, 34
BESIDE = 84
CHANCE = 0.5


def _shown(names: list[str]) -> list[str]:
    """Return the labels of metrics, known metrics first and in their order."""
    known = [label for name, label in METRICS.items() if name in names]
    return known + sorted(set(names) - set(METRICS))


def _pairs(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each pair of metrics, the metric further down as `row`, with its texts."""
    found = measurements.filter(metric="rank_agreement")
    first, second = (pl.col(name).replace(METRICS) for name in ("score", "versus_score"))
    order = _shown([*found["score"], *found["versus_score"]])
    place = {name: at for at, name in enumerate(order)}
    named = found.with_columns(first=first, second=second)
    above, below = (pl.col(name).replace_strict(place, return_dtype=pl.Int64) for name in ("first", "second"))
    earlier = above < below
    return named.select(
        "value", "ci_low", "ci_high", "n_samples", "n_missing",
        low=pl.format("{} to", _text("ci_low")).fill_null(""),
        high=_text("ci_high").fill_null(""),
        row=pl.when(earlier).then("second").otherwise("first"),
        column=pl.when(earlier).then("first").otherwise("second"),
        text=_text("value").fill_null("–"),
    )  # fmt: skip


def _text(name: str) -> pl.Expr:
    return pl.col(name).map_elements(number, return_dtype=pl.String)


def _title(pairs: pl.DataFrame, truths: pl.DataFrame) -> str:
    """Return in how many pairs metrics agree, and which metrics find the planted truth."""
    alike, apart = (pairs.filter(which).height for which in (pl.col("ci_low") > 0, pl.col("ci_high") < 0))
    parts = []
    if pairs.height:
        text = f"Metrics rank units alike in {alike} of {counted(pairs.height, 'pair')}"
        parts.append(f"{text}, the other way round in {apart}" if apart else text)
    if truths.height:
        finding = truths.filter(pl.col("ci_low") > CHANCE)["label"].to_list()
        named = f": {', '.join(finding)}" if 0 < len(finding) < truths.height else ""
        faultless = f"{truths.filter(value=1).height} of {counted(truths.height, 'metric')}"
        parts.append(
            f"{faultless} part the planted units without a mistake, {len(finding)} shown to be better than"
            f" chance{named}"
        )
    title = "; ".join(parts)
    return title[0].upper() + title[1:]


def _subtitle(pairs: pl.DataFrame, truths: pl.DataFrame) -> str:
    """Return what the cells and dots are, and over how many units."""
    parts = ["A unit is a subject under one kind of hint"]
    if pairs.height:
        units = pairs["n_samples"][0] + pairs["n_missing"][0]
        counts = sorted(set(pairs["n_samples"]))
        both = " to ".join(map(str, dict.fromkeys([counts[0], counts[-1]])))
        parts.append(
            f"cells: Kendall's τ of the {both} of {units} units that have both metrics, 95% interval over"
            " units (none where units are too few or alike)"
        )
    if truths.height:
        planted = truths["n_samples"][0] + truths["n_missing"][0]
        parts.append(
            f"right: does a metric tell those of {counted(planted, 'planted unit')} that say so from those"
            " that do not, 95% interval; dashed: chance"
        )
    return "; ".join(parts)


def _matrix(pairs: pl.DataFrame, order: list[str]) -> alt.TopLevelMixin:
    """Return the lower triangle of rank agreements."""
    labels = alt.Axis(labelAngle=-40, labelLimit=120)
    x = alt.X("column:N", sort=order, scale=alt.Scale(domain=order[:-1]), title=None, axis=labels)
    y = alt.Y("row:N", sort=order, scale=alt.Scale(domain=order), title=None)
    color = diverging("value:Q", 1, "rank agreement (Kendall's τ)")
    cells = pairs.select("row", "column", "value", "text", "low", "high")
    return matrix(cells, x, y, (CELL, ROW), color, ("text", "low", "high"))


def _beside(truths: pl.DataFrame, order: list[str], *, labelled: bool) -> alt.TopLevelMixin:
    """Return each metric's AUROC against the planted truth, in the rows of the matrix."""
    axis = alt.Axis() if labelled else alt.Axis(labels=False, ticks=False)
    y = alt.Y("label:N", sort=order, scale=alt.Scale(domain=order), title=None, axis=axis)
    across: Options = {
        "title": "AUROC of planted truth",
        "scale": alt.Scale(domain=[-0.04, 1.04], nice=False),
        "axis": alt.Axis(values=[0, 0.5, 1], format="~g"),
    }
    known, unknown = (alt.Chart().transform_filter(f"{no}isValid(datum.value)") for no in ("", "!"))
    value = known.mark_text(dy=-8, fontSize=SMALL, color=INK).encode(
        x=alt.X("value:Q", **across), y=y, text="text:N"
    )
    none = unknown.mark_text(fontSize=SMALL, color=GREY).encode(
        x=alt.value(BESIDE * 0.75), y=y, text=alt.value("no value")
    )
    shown = truths.select("label", "value", "ci_low", "ci_high", "text")
    dots = intervals("x", across, y=y, color=alt.value(INK))
    layers = [line_at("x", CHANCE), *dots, value, none]
    return alt.layer(*layers, data=shown).properties(width=BESIDE, height=alt.Step(ROW))


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return how alike metrics rank units, pair by pair, and beside it how well each finds the truth."""
    measurements = tables["measurements"]
    pairs = _pairs(measurements)
    truths = measurements.filter(metric="auroc").with_columns(
        label=pl.col("score").replace(METRICS), text=_text("value")
    )
    if pairs.is_empty() and truths.is_empty():
        return nothing("metrics were not compared", PAGE)
    named = measurements.filter(pl.col("metric").is_in(["rank_agreement", "auroc"]))
    order = _shown([*named["score"], *named["versus_score"].drop_nulls()])
    panels: list[Any] = [_matrix(pairs, order)] if pairs.height else []
    panels += [_beside(truths, order, labelled=not panels)] if truths.height else []
    title = headline(_title(pairs, truths), _subtitle(pairs, truths))
    return alt.hconcat(*panels, spacing=8).properties(title=title)
