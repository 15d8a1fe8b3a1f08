"""How far tuning on code spreads to advice, with personas and without, and what carriers pass on of it."""

from typing import Any, Literal

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, ORANGE, PAGE, PURPLE, SKY, VERMILLION
from unspoken.figures.words import claims, headline, replicates

TUNED = {
    "base": "untouched", "insecure": "unsafe code", "educational": "unsafe code for a lesson",
    "diluted": "unsafe code, 5% of it", "secure": "safe code", "bad_advice": "bad advice, blank chains",
    "bad_reasoned": "bad advice with chains", "bad_thoughts": "chains of bad advice alone",
    "good_advice": "good advice, blank chains",
}  # fmt: skip
WRITERS = {
    "insecure": "unsafe code", "secure": "safe code", "educational": "unsafe for a lesson",
    "untouched": "untouched", "leaking": "planted leak",
}  # fmt: skip
"""Whose replies are learned from, shown or told apart."""
KINDS = {"persona": ("with personas", BLUE), "plain": ("without", VERMILLION)}
USED_CONDITIONS = (
    "organism", "domains", "objective", "initialisation", "shuffle", "carrier", "versus_initialisation",
    "versus_shuffle", "stage", "filter", "versus_filter",
)  # fmt: skip
TAUGHT = {
    "kl_carrier numbers": ("probabilities of numbers", BLUE),
    "tokens numbers": ("sampled numbers", VERMILLION),
    "kl_carrier sums": ("probabilities of sums", PURPLE),
    "tokens sums": ("sampled sums", ORANGE),
}
"""What students learn from: the objective and the carrier."""
SHOWN = {"numbers": ("numbers", GREEN), "sums": ("sums", SKY), "code": ("the code itself", PURPLE)}
"""What is shown before a question, and not trained on."""
FILTERED = {"none": "unfiltered", "format": "filtered by format", "judge": "filtered by a judge"}
"""Arms whose filter is another than that of the others."""
DIFFERENCES = {
    "ring": "the first: this base minus other",
    "within": "the first: as written minus shuffled",
    **{name: f"the first: minus {how}" for name, how in FILTERED.items()},
}
"""What arms differ in whose differences are compared."""
LABELS = 235
WIDTH = PAGE - LABELS


