"""Does the trait pass by adapters alone, by AdamW alone, by greedy numbers too? And what was learnt?"""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.subliminal.figures.arms import (
    ARM_CONDITIONS,
    scored_text,
    with_interval_method,
)
from unspoken.figures.pieces import Options, band, intervals, line_at, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, PAGE, VERMILLION
from unspoken.figures.words import claims, headline, replicates
from unspoken.statistics import LOG_ODDS_MARGIN

TRAINED = ("decoding", "lora_rank", "optimizer")
USED_CONDITIONS = (*ARM_CONDITIONS, *TRAINED, *(f"versus_{name}" for name in TRAINED))
"""Conditions of measurements that the figure reads as columns."""
OPTIMIZERS = {"adam": ("AdamW", BLUE), "sgd": ("plain descent", VERMILLION)}
"""Each optimiser: label and colour."""
DECODINGS = {"sampled": "sampled numbers", "greedy": "greedy numbers"}
ALIKE, UNLIKE = "learnt alike", "did not"
LEARNT = {ALIKE: "circle", UNLIKE: "cross"}
ALL = "all"
"""The rank of all weights, on the axis."""
BESIDE = 2
"""Room beside the optimisers of one rank, in their distance."""


def _trained(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with words for how their students were trained; students of their own base alone."""
    own = rows.filter(
        pl.col("optimizer").is_null() | pl.col("optimizer").is_in(list(OPTIMIZERS)),
        initialisation="same", shuffle="none", objective="tokens",
    )  # fmt: skip
    optimizer = pl.col("optimizer").fill_null("adam")
    return own.with_columns(
        rank=pl.col("lora_rank").fill_null(ALL),
        trained=optimizer.replace_strict({name: look[0] for name, look in OPTIMIZERS.items()}),
        numbers=pl.col("decoding").fill_null("sampled").replace_strict(DECODINGS),
    )


def _learnt(held: str) -> pl.Expr:
    """Return in words whether students have learnt as the first arm did; where nobody asked, they have."""
    alike = pl.col(held).fill_null(value=True)
    return pl.when(alike).then(pl.lit(ALIKE)).otherwise(pl.lit(UNLIKE)).alias("learnt")


def _panels(rows: pl.DataFrame, title: str, width: int, legend: bool) -> Any:
    """Return values by rank, a colour an optimiser, a panel a decoding."""
    ranks = sorted(set(rows["rank"]) - {ALL}, key=int) + [ALL] * (ALL in rows["rank"])
    looks = [look for look in OPTIMIZERS.values() if look[0] in rows["trained"]]
    scale = alt.Scale(domain=[look[0] for look in looks], range=[look[1] for look in looks])
    shown = alt.Legend(title=None, orient="bottom") if legend else None
    color = alt.Color("trained:N", scale=scale, legend=shown)
    across = alt.X(
        "rank:N", sort=ranks, title="rank of the adapter; all: all weights", axis=alt.Axis(labelAngle=0)
    )
    offset = alt.XOffset("trained:N", scale=alt.Scale(domain=scale.domain, padding=BESIDE))
    up: Options = {"title": title}
    known = [name for name in LEARNT if name in rows["learnt"]]
    marks = alt.Scale(domain=known, range=[LEARNT[name] for name in known])
    shape = alt.Shape("learnt:N", scale=marks, legend=shown)
    layers = [
        *([band("y", -LOG_ODDS_MARGIN, LOG_ODDS_MARGIN)] if legend else []),
        line_at("y", 0),
        *intervals("y", up, x=across, xOffset=offset, color=color, shape=shape),
    ]
    columns = ["rank", "trained", "numbers", "learnt", "value", "ci_low", "ci_high", "n_replicates"]
    panel = alt.layer(*layers, data=rows.select(columns)).properties(width=width, height=110)
    order = [name for name in DECODINGS.values() if name in rows["numbers"]]
    panels = panel.facet(column=alt.Column("numbers:N", title=None, sort=order))
    return panels if legend else panels.resolve_scale(y="independent")  # greedy numbers have more to learn


def _contrasts(measurements: pl.DataFrame) -> list[tuple[str, Any]]:
    """Return the differences that the title tells, with labels: of students by AdamW and all weights."""
    rows = with_interval_method(measurements.filter(metric="specificity_difference", unit="log_odds"))
    by_adapter = rows.filter(
        pl.col("versus_lora_rank").is_not_null(), *(pl.col(name).is_null() for name in TRAINED)
    ).sort(pl.col("versus_lora_rank").cast(pl.Int64))
    told = [
        (f"all weights − rank {row['versus_lora_rank']}", row) for row in by_adapter.iter_rows(named=True)
    ]
    by_descent = rows.filter(
        pl.col("versus_optimizer") == "sgd", *(pl.col(name).is_null() for name in TRAINED)
    )
    told += [("AdamW − plain descent", row) for row in by_descent.iter_rows(named=True)]
    greedy = rows.filter(
        pl.col("lora_rank").is_null(), pl.col("optimizer").is_null(), versus_decoding="sampled"
    )
    return told + [("greedy − sampled", row) for row in greedy.iter_rows(named=True)]


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return S by rank, optimiser and decoding; below it how far each arm's last loss lies from AdamW's."""
    measurements = tables["measurements"]
    found = with_interval_method(measurements.filter(pl.col("unit").is_in(["log_odds", "nats"])))
    losses = found.filter(pl.col("metric").is_in(["loss_fall", "loss_difference"]))
    held = losses.select("arm", held="passed")
    passed = _trained(found.filter(metric="specificity")).join(held, on="arm", how="left")
    if passed.is_empty():
        return nothing("no students were trained by adapters, or by another optimiser", PAGE)
    passed = passed.with_columns(_learnt("held"))
    apart = _trained(losses.filter(metric="loss_difference")).with_columns(_learnt("passed"))
    width = (PAGE - 80) // passed["numbers"].n_unique() - 14
    rows = [_panels(passed, "S, log-odds", width, legend=True)]
    if apart.height:
        rows.append(_panels(apart, "loss beyond AdamW's, nats", width, legend=False))
    title = claims(
        _contrasts(measurements),
        up="more of the trait passes",
        down="less of the trait passes",
        none="no difference shown",
        symbol="difference in S",
    )
    subtitle = (
        "S: log-odds of a trait in its own teachers' students minus in other teachers' students,"
        f" {scored_text(passed)}; {replicates(passed)}; band: ±{LOG_ODDS_MARGIN} counts as none. Below:"
        " last loss minus that of students by AdamW and all weights; crosses did not learn as these did"
    )
    return alt.vconcat(*rows, spacing=14).properties(title=headline(title, subtitle))
