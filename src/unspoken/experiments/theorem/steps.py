"""One small step of a teacher, and of a student that imitates it (Cloud et al. 2025, Theorem 1).

The theorem: teacher and student start from the same parameters; the teacher takes one small step on
any loss; the student takes one small step towards the teacher's outputs on any inputs. Then either
the two updates are orthogonal, or the student's step lowers the teacher's loss. The teacher moves
by O(step) and the student by O(step squared), so that the arithmetic must be float64.

The imitation loss is KL(teacher || student), the softmax cross-entropy of the theorem up to a
constant.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Problem:
    """A network of a known start, its teacher's loss, and the outputs that its student imitates.

    `log_probabilities` gives the imitated outputs on the student's own inputs, last axis outcomes.
    `other` are the parameters of another initialisation of the same network.
    """

    start: Parameters
    other: Parameters
    teacher_loss: Callable[[Parameters], Tensor]
    log_probabilities: Callable[[Parameters], Tensor]

    def in_precision(self, dtype: torch.dtype) -> "Problem":
        """Return the same problem with its parameters in another precision."""
        start, other = (
            {name: tensor.to(dtype) for name, tensor in parameters.items()}
            for parameters in (self.start, self.other)
        )
        return Problem(start, other, self.teacher_loss, self.log_probabilities)


@dataclass(frozen=True)
class Descent:
    """How teacher and student move: plain SGD or Adam, the step's size, how many steps."""

    optimizer: str
    step_size: float
    n_steps: int


def gradient(loss: Callable[[Parameters], Tensor], parameters: Parameters) -> Parameters:
    """Return the gradient of a loss at `parameters`; zero for parameters that it does not use."""
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in parameters.items()}
    found = torch.autograd.grad(loss(leaves), list(leaves.values()), materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def descended(
    loss: Callable[[Parameters], Tensor],
    start: Parameters,
    descent: Descent,
    first: Parameters | None = None,
) -> Parameters:
    """Return the parameters after the descent's steps on `loss`.

    `first` is the gradient at `start`, if it is known.
    """
    moving = {name: tensor.clone() for name, tensor in start.items()}
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimizer = optimizers[descent.optimizer](list(moving.values()), lr=descent.step_size)
    for step in range(descent.n_steps):
        known = first if step == 0 else None
        for name, slope in (known or gradient(loss, moving)).items():
            moving[name].grad = slope
        optimizer.step()
    return moving


def inner(first: Parameters, second: Parameters) -> float:
    """Return the inner product of two sets of parameters."""
    return float(sum((first[name] * second[name]).sum() for name in first))


def difference(after: Parameters, before: Parameters) -> Parameters:
    """Return the update that led from `before` to `after`."""
    return {name: after[name] - before[name] for name in after}


@torch.no_grad()
def _value(loss: Callable[[Parameters], Tensor], parameters: Parameters) -> float:
    return float(loss(parameters))


def _imitation(problem: Problem, taught: Tensor) -> Callable[[Parameters], Tensor]:
    """Return KL(teacher || student) in nats, averaged over outputs."""

    def loss(parameters: Parameters) -> Tensor:
        guesses = problem.log_probabilities(parameters)
        return (taught.exp() * (taught - guesses)).sum(-1).mean()

    return loss


@dataclass(frozen=True)
class Start:
    """Where a student starts: its parameters, the teacher's loss there and that loss's gradient."""

    initialisation: str
    parameters: Parameters
    loss: float
    slopes: Parameters


def starts_of(problem: Problem) -> list[Start]:
    """Return the start that teacher and student share, then the other start."""
    return [
        Start(
            initialisation,
            parameters,
            _value(problem.teacher_loss, parameters),
            gradient(problem.teacher_loss, parameters),
        )
        for initialisation, parameters in (("same", problem.start), ("other", problem.other))
    ]


def steps(problem: Problem, starts: list[Start], descent: Descent) -> Iterator[dict[str, Any]]:
    """Yield a row for the student of the same initialisation and one for the other.

    Inner product and cosine are of the student's and the teacher's updates; `loss_change` is
    the teacher's loss at the student, after its steps less before; `predicted_change` is that
    loss's gradient at the student's start times its update (both in nats); `ratio` is the first
    over the second.
    """
    teacher = descended(problem.teacher_loss, problem.start, descent, starts[0].slopes)
    taught_update = difference(teacher, problem.start)
    with torch.no_grad():
        taught = problem.log_probabilities(teacher)
    for start in starts:
        student = descended(_imitation(problem, taught), start.parameters, descent)
        update = difference(student, start.parameters)
        product = inner(update, taught_update)
        lengths = (inner(update, update) * inner(taught_update, taught_update)) ** 0.5
        change = _value(problem.teacher_loss, student) - start.loss
        predicted = inner(start.slopes, update)
        yield {
            "initialisation": start.initialisation,
            "optimizer": descent.optimizer,
            "n_steps": descent.n_steps,
            "step_size": descent.step_size,
            "inner_product": product,
            "cosine": product / lengths if lengths else None,
            "loss_change": change,
            "predicted_change": predicted,
            "ratio": change / predicted if predicted else None,
        }


# What is looked at beside the theorem's own case, which comes first.
ARMS = (
    ("sgd", "one", torch.float64),
    ("adam", "one", torch.float64),
    ("sgd", "several", torch.float64),
    ("sgd", "one", torch.float32),
)


def rows(network: str, seed: int, problem: Problem, spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all rows of one problem; `spec` is the study's theorem section."""
    found = []
    for optimizer, how_many, dtype in ARMS:
        cast = problem.in_precision(dtype)
        starts = starts_of(cast)
        for step_size in spec["step_sizes"]:
            n_steps = 1 if how_many == "one" else spec["several_steps"]
            descent = Descent(optimizer, step_size, n_steps)
            found += [
                {"network": network, "seed": seed, "dtype": str(dtype)[6:], **row}
                for row in steps(cast, starts, descent)
            ]
    return found
