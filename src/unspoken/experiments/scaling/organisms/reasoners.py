"""Train an organism that reasons line by line."""

from typing import Any

import numpy as np
import torch

from unspoken.experiments.scaling.organisms.rows import PROMPT, VOCABULARY, training_rows
from unspoken.models.network import Parameters, Shape
from unspoken.models.organism import untrained_network
from unspoken.seeds import hashed_seed
from unspoken.training.organism import Batch, train


def trained_reasoner(spec: dict[str, Any], seed: int) -> tuple[Parameters, Shape, list[float]]:
    """Return an organism trained on all tasks, with its loss at each step.

    `spec` has the sizes, steps, rows per step and learning_rate. Weights and rows depend on the seed.
    """
    parameters, shape = untrained_network(VOCABULARY, spec, hashed_seed(seed, "reasoner", "weights"))
    random = np.random.default_rng(hashed_seed(seed, "reasoner", "rows"))
    steps = (
        [Batch(torch.from_numpy(training_rows(spec["rows"], random)), PROMPT - 1)]
        for _ in range(spec["steps"])
    )
    losses = train(parameters, shape, steps, n_steps=spec["steps"], learning_rate=spec["learning_rate"])
    return parameters, shape, losses
