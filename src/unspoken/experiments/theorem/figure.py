"""One small step of a student towards its teacher: does it lower the teacher's loss?"""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.theorem.measure import LARGEST_STEP
from unspoken.figures.pieces import Options, diverging, intervals, jitter, line_at, matrix, nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, INK, PAGE
from unspoken.figures.words import counted, headline
from unspoken.statistics.intervals import t_interval

NETWORKS = {"mlp": "digit classifier", "organism": "organism"}
OWN_CASE = {"optimizer": "sgd", "dtype": "float64", "n_steps": 1}
QUANTITIES = {"up": "updates agree", "down": "loss falls"}
LABELS = 130


def own_case(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the steps that the theorem speaks of: one of plain SGD, in float64."""
    return steps.filter(**OWN_CASE)


def _means(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the mean ratio over seeds with its t interval, by network and step size."""
    found = []
    for (network, size), of_step in rows.drop_nulls("ratio").group_by(
        "network", "step_size", maintain_order=True
    ):
        mean = t_interval(of_step["ratio"].to_numpy())
        found.append((network, size, mean.value, mean.ci_low, mean.ci_high))
    schema = {"network": pl.String} | dict.fromkeys(["at", "value", "ci_low", "ci_high"], pl.Float64)
    return pl.DataFrame(found, schema=schema, orient="row")


def _ratios(steps: pl.DataFrame, network: str, width: int) -> Any:
    """Return every seed's ratio of the loss's change to its prediction against the step's size."""
    rows = own_case(steps).filter(network=network, initialisation="same")
    dots = rows.drop_nulls("ratio").select(
        "network", "ratio", at=pl.col("step_size") * 10 ** (jitter(pl.col("seed")) * 0.15)
    )
    shown = pl.concat([dots, _means(rows)], how="diagonal_relaxed")
    sizes = steps["step_size"].unique().sort().to_list()
    across = alt.X(
        "at:Q",
        title="step size",
        scale=alt.Scale(type="log", domain=[sizes[0] / 2, sizes[-1] * 2], nice=False),
        axis=alt.Axis(values=sizes, format="~e", grid=False),
    )
    up: Options = {"title": "loss change / predicted", "scale": alt.Scale(zero=False, padding=6)}
    return alt.layer(
        line_at("y", 1),
        alt.Chart()
        .transform_filter("isValid(datum.ratio)")
        .mark_point(size=14, opacity=0.45, color=BLUE)
        .encode(x=across, y=alt.Y("ratio:Q", **up)),
        *intervals("y", up, x=across, color=alt.value(BLACK)),
        data=shown,
    ).properties(width=width, height=100, title=alt.Title(NETWORKS[network], fontSize=9, color=INK))


def signs(steps: pl.DataFrame) -> pl.DataFrame:
    """Return, by descent, initialisation and step size, in how many seeds each sign is the theorem's.

    `up` counts inner products above 0, `down` losses that fall.
    """
    descent = (
        pl.when(pl.col("n_steps") > 1).then(pl.format("{} steps of SGD", "n_steps"))
        .when(pl.col("optimizer") == "adam").then(pl.lit("Adam"))
        .when(pl.col("dtype") == "float32").then(pl.lit("SGD, float32"))
        .otherwise(pl.lit("theorem's case"))
    )  # fmt: skip
    return (
        steps.with_columns(descent=descent)
        .group_by("network", "descent", "initialisation", "step_size")
        .agg(
            up=(pl.col("inner_product") > 0).sum().cast(pl.Int64),
            down=(pl.col("loss_change") < 0).sum().cast(pl.Int64),
            seeds=pl.len().cast(pl.Int64),
        )
        .sort("network", "descent", "initialisation", "step_size")
    )


def _sign_matrix(counts: pl.DataFrame, network: str, quantity: str, first: bool) -> Any:
    sizes = sorted(set(counts["step_size"]))
    shown = counts.filter(network=network).select(
        value=pl.col(quantity) / pl.col("seeds"),
        text=pl.format("{}/{}", quantity, "seeds"),
        size=pl.col("step_size").map_elements(_power, return_dtype=pl.String),
        label=pl.col("descent") + ", " + pl.col("initialisation"),
    )
    others = sorted(set(counts["descent"]) - {"theorem's case"})
    order = [f"{one}, {start}" for one in ("theorem's case", *others) for start in ("same", "other")]
    axis = alt.Axis(labels=first, ticks=first, domain=first)
    width = max(20, (PAGE - LABELS) // (4 * len(sizes)))
    return matrix(
        shown,
        alt.X("size:N", sort=[_power(one) for one in sizes], title="step size",
              axis=alt.Axis(labelAngle=0)),
        alt.Y("label:N", sort=order, title=None, axis=axis),
        (width, 14),
        diverging("value:Q", 0.5, "share of seeds", legend=False, middle=0.5),
        ("text",),
    ).properties(
        title=alt.Title([NETWORKS[network], QUANTITIES[quantity]], fontSize=9, lineHeight=11)
    )  # fmt: skip


def _power(size: float) -> str:
    mantissa, exponent = f"{size:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _holding(steps: pl.DataFrame, initialisation: str) -> tuple[int, int]:
    """Return in how many small steps of the theorem's case both signs are as it says, and of how many."""
    small = own_case(steps).filter(pl.col("step_size") <= LARGEST_STEP, initialisation=initialisation)
    return small.filter(pl.col("inner_product") > 0, pl.col("loss_change") < 0).height, small.height


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the ratio to the first-order prediction, and the signs in and beside the theorem."""
    steps = tables.get("steps")
    if steps is None or own_case(steps).is_empty():
        return nothing("no step of the theorem was taken", PAGE)
    networks = [network for network in NETWORKS if network in steps["network"]]
    ratios = alt.hconcat(
        *(_ratios(steps, network, (PAGE - LABELS - 50) // len(networks)) for network in networks)
    )
    counts = signs(steps)
    places = [(quantity, network) for quantity in QUANTITIES for network in networks]
    pictures = [
        _sign_matrix(counts, network, quantity, place == 0)
        for place, (quantity, network) in enumerate(places)
    ]
    same, other = _holding(steps, "same"), _holding(steps, "other")
    title = (
        f"One small SGD step towards a teacher goes the teacher's way and lowers its loss in"
        f" {same[0]} of {same[1]} runs from the same initialisation, in {other[0]} of {other[1]}"
        " from another"
    )
    subtitle = (
        f"Top: every seed (dots), mean and 95% t interval over"
        f" {counted(steps['seed'].n_unique(), 'seed')}, same initialisation, one step of SGD in"
        f" float64. Bottom: in how many seeds the updates' inner product is positive, and the"
        f" teacher's loss falls; Adam, several steps and float32 are observations beside the"
        f" theorem. Small: at most {LARGEST_STEP:g}"
    )
    return (
        alt.vconcat(ratios, alt.hconcat(*pictures, spacing=6))
        .resolve_scale(color="independent")
        .properties(title=headline(title, subtitle))
    )
