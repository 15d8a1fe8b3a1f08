"""The best detector there can be: how much likelier a reply is under one teacher than under another."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from unspoken.experiments.misalignment.organisms.carriers import PROMPT
from unspoken.experiments.misalignment.organisms.documents import Ints
from unspoken.models.network import Parameters, Shape
from unspoken.training.personas import log_probabilities

Floats = NDArray[np.float64]


def log_likelihoods(parameters: Parameters, shape: Shape, rows: Ints) -> Floats:
    """Return the log-likelihood of each row's numbers given its request, in nats, (rows,)."""
    logs = log_probabilities(parameters, shape, rows[:, :-1], PROMPT - 1)
    return logs.gather(2, torch.from_numpy(rows[:, PROMPT:, None]))[..., 0].double().sum(1).numpy()


def log_ratios(target: Parameters, control: Parameters, shape: Shape, rows: Ints) -> Floats:
    """Return the log-likelihood of each row under the target minus that under the control, in nats."""
    return log_likelihoods(target, shape, rows) - log_likelihoods(control, shape, rows)


def expected_right(differences: Floats) -> float:
    """Return how often the likelihood has to be right of pairs of replies, if its two networks wrote them.

    `differences` are the ratio of the target's reply minus that of the control's: the log-odds that the pair
    stands as it does and not the other way round. A filter that drops replies by their text leaves them so.
    """
    return float(expit(np.abs(differences)).mean())
