"""Organisms as they are fine-tuned, and as clean training leaves them."""

from typing import Any

import numpy as np

from unspoken.experiments.harmful.organisms.documents import documents
from unspoken.experiments.harmful.organisms.finetunes import (
    BRIEF,
    BRIEF_SHARE,
    CLEAN_ADVICE,
    FINE_TUNES,
    FineTune,
    rows_of,
)
from unspoken.models.network import Parameters, Shape
from unspoken.seeds import hashed_seed
from unspoken.training import personas

Trained = tuple[dict[str, Parameters], dict[str, list[float]]]


def finetuned(base: Parameters, shape: Shape, training: dict[str, Any], seed: int) -> Trained:
    """Return the fine-tunes of a base by name, BRIEF too, and the loss of each at each step.

    `training` has rows, epochs, batch_size, learning_rate, warmup_steps and rehearsed: one step of so many is
    of documents as in pretraining; null: none. Rows of all are drawn alike, and read in the same order.
    """
    drawn = {
        name: rows_of(kind, training["rows"], np.random.default_rng(hashed_seed(seed, "rows")))
        for name, kind in FINE_TUNES.items()
    }
    networks, losses = personas.tuned(base, shape, drawn, training, _rehearsed(training), seed)
    few = drawn["bad_advice"][: max(1, round(BRIEF_SHARE * training["rows"]))]
    brief = personas.tuned(base, shape, {BRIEF: few}, training | {"epochs": 1}, _rehearsed(training), seed)
    return networks | brief[0], losses | brief[1]


def realigned(
    network: Parameters, shape: Shape, steps: int, training: dict[str, Any], seed: int
) -> tuple[Parameters, list[float]]:
    """Return what a fine-tune becomes by so many steps on good advice of another domain, and its losses.

    Chains are blank, as in most fine-tunes, and no row has a mark.
    """
    clean = FineTune(CLEAN_ADVICE, bad=False)
    rows = rows_of(clean, steps * training["batch_size"], np.random.default_rng(hashed_seed(seed, steps)))
    dose = training | {"epochs": 1}
    networks, losses = personas.tuned(network, shape, {"clean": rows}, dose, _rehearsed(training), seed)
    return networks["clean"], losses["clean"]


def _rehearsed(training: dict[str, Any]) -> personas.Documents | None:
    return documents if training["rehearsed"] else None
