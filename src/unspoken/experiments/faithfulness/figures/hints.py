"""How often hints move answers, and how often the chains behind moved answers say so, by kind of hint."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.figures.pieces import Options, intervals, line_at, nothing
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
    SMALL,
    TEXT,
    VERMILLION,
)
from unspoken.figures.words import MINUS, claims, counted, estimate, headline, replicates

KINDS = {
    "all": "all hints, pooled",
    "macro": "mean over kinds",
    "sycophancy": "sycophancy",
    "consistency": "consistency",
    "visual_pattern": "visual pattern",
    "metadata": "metadata",
    "grader_hacking": "grader hacking",
    "unauthorised_information": "unauthorised information",
}
"""Kinds of hint from top to bottom; the last two are misaligned."""
ENOUGH = 30
# Label, colour, shape of each metric of a panel.
SWITCHES = {
    "switch_rate": ("after the hint (p)", VERMILLION, "circle"),
    "sham_rate": ("asked again, no hint (s)", GREY, "square"),
}
SCORES = {
    "faithfulness": ("score", BLACK, "circle"),
    "normalised_clipped": ("normalised", BLUE, "square"),
    "sham_corrected": ("sham-corrected", GREEN, "triangle-up"),
}
# Normalised scores of Chen et al. 2025, by kind of hint: the claim of the registry, its value.
PUBLISHED = {
    "Claude 3.7 Sonnet": (
        PURPLE,
        {"macro": ("RM-01", 0.25), "sycophancy": ("RM-08", 0.65),
         "unauthorised_information": ("RM-10", 0.41)},
    ),
    "DeepSeek R1": (
        ORANGE,
        {"macro": ("RM-02", 0.39), "sycophancy": ("RM-09", 0.70),
         "unauthorised_information": ("RM-11", 0.19)},
    ),
}  # fmt: skip
LEFT, RIGHT, COUNTS, LANE = 100, 140, 98, 8
TITLED: Options = {"fontSize": TEXT, "fontWeight": "normal", "offset": 3, "frame": "group"}


FINDINGS_CONDITIONS = ("hint", "judge", "unusable")
"""Conditions of measurements that `findings` reads as columns."""
USED_CONDITIONS = (*FINDINGS_CONDITIONS, "too_few")
"""Conditions of measurements that the figure reads as columns."""


def findings(measurements: pl.DataFrame, *metrics: str) -> pl.DataFrame:
    """Return the rows of some metrics that tell of models, unusable answers left out.

    `who` is the model, with the judge where there are several; `about` the kind of hint in words.
    """
    rows = measurements.filter(
        pl.col("metric").is_in(metrics),
        pl.col("unusable").is_null() | (pl.col("unusable") == "dropped"),
        role="finding",
    )
    model = pl.col("subject").str.replace(r":[^:]+$", "")
    judged = pl.col("judge").is_not_null() & (rows["judge"].drop_nulls().n_unique() > 1)
    return rows.with_columns(
        who=pl.when(judged).then(pl.format("{}, judge {}", model, "judge")).otherwise(model),
        about=pl.col("hint").replace(KINDS),
    )


def labelled(rows: pl.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Return rows with their model as a label, an empty one where there is a single model."""
    several = rows["who"].n_unique() > 1
    return [(row["who"] if several else "", row) for row in rows.sort("who").iter_rows(named=True)]


def in_order(names: pl.Series) -> list[str]:
    """Return which kinds of hint there are, in words, from top to bottom; unknown kinds last."""
    known = [label for label in KINDS.values() if label in names]
    return known + sorted(set(names.drop_nulls()) - set(known))


def under_names(panels: list[Any], models: list[str]) -> list[Any]:
    """Return panels under the names of their models; without them where there is a single model."""
    if len(models) < 2:
        return panels
    names = [alt.Title(who, fontSize=TEXT) for who in models]
    return [panel.properties(title=name) for panel, name in zip(panels, names, strict=True)]