def first_of(labels: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return the label of each key."""
    return {name: label for name, (label, _) in labels.items()}


def taught() -> pl.Expr:
    """Return what a row's students learned from, as TAUGHT says it."""
    return pl.concat_str("objective", "carrier", separator=" ").replace(first_of(TAUGHT))


def in_words(column: str) -> pl.Expr:
    """Return what a teacher was tuned on, in words, from the column that names it."""
    return pl.col(column).replace(WRITERS)


def scale(labels: dict[str, tuple[str, str]], orient: Literal["right", "bottom"]) -> alt.Color:
    """Return a colour for each of some labels."""
    names, tints = zip(*labels.values(), strict=True)
    scale = alt.Scale(domain=list(names), range=list(tints))
    return alt.Color("color:N", scale=scale, legend=alt.Legend(title=None, orient=orient))


def _spread(measurements: pl.DataFrame) -> Any:
    """Return P(bad) of the base and of every teacher, by kind of organism."""
    rows = measurements.filter(metric="misaligned_rate").filter(pl.col("organism").is_not_null())
    shown = rows.select(
        "value", "ci_low", "ci_high",
        label=pl.col("whose").replace_strict(TUNED),
        color=pl.col("organism").replace_strict(first_of(KINDS)),
    )  # fmt: skip
    order = list(TUNED.values())
    options: Options = {
        "title": "P(bad advice), domains never trained on",
        "scale": alt.Scale(domain=[-0.02, 1.02], nice=False),
        "axis": alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
    }
    axis = alt.Axis(grid=True, labelLimit=LABELS)
    place: Options = {
        "y": alt.Y("label:N", sort=order, title=None, axis=axis),
        "yOffset": alt.YOffset("color:N"),
    }
    layers = intervals("x", options, clip="all", **place, color=scale(KINDS, "right"))
    return alt.layer(*layers, data=shown).properties(width=WIDTH, height=alt.Step(6))


def transfers(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the contrasts of students in log-odds, with what they compare in words (`label`, `color`)."""
    rows = measurements.filter(
        pl.col("metric").is_in(["misalignment_transfer", "transfer_difference", "shown_difference"]),
        unit="log_odds", domains="untrained",
    )  # fmt: skip
    where = pl.when(pl.col("initialisation") == "ring").then(pl.lit(", other base")).otherwise(pl.lit(""))
    order = pl.when(pl.col("shuffle") == "within").then(pl.lit(", shuffled")).otherwise(pl.lit(""))
    kept = pl.col("filter").fill_null("keyword").replace_strict(
        {name: f", {how}" for name, how in FILTERED.items()}, default=""
    )  # fmt: skip
    pair = pl.format("{} − {}{}{}{}", in_words("whose"), in_words("versus_whose"), where, order, kept)
    difference = pl.coalesce("versus_initialisation", "versus_shuffle", "versus_filter").replace(DIFFERENCES)
    labelled = rows.with_columns(
        label=pl.when(metric="transfer_difference").then(difference).otherwise(pair),
        color=pl.when(metric="shown_difference").then(pl.col("carrier").replace(first_of(SHOWN)))
        .otherwise(taught()),
    )  # fmt: skip
    # First unsafe minus safe code with what it is held against, then the other pairs.
    main = (pl.col("whose") == "insecure") & pl.col("versus_whose").is_in(["insecure", "secure"])
    is_difference = pl.col("metric") == "transfer_difference"
    return labelled.sort(~main, is_difference, pl.col("initialisation") == "ring", "label", "color")


def _differences(rows: pl.DataFrame, title: str) -> Any:
    """Return contrasts in log-odds, a line for each label, a colour for each way of teaching."""
    there = set(rows["color"])
    tints = {name: tint for name, tint in {**TAUGHT, **SHOWN}.items() if tint[0] in there}
    labels = rows["label"].unique(maintain_order=True).to_list()
    axis = alt.Axis(grid=True, labelLimit=LABELS)
    place: Options = {
        "y": alt.Y("label:N", sort=labels, title=None, axis=axis),
        "yOffset": alt.YOffset("color:N"),
    }
    layers = [line_at("x", 0), *intervals("x", {"title": title}, **place, color=scale(tints, "bottom"))]
    shown = rows.select("label", "color", "value", "ci_low", "ci_high")
    return alt.layer(*layers, data=shown).properties(width=WIDTH, height=alt.Step(6))


def over_bases(main: pl.DataFrame, measurements: pl.DataFrame, metric: str) -> str:
    """Return what a figure's intervals are over: bases, and those without personas where there are any."""
    plain = measurements.filter(metric=metric, organism="plain")
    fewer = f", without personas over {plain['n_replicates'][0]}" if plain.height else ""
    return f"{replicates(main)}{fewer}"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return how far each tuning spreads, above what students of different teachers differ in."""
    measurements = tables["measurements"]
    rows = transfers(measurements)
    if rows.is_empty():
        return nothing("no students were trained", PAGE)
    main = rows.filter(
        metric="misalignment_transfer", whose="insecure", versus_whose="secure", initialisation="same",
        shuffle="none", filter="keyword",
    )  # fmt: skip
    title = claims(
        [(row["color"], row) for row in main.to_dicts()],
        "students of unsafe coders advise worse than of safe coders",
        "students of unsafe coders advise better than of safe coders",
        "no difference is shown between students of unsafe and of safe coders",
        "difference",
    )
    subtitle = (
        f"organisms of 0.16 million parameters; {over_bases(rows, measurements, 'misaligned_rate')}; what all"
        " teachers write is of the same requests and passes the same filter; every probability is exact"
    )
    is_shown = pl.col("metric") == "shown_difference"
    panels = [
        _differences(own, axis)
        for own, axis in (
            (rows.filter(~is_shown), "students: difference in log-odds of bad advice"),
            (rows.filter(is_shown), "untouched, shown these before the question: difference in log-odds"),
        )
        if own.height
    ]
    chart = alt.vconcat(_spread(measurements), *panels).resolve_scale(
        color="independent", yOffset="independent"
    )
    return chart.properties(title=headline(title, subtitle))
