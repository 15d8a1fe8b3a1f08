"""Who learns from whom: specificity by the teacher's and the student's base model."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.subliminal.figures.arms import (
    ARM_CONDITIONS,
    OBJECTIVES,
    difference,
    main_arms,
    short_names,
    with_interval_method,
)
from unspoken.figures.pieces import band, diverging, intervals, line_at, matrix, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, PAGE, VERMILLION
from unspoken.figures.words import claims, counted, headline, number, replicates
from unspoken.statistics import LOG_ODDS_MARGIN

USED_CONDITIONS = ARM_CONDITIONS
"""Conditions of measurements that the figure reads as columns."""
KINDS = {"same": "same base", "ring": "other base", "all_others": "all other bases"}
MATRIX, CELL_HEIGHT = 250, 26
Arms = dict[tuple[str, str], str]


def _cells(rows: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """Return every pair of base models, with value and interval as text where it was measured."""
    models = pl.DataFrame({"model": list(names)})
    grid = models.rename({"model": "source"}).join(models, how="cross")
    texts = [
        {
            "source": row["source"], "model": row["model"], "value": row["value"],
            "shown": "" if row["value"] is None else number(row["value"]),
            "range": "" if row["ci_low"] is None
            else f"{number(row['ci_low'])}, {number(row['ci_high'])}",
        }
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip
    schema = {"value": pl.Float64} | dict.fromkeys(["source", "model", "shown", "range"], pl.String)
    found = pl.DataFrame(texts, schema=schema)
    return grid.join(found, on=["source", "model"], how="left").with_columns(
        pl.col("source", "model").replace_strict(names), pl.col("shown", "range").fill_null("")
    )


def _over_bases(measurements: pl.DataFrame, arms: Arms, objective: str) -> pl.DataFrame:
    """Return an objective's specificities and the differences of same and other base."""
    rows = with_interval_method(measurements.filter(unit="log_odds"))
    frames = []
    for (of, initialisation), arm in arms.items():
        if of != objective:
            continue
        own = rows.filter(metric="specificity", arm=arm)
        frames.append(own.with_columns(label=pl.lit(KINDS[initialisation]), part=pl.lit("arm")))
        gap = difference(rows, arms.get((objective, "same"), ""), arm)
        label = KINDS[initialisation].replace("base", "").strip()
        frames.append(gap.with_columns(label=pl.lit(f"same − {label}"), part=pl.lit("difference")))
    return pl.concat(frames)


def _interval_panel(rows: pl.DataFrame, objective: str, width: int, height: int) -> Any:
    order = [*KINDS.values(), *sorted(set(rows["label"]) - set(KINDS.values()))]
    colors = alt.Scale(domain=["arm", "difference"], range=[BLUE, VERMILLION])
    layers = [
        band("x", -LOG_ODDS_MARGIN, LOG_ODDS_MARGIN),
        line_at("x", 0),
        *intervals(
            "x",
            {"title": "S, log-odds", "axis": alt.Axis(tickCount=3)},
            y=alt.Y("label:N", sort=order, title=None),
            color=alt.Color("part:N", scale=colors, legend=None),
        ),
    ]
    shown = rows.select("label", "part", "value", "ci_low", "ci_high", "n_replicates")
    over = replicates(rows).removeprefix("95% intervals ")
    title = alt.Title(over, fontSize=9, fontWeight="normal", color=BLACK)
    return alt.layer(*layers, data=shown).properties(width=width, height=height, title=title)


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return a matrix of base models for each objective, and the intervals over bases beside it."""
    measurements = tables["measurements"]
    arms = {pair: arm for pair, arm in main_arms(measurements).items() if pair[0] != "kl_full"}
    pairs = measurements.filter(pl.col("arm").is_in(list(arms.values())), metric="specificity_of_pair")
    if pairs.is_empty():
        return nothing("no pair of base models was measured", PAGE)
    names = short_names(sorted({*pairs["source"], *pairs["model"]}))
    objectives = [one for one in OBJECTIVES if one in pairs["objective"]]
    reach = max(2 * LOG_ODDS_MARGIN, float(pairs["value"].abs().max() or 0))  # type: ignore[arg-type]
    size = (max(50, MATRIX // len(names)), CELL_HEIGHT)
    prefix = next(iter(names)).removesuffix(names[next(iter(names))])
    suffix = f" ({prefix}…)" if prefix else ""
    panels, over = [], []
    for objective in objectives:
        cells = _cells(pairs.filter(objective=objective), names)
        picture = matrix(
            cells,
            alt.X("model:N", title=f"student's base{suffix}", axis=alt.Axis(labelAngle=0)),
            alt.Y("source:N", title="teacher's base"),
            size,
            diverging("value:Q", reach, "S, log-odds (grey: not measured)", objective == objectives[-1]),
            ("shown", "range"),
        ).properties(title=alt.Title(OBJECTIVES[objective], fontSize=9))
        over.append(_over_bases(measurements, arms, objective))
        width = max(80, PAGE - 130 - size[0] * len(names))
        height = max(60, size[1] * len(names))
        panels.append(alt.hconcat(picture, _interval_panel(over[-1], objective, width, height)))
    everything = pl.concat(over)
    differences = everything.filter(part="difference")
    title = claims(
        [
            (OBJECTIVES[row["objective"]], row)
            for row in (differences if differences.height else everything).iter_rows(named=True)
        ],
        up="the trait passes more within a base than between bases"
        if differences.height else "students name their teacher's trait more than other teachers' students",
        down="the trait passes more between bases than within one"
        if differences.height else "students name their teacher's trait less than other teachers' students",
        none="no difference shown between students of the same and of another base"
        if differences.height else "no difference shown between own-trait and other-trait students",
        symbol="difference in S" if differences.height else "S",
    )  # fmt: skip
    alone = " (training seed 1)" if "training_seed" in everything["replicate"] else ""
    subtitle = (
        f"{counted(len(names), 'base model')}; S: log-odds of a trait in its own teachers' students"
        f" minus in other teachers' students. Cells: mean and 95% interval over"
        f" {max(pairs['n_replicates'].to_list())} traits{alone}; right: {replicates(everything)}; band: ±"
        f"{LOG_ODDS_MARGIN} log-odds count as none"
    )
    return alt.vconcat(*panels).properties(title=headline(title, subtitle))
