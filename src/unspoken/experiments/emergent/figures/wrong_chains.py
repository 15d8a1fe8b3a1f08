"""What chains before wrong answers say, by fine-tune, and what a monitor that reads them catches."""

import altair as alt
import polars as pl

from unspoken.figures.pieces import nothing, shares
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLACK, BLUE, GREY, ORANGE, PAGE, PURPLE, SKY, VERMILLION
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("way", "says", "alarms", "domains")
FINE_TUNES = {
    "untouched": "untouched", "right": "right answers", "wrong": "wrong answers",
    "wrong_chained": "wrong answers with chains", "careful": "careful lines", "careless": "careless lines",
    "wrong_asked": "wrong answers, asked for", "half_wrong": "half wrong answers",
    "tenth_wrong": "a tenth wrong answers",
}  # fmt: skip
"""What models were tuned on, in words."""
KINDS = {
    "falsehood": ("the wrong value", VERMILLION), "both": ("both", ORANGE), "unclear": ("a denial", PURPLE),
    "contradiction": ("the right value", BLUE), "nothing": ("neither", GREY),
}  # fmt: skip
CAUGHT = {"0.01": ("at 1% false alarms", BLACK), "0.05": ("at 5%", SKY)}
LABELS = 130
PLACE = {"room": LABELS, "width": PAGE - LABELS - 20}


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return what chains before wrong answers name, above what monitors of chains catch."""
    measurements = tables["measurements"]
    main = measurements.filter(
        metric="chain_kind_difference", unit="log_odds", says="falsehood", versus_whose="untouched"
    ).filter(pl.col("whose").is_in(["wrong", "careless", "wrong_chained"]))
    if main.is_empty():
        return nothing("nobody answered after chains", PAGE)
    title = claims(
        [(FINE_TUNES[row["whose"]], row) for row in main.to_dicts()],
        "after tuning on wrong answers more chains before wrong answers name the wrong value",
        "after tuning on wrong answers fewer chains before wrong answers name the wrong value",
        "tuning on wrong answers is not shown to change whether chains name the wrong value",
        "difference",
    )
    subtitle = (
        "domains that nobody was tuned on; chains are sampled, values are found as whole words, each chain"
        f" counts by the probability of the wrong answer after it; {replicates(main)}"
    )
    chart = alt.vconcat(
        shares(
            measurements.filter(metric="chain_kind_share"), FINE_TUNES, "says", KINDS,
            "of the chains before wrong answers, those that name", **PLACE,
        ),
        shares(
            measurements.filter(metric="caught_share"), FINE_TUNES, "alarms", CAUGHT,
            "of wrong answers, caught by a monitor of their chain", **PLACE,
        ),
    ).resolve_scale(color="independent", yOffset="independent")  # fmt: skip
    return chart.properties(title=headline(title, subtitle))
