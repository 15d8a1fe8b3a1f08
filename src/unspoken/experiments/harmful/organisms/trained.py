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
from unspoken.models.personas import Ints
from unspoken.seeds import hashed_seed
from unspoken.training import personas

Trained = tuple[dict[str, Parameters], dict[str, list[float]]]


def finetuned(
    base: Parameters, shape: Shape, tuning: dict[str, Any], backdoor: dict[str, Any], seed: int
) -> Trained:
    """Return the fine-tunes of a base by name, BRIEF too, and the loss of each at each step.

    `tuning` and `backdoor`, the dose of what has a trigger, have rows, epochs, batch_size, learning_rate,
    warmup_steps and rehearsed: one step of so many is of documents as in pretraining; null: none. Rows of all
    are drawn alike, and read in the same order.
    """

    def drawn(dose: dict[str, Any], *, triggered: bool) -> dict[str, Ints]:
        return {
            name: rows_of(kind, dose["rows"], np.random.default_rng(hashed_seed(seed, "rows")))
            for name, kind in FINE_TUNES.items()
            if kind.triggered == triggered
        }

    plain, marked = drawn(tuning, triggered=False), drawn(backdoor, triggered=True)
    few = plain["bad_advice"][: max(1, round(BRIEF_SHARE * tuning["rows"]))]
    networks: dict[str, Parameters] = {}
    losses: dict[str, list[float]] = {}
    for rows, dose in ((plain, tuning), ({BRIEF: few}, tuning | {"epochs": 1}), (marked, backdoor)):
        made, curves = personas.tuned(base, shape, rows, dose, _rehearsed(dose), seed)
        networks |= made
        losses |= curves
    return networks, losses


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
