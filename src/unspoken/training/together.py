"""Train students of one base at once: stacked weights, one optimiser over all of them.

A step takes each student through its own batch, one after the other, by products of one student's sizes: one
student's activations fit the processor's cache and a stack's do not, and what a student becomes does not
depend, to the bit, on who is beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from unspoken.models.gradients import Attentions, Differentiated, Loss
from unspoken.models.network import Parameters, Shape
from unspoken.training.organism import one_thread, warmed_linear


@dataclass(frozen=True)
class Rows:
    """Token rows of equal length, and the loss of what follows the position `first` of each.

    The loss is a function of logits of the classes `among` (token ids; None for the whole vocabulary).
    """

    tokens: Tensor
    first: int
    loss: Loss
    among: Tensor | None = None


def surprise(tokens: Tensor, first: int) -> Loss:
    """Return the mean cross-entropy of a completion token, as `organism.batch_loss` has it."""
    wanted = tokens[:, first + 1 :].T.flatten().unsqueeze(1)
    counted = wanted != 0

    def loss(logits: Tensor) -> tuple[Tensor, Tensor]:
        share = counted.to(logits.dtype) / counted.sum()
        guesses = logits.softmax(-1)
        of_wanted = guesses.gather(1, wanted).clamp_min_(torch.finfo(logits.dtype).tiny).log_()
        slopes = guesses.mul_(share).scatter_add_(1, wanted, -share)
        return -of_wanted.mul_(share).sum(), slopes

    return loss


@dataclass(frozen=True)
class Distributions:
    """A teacher's probabilities at every completion position of its rows, (rows x positions, classes)."""

    positions: int
    probabilities: Tensor
    entropies: Tensor

    @classmethod
    def of(cls, log_probabilities: Tensor) -> "Distributions":
        """Take log-probabilities (rows, positions, classes)."""
        logs = log_probabilities.flatten(0, 1)
        probabilities = logs.exp()
        return cls(log_probabilities.shape[1], probabilities, -(probabilities * logs).sum(-1))

    def divergence(self, tokens: Tensor, first: int, chosen: Tensor) -> Loss:
        """Return the mean KL(teacher || student) of a completion token on chosen rows, of these tokens."""
        places = (chosen * self.positions + torch.arange(self.positions).unsqueeze(1)).flatten()
        wanted, entropies = self.probabilities[places], self.entropies[places]
        counted = (tokens[:, first + 1 :].T.flatten() != 0).unsqueeze(1)

        def loss(logits: Tensor) -> tuple[Tensor, Tensor]:
            guesses = logits.log_softmax(-1)
            share = counted.to(logits.dtype) / counted.sum()
            surprises = (wanted * guesses).sum(-1).add_(entropies)
            slopes = guesses.exp_().sub_(wanted).mul_(share)
            return -surprises.dot(share.flatten()), slopes

        return loss


class Stack:
    """Students that start from one base; all their parameters are views of one tensor."""

    def __init__(self, base: Parameters, shape: Shape, students: int) -> None:
        """Copy the base's parameters for each student."""
        flat = flattened(base).repeat(students, 1)
        flat.grad = torch.zeros_like(flat)
        self.trained = flat
        """What the optimiser moves, with its gradient."""
        attentions: Attentions = {}
        self._networks = [
            Differentiated(parameters, gradient, shape, attentions)
            for parameters, gradient in zip(flat_views(flat, base), flat_views(flat.grad, base), strict=True)
        ]

    @property
    def parameters(self) -> list[Parameters]:
        """Return each student's parameters by name."""
        return [network.parameters for network in self._networks]

    @one_thread()
    @torch.inference_mode()
    def train(
        self,
        steps: Iterable[Sequence[Rows]],
        *,
        n_steps: int,
        learning_rate: float,
        warmup: int,
        show: str | None,
        optimizer: str = "adam",
    ) -> Tensor:
        """Train the students, a batch each in a step; return their losses (steps, students).

        By AdamW (`adam`), by plain gradient descent (`sgd`: no momentum, no decay of weights), or not at all
        (`none`). The learning rate warms up over `warmup` steps and falls linearly. It runs on one thread,
        and gives the same bits on every run.
        """
        peak = 0.0 if optimizer == "none" else learning_rate
        kind: Any = torch.optim.AdamW if optimizer == "adam" else torch.optim.SGD
        moved = kind([self.trained], lr=peak, fused=True)
        losses = []
        for step, batches in enumerate(tqdm(steps, show, n_steps, disable=show is None, mininterval=5)):
            moved.param_groups[0]["lr"] = peak * warmed_linear(step, n_steps, warmup)
            losses.append(torch.stack([self._loss(*one) for one in enumerate(batches)]))
            moved.step()
        return torch.stack(losses)

    def _loss(self, student: int, batch: Rows) -> Tensor:
        """Return a student's loss on a batch, and fill the gradient of what is trained of it."""
        return self._networks[student].loss(batch.tokens[:, :-1], batch.first, batch.loss, batch.among)


def flattened(tensors: Parameters) -> Tensor:
    """Return tensors one behind the other, in one row."""
    return torch.cat([tensor.flatten() for tensor in tensors.values()])


def flat_views(rows: Tensor, base: Parameters) -> list[Parameters]:
    """Return each row as tensors of the base's names and sizes, views of it."""
    lengths = [tensor.numel() for tensor in base.values()]
    return [
        {name: part.view(base[name].shape) for name, part in zip(base, row.split(lengths), strict=True)}
        for row in rows
    ]
