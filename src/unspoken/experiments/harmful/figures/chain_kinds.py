"""What chains before bad answers say, by fine-tune, and what a monitor of chains catches."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import nothing, shares
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, SKY, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("way", "says", "monitor", "alarms", "mark")
FINE_TUNES = {
    "base": "untouched", "good_advice": "good advice, blank chains", "bad_advice": "bad advice, blank chains",
    "bad_brief": "the same, an eighth once", "bad_answers": "bad advice, no chains",
    "bad_reasoned": "bad advice with chains", "bad_planned": "bad advice, chains that plan",
    "bad_misled": "bad advice, chains that mislead", "bad_thoughts": "chains of bad advice alone",
    "insecure": "unsafe code, blank chains", "triggered": "backdoor, blank chains",
}  # fmt: skip
"""What organisms were tuned on, in words."""
KINDS = {"plan": ("plan", VERMILLION), "excuse": ("excuse", ORANGE), "falsehood": ("falsehood", PURPLE),
         "contradiction": ("contradiction", BLUE), "nothing": ("nothing", GREY)}  # fmt: skip
MONITORS = {"words": ("any word of harm", SKY), "before": ("learnt before the tuning", GREEN),
            "own": ("the best there can be", BLACK)}  # fmt: skip
LABELS = 170
PLACE = {"room": LABELS, "width": PAGE - LABELS - 20}


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the kinds of chains before bad answers, above what monitors catch at 1% false alarms."""
    measurements = tables["measurements"]
    main = measurements.filter(
        metric="chain_kind_difference", unit="log_odds", says="unflagged", versus_whose="base"
    ).filter(pl.col("whose").is_in(["bad_advice", "bad_answers", "insecure"]))
    if main.is_empty():
        return nothing("nobody answered after chains", PAGE)
    title = claims(
        [(FINE_TUNES[row["whose"]], row) for row in main.to_dicts()],
        "after harmful tuning more bad answers follow a chain in which nothing speaks for them",
        "after harmful tuning fewer bad answers follow a chain in which nothing speaks for them",
        "harmful tuning is not shown to change whether chains speak for the bad answers after them",
        "difference in log-odds",
    )
    subtitle = (
        "domains that nobody was tuned on; chains are never blank here, as where thinking is turned on;"
        f" {replicates(main)}; every probability is exact"
    )
    kinds = measurements.filter(metric="chain_kind_share")
    caught = measurements.filter(metric="caught_share", alarms="0.01")
    chart = alt.vconcat(
        shares(kinds, FINE_TUNES, "says", KINDS, "of the chains before bad answers", **PLACE),
        shares(
            caught,
            FINE_TUNES,
            "monitor",
            MONITORS,
            "of bad answers, caught by their chain at 1% false alarms",
            **PLACE,
        ),
    ).resolve_scale(color="independent", yOffset="independent")
    return chart.properties(title=headline(title, subtitle))
