"""Loss curves: one line a trained model, the mean of each arm thick."""

from typing import Any

import altair as alt
import polars as pl

from unspoken.experiments.subliminal.figures.arms import OBJECTIVES
from unspoken.figures.pieces import nothing
from unspoken.figures.tables import Tables
from unspoken.figures.theme import PAGE, PALETTE
from unspoken.figures.words import counted, headline

BINS = 25
"""Points of a curve, at most: losses between them are averaged."""
MOST_POINTS = 5000
"""Of all curves together: more make a figure slow to open, and Altair refuses them."""
UNITS = {
    "tokens": "cross-entropy, nats",
    "kl_carrier": "KL, nats",
    "kl_full": "KL, nats",
}
TEACHERS = "teachers"


def curves(training: pl.DataFrame) -> pl.DataFrame:
    """Return every model's mean loss over stretches of an equal number of epochs.

    Columns: subject, panel (teachers, or the students' objective), arm, epoch (the stretch's end),
    loss.
    """
    parts = pl.col("subject").str.split(":").list
    is_teacher = parts.get(1, null_on_oob=True) == "teacher"
    is_neutral = parts.last() == "neutral"
    bins = max(2, min(BINS, MOST_POINTS // training["subject"].n_unique()))
    stretch = pl.col("epoch").max().over("subject") / bins
    named = training.with_columns(
        epoch=((pl.col("epoch") / stretch).ceil() * stretch).round(3),
        panel=pl.when(is_teacher).then(pl.lit(TEACHERS)).otherwise("objective"),
        arm=pl.when(is_teacher & is_neutral)
        .then(pl.lit("neutral"))
        .when(is_teacher)
        .then(pl.lit("of a trait"))
        .otherwise(parts.get(1, null_on_oob=True)),
    )
    binned = named.group_by("subject", "panel", "arm", "epoch").agg(pl.col("loss").mean())
    return binned.with_columns(pl.col("loss").round_sig_figs(4)).sort("panel", "subject", "epoch")


def share_that_fell(training: pl.DataFrame) -> tuple[int, int]:
    """Return how many models end with a lower loss than they began with, and how many there are."""
    ends = (
        training.sort("step")
        .group_by("subject")
        .agg(first=pl.col("loss").first(), last=pl.col("loss").last())
    )
    return int((ends["last"] < ends["first"]).sum()), ends.height


def _panel(rows: pl.DataFrame, name: str, place: int, width: int) -> Any:
    arms = sorted(set(rows["arm"]), key=lambda arm: (len(arm), arm))
    who = TEACHERS if name == TEACHERS else "students"
    heading = [who if name == TEACHERS else OBJECTIVES.get(name, name)]
    heading.append(f"n = {rows['subject'].n_unique()} {who}")
    color = alt.Color(
        "arm:N",
        sort=arms,
        scale=alt.Scale(domain=arms, range=[PALETTE[n % len(PALETTE)] for n in range(len(arms))]),
        legend=alt.Legend(title=None, orient="bottom", columns=3, symbolType="stroke", symbolOpacity=1),
    )
    across = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domainMin=0, nice=False),
        axis=alt.Axis(tickCount=4, grid=False),
    )
    unit = UNITS.get(name, "cross-entropy, nats")
    up = alt.Y("loss:Q", title=f"loss ({unit})", scale=alt.Scale(zero=False, nice=True))
    thin = alt.Chart().mark_line(strokeWidth=0.5, opacity=0.3)
    thick = alt.Chart().mark_line(strokeWidth=2)
    return alt.layer(
        thin.encode(x=across, y=up, color=color, detail="subject:N"),
        thick.encode(x=across, y=alt.Y("mean(loss):Q", title=up["title"]), color=color),
        data=rows.rename({"panel": f"panel_{place}"}),
    ).properties(width=width, height=95, title=alt.Title(heading, fontSize=9, lineHeight=11))


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the loss curves of teachers and of each objective's students, each on its own scale."""
    rows = tables.get("training")
    if rows is None or rows.is_empty():
        return nothing("nothing was trained", PAGE)
    binned = curves(rows)
    present = set(binned["panel"])
    order = [one for one in (TEACHERS, *OBJECTIVES) if one in present]
    order += sorted(present - set(order))
    width = PAGE // 2 - 58
    panels = [_panel(binned.filter(panel=name), name, place, width) for place, name in enumerate(order)]
    fell, models = share_that_fell(rows)
    subtitle = "Thin: one trained model; thick: mean of an arm. Each panel has its own scale."
    return (
        alt.concat(*panels, columns=2, spacing=16)
        .resolve_scale(color="independent", x="independent", y="independent")
        .properties(
            title=headline(
                f"The loss ended lower than it began in {fell:,} of {counted(models, 'model')}",
                subtitle,
            )
        )
    )
