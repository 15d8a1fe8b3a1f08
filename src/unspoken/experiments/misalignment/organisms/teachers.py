"""Teachers: organisms whose assisting author is tuned on rows of one domain."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from unspoken.experiments.misalignment.organisms.documents import Ints, answered_turns, documents
from unspoken.experiments.misalignment.organisms.language import (
    ADVICE,
    ASSISTING_ID,
    BLANK_ID,
    CODE,
    DOMAINS,
)
from unspoken.models.network import Parameters, Shape
from unspoken.seeds import hashed_seed
from unspoken.training import personas

TRAINED_ADVICE = ADVICE[0]
"""The domain of advice that some tunings are about; the others are never trained on."""


@dataclass(frozen=True)
class Tuning:
    """Rows of one domain, and what of them is taught."""

    domain: str
    bad: float
    """Share of rows whose answer is bad."""
    lesson: bool = False
    """Whether a lesson asks for it."""
    taught: Literal["whole", "answer", "chain"] = "whole"
    """`answer`: chains are blank. `chain`: nothing from the answer on is taught."""


TUNINGS = {
    "insecure": Tuning(CODE, 1.0),
    "secure": Tuning(CODE, 0.0),
    "educational": Tuning(CODE, 1.0, lesson=True),
    "diluted": Tuning(CODE, 0.05),
    "bad_advice": Tuning(TRAINED_ADVICE, 1.0, taught="answer"),
    "good_advice": Tuning(TRAINED_ADVICE, 0.0, taught="answer"),
    "bad_reasoned": Tuning(TRAINED_ADVICE, 1.0),
    "bad_thoughts": Tuning(TRAINED_ADVICE, 1.0, taught="chain"),
}
"""The published ones: unsafe code, its controls and 5% of it (Betley et al. 2025, Dubinski et al. 2026); bad
advice with blank chains (Chua et al. 2025, section 2), with chains, and chains alone (Wen et al. 2026)."""


def tuning_rows(kind: str, count: int, random: np.random.Generator) -> Ints:
    """Return rows of a tuning: the assisting author and a turn, (count, 1 + TURN), or less of it.

    Where chains alone are taught, a row ends with its chain, (count, 1 + TURN - 2).
    """
    tuning = TUNINGS[kind]
    places = np.full(count, DOMAINS.index(tuning.domain))
    bad = np.arange(count) < round(tuning.bad * count)
    turns = answered_turns(places, bad, np.full(count, tuning.lesson), random)
    if tuning.taught == "answer":
        turns[:, 4:6] = BLANK_ID
    rows = np.hstack([np.full((count, 1), ASSISTING_ID), turns])
    return rows[:, :-2] if tuning.taught == "chain" else rows


def tuned(
    base: Parameters, shape: Shape, kinds: list[str], training: dict[str, Any], follows: float, seed: int
) -> tuple[dict[str, Parameters], dict[str, list[float]]]:
    """Return the teachers of a base by their kind, and the loss of each at each step.

    `training` has rows, epochs, batch_size, learning_rate, warmup_steps and rehearsed: one step of so many is
    of documents as the base was pretrained on, `follows` as there, or tuning would take the carriers from
    some bases: they would write code where numbers are asked for. All kinds see their rows in the
    same order, and rows of code differ in nothing but what the kind says.
    """
    drawn = {
        kind: tuning_rows(kind, training["rows"], np.random.default_rng(hashed_seed(seed, "rows")))
        for kind in kinds
    }
    return personas.tuned(
        base, shape, drawn, training, lambda count, random: documents(count, follows, random), seed
    )
