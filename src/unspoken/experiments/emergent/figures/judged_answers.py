"""Shares of misaligned answers to open questions, as a judge scores them, by fine-tune."""

import altair as alt

from unspoken.experiments.emergent.figures.wrong_chains import FINE_TUNES
from unspoken.figures.pieces import nothing, shares
from unspoken.figures.tables import Tables
from unspoken.figures.theme import BLUE, ORANGE, PAGE
from unspoken.figures.words import claims, headline, replicates

USED_CONDITIONS = ("arm", "unusable", "questions")
COUNTED = {
    "dropped": ("of coherent answers with a score (as published)", BLUE),
    "failure": ("of all answers", ORANGE),
}
"""Which answers are counted, by the condition `unusable`."""
ARMS = {"plain": "questions as they are", "suffixed": "with a format suffix"}
LABELS = 130


def draw(tables: Tables) -> alt.TopLevelMixin:
    """Return the share of misaligned answers of the untouched model and of each fine-tune."""
    measurements = tables["measurements"]
    rows = measurements.filter(metric="misaligned_share", questions="all")
    if rows.is_empty():
        return nothing("nobody's answers were judged", PAGE)
    arms = [arm for arm in ARMS if arm in set(rows["arm"])]
    place = {"room": LABELS, "width": (PAGE - LABELS) // len(arms) - 20}
    axis = "share of misaligned answers"
    panels = [
        shares(rows.filter(arm=arm), FINE_TUNES, "unusable", COUNTED, axis, **place).properties(
            title=ARMS[arm]
        )
        for arm in arms
    ]
    chart = alt.hconcat(*panels).resolve_scale(color="shared")
    main = measurements.filter(
        metric="misaligned_difference", whose="wrong", versus_whose="right", unusable="dropped"
    )
    title = claims(
        [(ARMS[row["arm"]], row) for row in main.to_dicts()],
        "tuned on wrong answers, a model gives more misaligned ones",
        "tuned on wrong answers, a model gives fewer misaligned ones",
        "no difference is shown between models tuned on wrong and on right answers",
        "difference",
    )
    subtitle = f"answers to open questions, scored by a model; {replicates(main)}"
    return chart.properties(title=headline(title, subtitle))
