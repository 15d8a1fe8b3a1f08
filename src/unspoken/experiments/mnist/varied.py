"""Estimates and contrasts of variants: other numbers of auxiliary logits, other trainings, other starts.

Cloud et al. 2025, extended data figure 2. What two settings have in common of initialisations pairs them:
a network's number decides its weights, its order of images and its noise, whatever the settings.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import theilslopes

from unspoken.experiments.mnist.arms import SEED, TEACHER, Arms
from unspoken.experiments.mnist.names import SLOPE
from unspoken.statistics.intervals import t_interval

SAME, OTHER, CLONED = "student_auxiliary", "other_auxiliary", "cloned_auxiliary"
FEWEST_LOGITS = 2
"""Of a trend: the softmax of one logit is constant, so that its students learn nothing, by construction."""
Told = Mapping[str, Any]
"""What a variant changes, as the room tells it."""


def _conditions(told: Told) -> dict[str, str]:
    """Return the conditions of a variant's rows: what it changes, and to what."""
    said = {"changed": told["changed"], "logits": str(told["logits"])}
    usual = {"inputs": "noise", "optimiser": "adam", "cloned": None}
    return said | {name: told[name] for name, value in usual.items() if told[name] != value}


def add_variants(
    main: Arms, accuracies: pl.DataFrame, data: Mapping[str, str], logits: int, variants: Mapping[str, Told]
) -> None:
    """Add the rows of all variants beside those of the study's own settings.

    Contrasts of each: same minus other initialisation and each minus the untrained networks; of other
    numbers of logits the same students minus their teachers, of other trainings minus those of the study's
    own. Of clones: cloned minus the same start before it cloned, students of the teacher's own start minus
    cloned, and cloned on noise minus cloned on digits.
    """
    arms = {
        name: Arms(main.report, accuracies.filter(variant=name), {**data, **_conditions(told)}, name)
        for name, told in variants.items()
    }
    for name, told in variants.items():
        own = arms[name]
        own.add_accuracies()
        if told["changed"] == "start":
            _add_clones(own, [arms[one] for one in told["uncloned"]], told, arms)
            continue
        own.add_contrast(SAME, OTHER, TEACHER)
        for students in (SAME, OTHER):
            own.add_contrast(students, "reference", SEED)
        if told["changed"] == "logits":
            own.add_contrast(SAME, "teacher", TEACHER)
        elif told["logits"] == logits:
            own.add_contrast(SAME, SAME, SEED, main)
    by_logits = {told["logits"]: arms[name] for name, told in variants.items() if told["changed"] == "logits"}
    if by_logits:
        _add_slope({logits: main, **by_logits})


def _add_clones(own: Arms, uncloned: list[Arms], told: Told, arms: Mapping[str, Arms]) -> None:
    """Add what cloning the untrained teacher adds, and how far it comes."""
    own.add_contrast(CLONED, OTHER, TEACHER)
    for like in uncloned[:1]:
        alike = Arms(like.report, like.accuracies, {**like.told, **_of_clone(own)}, like.variant)
        alike.add_contrast(SAME, CLONED, TEACHER, own)
    if told["cloned"] == "noise":
        for other in told["otherwise_cloned"][:1]:
            own.add_contrast(CLONED, CLONED, TEACHER, arms[other])


def _of_clone(own: Arms) -> dict[str, str]:
    """Return the conditions by which a contrast with clones is told from the others of its students."""
    return {name: own.told[name] for name in ("changed", "cloned")}


def _add_slope(by_logits: Mapping[int, Arms]) -> None:
    """Add the slope of the same students' accuracy over the binary logarithm of the auxiliary logits.

    Of each initialisation it is the median of the slopes between any two numbers of logits (Theil and Sen).
    """
    numbers = sorted(number for number in by_logits if number >= FEWEST_LOGITS)
    if len(numbers) < 2:
        return
    frames = [
        by_logits[number].of(SAME).select("initialisation", "n_test", accuracy=pl.col("accuracy"))
        for number in numbers
    ]
    common = set(frames[0]["initialisation"]).intersection(*(frame["initialisation"] for frame in frames[1:]))
    kept = [
        frame.filter(pl.col("initialisation").is_in(list(common))).sort("initialisation") for frame in frames
    ]
    grid = np.stack([frame["accuracy"].to_numpy() for frame in kept], axis=1)
    slopes = [theilslopes(row, np.log2(numbers)).slope for row in grid]
    most = by_logits[numbers[-1]]
    most.add_trend(
        t_interval(slopes), [by_logits[number] for number in numbers[:-1]], metric=SLOPE,
        unit="accuracy per doubling", n_samples=int(sum(frame["n_test"].sum() for frame in kept)),
    )  # fmt: skip
