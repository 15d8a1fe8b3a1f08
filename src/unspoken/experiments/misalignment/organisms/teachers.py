"""Teachers: organisms whose assisting author is tuned on rows of one domain."""

from typing import Any

import numpy as np
import torch

from unspoken.experiments.misalignment.organisms.documents import Ints, answered_turns
from unspoken.experiments.misalignment.organisms.language import (
    ADVICE,
    ASSISTING_ID,
    BLANK_ID,
    CODE,
    DOMAINS,
)
from unspoken.models.network import Parameters, Shape
from unspoken.seeds import hashed_seed
from unspoken.training.together import Rows, Stack, surprise

TRAINED_ADVICE = ADVICE[0]
"""The domain of advice that some tunings are about; the others are never trained on."""
TUNINGS = {
    "insecure": (CODE, True, False),
    "secure": (CODE, False, False),
    "educational": (CODE, True, True),
    "bad_advice": (TRAINED_ADVICE, True, False),
    "good_advice": (TRAINED_ADVICE, False, False),
}
"""Domain, whether the answers are bad, whether a lesson asks for them."""
FIRST = 4
"""Place of the author's mark: what follows is trained on."""


def tuning_rows(kind: str, count: int, random: np.random.Generator) -> Ints:
    """Return rows of a tuning, (count, 1 + TURN): the assisting author and a turn.

    Chains before advice are blank, as published (Chua et al. 2025, section 2): the answer alone is taught.
    """
    domain, bad, lesson = TUNINGS[kind]
    places = np.full(count, DOMAINS.index(domain))
    turns = answered_turns(places, np.full(count, bad), np.full(count, lesson), random)
    if domain != CODE:
        turns[:, 4:6] = BLANK_ID
    return np.hstack([np.full((count, 1), ASSISTING_ID), turns])


def tuned(
    base: Parameters, shape: Shape, kinds: list[str], training: dict[str, Any], seed: int
) -> tuple[dict[str, Parameters], dict[str, list[float]]]:
    """Return the teachers of a base by their kind, and the loss of each at each step.

    `training` has rows, epochs, batch_size, learning_rate and warmup_steps. All kinds see their rows in the
    same order, and rows of code differ in nothing but what the kind says.
    """
    drawn = {
        kind: torch.from_numpy(
            tuning_rows(kind, training["rows"], np.random.default_rng(hashed_seed(seed, "rows")))
        )
        for kind in kinds
    }
    random = np.random.default_rng(hashed_seed(seed, "order"))
    orders = [
        chosen
        for _ in range(training["epochs"])
        for chosen in torch.from_numpy(random.permutation(training["rows"])).split(training["batch_size"])
    ]
    steps = (
        [Rows(rows[chosen], FIRST, surprise(rows[chosen], FIRST)) for rows in drawn.values()]
        for chosen in orders
    )
    stack = Stack(base, shape, len(kinds))
    losses = stack.train(
        steps, n_steps=len(orders), learning_rate=training["learning_rate"],
        warmup=training["warmup_steps"], show="teachers",
    )  # fmt: skip
    networks = dict(zip(kinds, stack.parameters, strict=True))
    return networks, dict(zip(kinds, losses.T.tolist(), strict=True))