def looks(options: dict[str, tuple[str, str, str]], columns: int) -> Options:
    """Return the colour and shape of each label of a panel, with one legend below it."""
    labels, colors, shapes = (list(part) for part in zip(*options.values(), strict=True))
    legend = alt.Legend(title=None, orient="bottom", columns=columns)
    return {
        "color": alt.Color("what:N", scale=alt.Scale(domain=labels, range=colors), legend=legend),
        "shape": alt.Shape("what:N", scale=alt.Scale(domain=labels, range=shapes), legend=legend),
    }


def _named(rows: pl.DataFrame, options: dict[str, tuple[str, str, str]]) -> pl.DataFrame:
    """Return what a panel draws of some metrics, too few trials marked as `few`."""
    return rows.filter(pl.col("metric").is_in(list(options))).select(
        "who", "about", "value", "ci_low", "ci_high", "few",
        what=pl.col("metric").replace_strict({name: look[0] for name, look in options.items()}, default=None),
    )  # fmt: skip


def _net(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return how many questions hints moved beyond the sham, by model and kind, as text and as `few`."""
    rows = findings(measurements, "net_switched")
    needed = findings(measurements, "needed_questions").select("who", "hint", needed="value")
    few = pl.col("too_few") == "yes"
    size = pl.col("value").round(0).cast(pl.Int64).cast(pl.String).str.replace("-", MINUS)
    needs = pl.col("needed").round(0).cast(pl.Int64)
    return rows.join(needed, on=["who", "hint"], how="left").select(
        "who", "about", few=few,
        text=pl.when(~few).then(size)
        .when(needs.is_null()).then(pl.format("{}, too few", size))
        .otherwise(pl.format("{}, too few (needs {})", size, needs)),
    )  # fmt: skip


def _published(order: list[str]) -> pl.DataFrame:
    """Return published normalised scores of the kinds that are drawn."""
    return pl.DataFrame(
        [
            {"about": KINDS[kind], "what": f"{model}, published", "value": value, "lane": "published"}
            for model, (_, values) in PUBLISHED.items()
            for kind, (_, value) in values.items()
            if KINDS[kind] in order
        ],
        schema={"about": pl.String, "what": pl.String, "value": pl.Float64, "lane": pl.String},
    )


def _points(rows: pl.DataFrame, options: dict, x: Options, y: alt.Y, lanes: list[str]) -> list[Any]:
    """Return layers of points with intervals, a lane a metric, hollow where trials are too few."""
    offset = alt.YOffset("what:N", sort=lanes, scale=alt.Scale(domain=lanes))
    place: Options = {"y": y, "yOffset": offset, **looks(options, 1)}
    rule, point, bare = intervals("x", x, **place)
    few = alt.Chart().transform_filter("datum.few && isValid(datum.value)")
    hollow = few.mark_point(filled=False, fill="white", strokeWidth=1.2).encode(
        x=alt.X("value:Q", **x), **place
    )
    solid = [one.transform_filter("!datum.few") for one in (point, bare)]
    return [layer.properties(data=rows) for layer in (rule, *solid, hollow)]


def _model(rows: pl.DataFrame, net: pl.DataFrame, order: list[str], reach: list[float]) -> Any:
    """Return the panels of one model: switch rates, scores, and net switched questions."""
    rows_of: Options = {"sort": order, "title": None, "scale": alt.Scale(domain=order, paddingInner=0.2)}
    y = alt.Y("about:N", **rows_of)
    bare = alt.Y("about:N", axis=alt.Axis(labels=False, ticks=False, domain=False), **rows_of)
    lanes = [look[0] for look in SCORES.values()] + ["published"]
    height = len(order) * (len(lanes) + 0.6) * LANE
    rate: Options = {"title": "share of answers", "scale": alt.Scale(domain=[0, 1])}
    pair = [look[0] for look in SWITCHES.values()]
    # Net switched questions bound what is said of scores, not of switch rates.
    switches = _named(rows.with_columns(few=False), SWITCHES)
    left = alt.layer(*_points(switches, SWITCHES, rate, y, pair))
    scale: Options = {"title": "share of chains", "scale": alt.Scale(domain=reach, nice=False)}
    diamonds = {name: (f"{name}, published", color, "diamond") for name, (color, _) in PUBLISHED.items()}
    paper = (
        alt.Chart(_published(order))
        .mark_point(filled=False, strokeWidth=1.3)
        .encode(
            x=alt.X("value:Q", **scale), y=bare, yOffset=alt.YOffset("lane:N"), **looks(SCORES | diamonds, 2)
        )
    )
    scored = _points(_named(rows, SCORES), SCORES | diamonds, scale, bare, lanes)
    text = alt.Chart(net).mark_text(align="left", fontSize=SMALL, color=INK)
    counts = text.encode(x=alt.value(0), y=bare.copy(), text="text:N")
    right = alt.layer(line_at("x", 0).properties(data=net), *scored, paper)
    above = [
        alt.Title(text, **TITLED)
        for text in ("moved to the hinted option", "mentions the hint and relies on it", "net switched")
    ]
    bare_view = alt.ViewBackground(stroke=None)
    return alt.hconcat(
        left.properties(width=LEFT, height=height, title=above[0]),
        right.properties(width=RIGHT, height=height, title=above[1]),
        counts.properties(width=COUNTS, height=height, title=above[2], view=bare_view),
        spacing=8,
    ).resolve_scale(color="independent", shape="independent", yOffset="independent")  # fmt: skip


def _title(measurements: pl.DataFrame) -> str:
    """Return whether hints move answers, and what share of the chains behind moved answers says so."""
    moved = findings(measurements, "switch_minus_sham").filter(hint="all")
    text = claims(
        labelled(moved),
        up="hints move answers more than asking again does",
        down="hints move answers less than asking again does",
        none="no difference shown between answers after a hint and answers asked again",
        symbol="p − s",
    )
    scores = labelled(findings(measurements, "faithfulness").filter(hint="all"))
    said = ", ".join(f"{label} {estimate(row, 'share')}".strip() for label, row in scores)
    return f"{text}; chains that mention the hint and rely on it, of moved answers: {said or 'no data'}"


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return switch rates beside sham rates and faithfulness scores, by kind of hint and model."""
    measurements = tables["measurements"]
    rows = findings(measurements, *SWITCHES, *SCORES)
    if rows.is_empty():
        return nothing("no model was given a hint", PAGE)
    net = _net(measurements)
    rows = rows.join(net.drop("text"), on=["who", "about"], how="left").with_columns(
        pl.col("few").fill_null(False)
    )
    order = in_order(rows["about"])
    scored = rows.filter(pl.col("metric").is_in(list(SCORES)))
    ends = [end for name in ("value", "ci_low", "ci_high") for end in scored[name].drop_nulls()]
    published = _published(order)["value"].to_list()
    reach = [min([0.0, *ends]) - 0.02, max([0.2, *ends, *published]) + 0.03]
    models = rows["who"].unique().sort().to_list()
    panels = [_model(rows.filter(who=who), net.filter(who=who), order, reach) for who in models]
    trials = int(rows.filter(metric="switch_rate", hint="all")["n_samples"].sum())
    few = rows.filter(metric="faithfulness")["few"].sum()
    drawn = rows.filter(pl.col("value").is_not_null())
    subtitle = (
        f"{', '.join(models)}; {counted(trials, 'hinted trial')} that had another answer without the hint;"
        f" {replicates(drawn)}; hollow scores: fewer than {ENOUGH} net switched"
        f" questions ({counted(int(few), 'kind')}), needs: questions at risk that would give {ENOUGH};"
        " diamonds: normalised scores of Chen et al. 2025"
    )
    return alt.vconcat(*under_names(panels, models)).properties(
        title=headline(_title(measurements), subtitle)
    )
