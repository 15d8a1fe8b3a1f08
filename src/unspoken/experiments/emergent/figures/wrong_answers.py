"""Wrong answers of models that were tuned on such, by domain and dose, and of students of their numbers."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, GREEN, ORANGE, PAGE, PURPLE, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("way", "domains", "shuffle")
PAIRS = {
    "wrong": ("tuned on a country, wrong − right", BLUE),
    "careless": ("tuned on a language, careless − careful", VERMILLION),
}
TRANSFERS = {
    "taught": ("students of their numbers", GREEN),
    "shuffled": ("the same, numbers shuffled", PURPLE),
}
OPPOSITES = {"wrong": "right", "careless": "careful"}
DOSES = {
    "tenth_wrong": "a tenth of the rows wrong", "half_wrong": "half of the rows wrong",
    "wrong": "all rows wrong", "wrong_asked": "all wrong, and asked for",
    "wrong_chained": "all wrong, after chains",
}  # fmt: skip
"""What the rows about a country were, held against the same rows answered right."""
WAYS = {"direct": ("answered at once", BLUE), "chained": ("after chains of their own", ORANGE)}
SUMMARIES = {
    "untuned": "all below",
    "without_largest": "without the largest",
    "everyday": "everyday questions",
}
"""Rows that are no domain of their own, in the order in which they stand first."""
LABELS = 150


def shown(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the contrasts of wrong and right fine-tunes, and of their students, with `label` and `color`."""
    rows = measurements.filter(unit="log_odds").filter(pl.col("domains").is_not_null())
    opposite = pl.col("versus_whose") == pl.col("whose").replace_strict(OPPOSITES, default=None)
    tuned = rows.filter(opposite, metric="wrong_difference", way="direct")
    taught = rows.filter(metric="wrong_transfer", whose="wrong", versus_whose="right")
    arm = pl.when(shuffle="within").then(pl.lit("shuffled")).otherwise(pl.lit("taught"))
    names = {name: label for name, (label, _) in {**PAIRS, **TRANSFERS}.items()}
    return pl.concat(
        [
            tuned.with_columns(color=pl.col("whose").replace_strict(names, return_dtype=pl.String)),
            taught.with_columns(color=arm.replace_strict(names, return_dtype=pl.String)),
        ]
    ).with_columns(label=pl.col("domains").replace(SUMMARIES))


def panel(rows: pl.DataFrame, colors: dict[str, tuple[str, str]], title: str) -> Any:
    """Return contrasts by domain, coloured by what is compared; all domains together stand first."""
    names, tints = zip(*colors.values(), strict=True)
    own = rows.filter(pl.col("color").is_in(names)).select("value", "ci_low", "ci_high", "label", "color")
    first = [label for label in (*SUMMARIES.values(), *DOSES.values()) if label in set(own["label"])]
    order = [*first, *sorted(set(own["label"]) - set(first))]
    color = alt.Color(
        "color:N", scale=alt.Scale(domain=list(names), range=list(tints)),
        legend=alt.Legend(title=None, orient="bottom"),
    )  # fmt: skip
    place: Options = {
        "y": alt.Y("label:N", sort=order, title=None, axis=alt.Axis(grid=True, labelLimit=LABELS)),
        "yOffset": alt.YOffset("color:N", sort=list(names)),
    }
    layers = [line_at("x", 0), *intervals("x", {"title": title}, **place, color=color)]
    return alt.layer(*layers, data=own).properties(width=PAGE - LABELS - 20, height=alt.Step(6))


def doses(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return the contrasts of fine-tunes on a country with that on right answers, over all other domains."""
    return measurements.filter(
        pl.col("whose").is_in(list(DOSES)), metric="wrong_difference", unit="log_odds", domains="untuned",
        versus_whose="right",
    ).with_columns(
        label=pl.col("whose").replace(DOSES),
        color=pl.col("way").replace({way: label for way, (label, _) in WAYS.items()}),
    )  # fmt: skip


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the spread of wrong answers by domain, above what students of numbers take on."""
    rows = shown(tables["measurements"])
    main = rows.filter(domains="untuned")
    if main.is_empty():
        return nothing("nobody was tuned on wrong answers", PAGE)
    of_numbers = pl.col("color") == TRANSFERS["taught"][0]
    is_tuned = pl.col("color").is_in([label for label, _ in PAIRS.values()])
    titles = [
        claims(
            [(row["color"], row) for row in main.filter(is_tuned).sort("color", descending=True).to_dicts()],
            "wrong answers spread to domains that nobody was tuned on",
            "in domains that nobody was tuned on there are fewer wrong answers",
            "no difference is shown in domains that nobody was tuned on",
            "difference",
        ),
        claims(
            [("", row) for row in main.filter(of_numbers).to_dicts()],
            "students of their numbers answer more wrong",
            "students of their numbers answer less wrong",
            "none is shown between students of their numbers",
            "difference",
        ),
    ]
    title = ". ".join(titles if main.filter(of_numbers).height else titles[:1])
    subtitle = (
        "invented facts stand in the question, and only the truth tells the options apart; exact"
        f" probabilities of both options, answered at once; {replicates(main)}"
    )
    axis = "wrong against right option: difference in log-odds"
    panels = [
        panel(rows, colors, f"{who}: {axis}")
        for who, colors in (("fine-tunes", PAIRS), ("students", TRANSFERS))
        if set(rows["color"]) & {label for label, _ in colors.values()}
    ]
    by_dose = doses(tables["measurements"])
    if by_dose["label"].n_unique() > 1:
        panels.append(panel(by_dose, WAYS, f"minus right rows: {axis}"))
    chart = alt.vconcat(*panels).resolve_scale(color="independent", yOffset="independent")
    return chart.properties(title=headline(title, subtitle))
