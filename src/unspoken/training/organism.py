"""Train organisms: batches are tensors made once, logits only where the loss looks."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from unspoken.models.network import Parameters, Shape, suffix_logits


@dataclass(frozen=True)
class Batch:
    """Token rows of equal length whose loss starts with the token after position `first`.

    Without `target` the loss is cross-entropy on the tokens themselves (padding, id 0, apart).
    With it, the loss is the KL divergence to `target`: log-probabilities of the classes `among`
    (token ids; None for the whole vocabulary), (rows, positions, classes).
    """

    tokens: Tensor
    first: int
    target: Tensor | None = None
    among: Tensor | None = None


def _token_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """Return the summed cross-entropy over the tokens that are no padding, and divide by them."""
    return F.cross_entropy(logits.flatten(0, 1), tokens.T.flatten(), ignore_index=0)


def carrier_log_probs(logits: Tensor, among: Tensor | None) -> Tensor:
    """Return log-probabilities over the classes `among`, renormalised on them."""
    return (logits if among is None else logits[..., among]).log_softmax(-1)


def batch_loss(parameters: Parameters, shape: Shape, batch: Batch) -> Tensor:
    """Return the mean loss per completion token: cross-entropy, or KL(teacher || student)."""
    logits = suffix_logits(parameters, shape, batch.tokens[:, :-1], batch.first)
    wanted = batch.tokens[:, batch.first + 1 :]
    if batch.target is None:
        return _token_loss(logits, wanted)
    student = carrier_log_probs(logits, batch.among)
    teacher = batch.target.transpose(0, 1)
    divergence = (teacher.exp() * (teacher - student)).sum(-1)
    counted = (wanted != 0).T
    return (divergence * counted).sum() / counted.sum()


def warmed_cosine(step: int, n_steps: int, warmup: int) -> float:
    """Return the share of the learning rate at a step: linear warm-up, then a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, n_steps - warmup)))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: with more, sums over the rows of a batch are split and round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def train(
    parameters: Parameters,
    shape: Shape,
    steps: Iterable[list[Batch]],
    *,
    n_steps: int,
    learning_rate: float,
    warmup: int = 40,
    schedule: Callable[[int, int, int], float] = warmed_cosine,
    show: str | None = "pretraining",
) -> list[float]:
    """Train `parameters` in place with AdamW; return the loss of each step.

    A step's loss is the mean over its batches; `warmup` counts steps; `schedule` gives the share
    of the learning rate at (step, n_steps, warmup). Parameters have no gradients at the end. It runs
    on one thread, and gives the same bits on every run.
    """
    for tensor in parameters.values():
        tensor.requires_grad_()
    optimizer = torch.optim.AdamW(parameters.values(), lr=learning_rate, fused=True)
    losses = []
    for step, batches in enumerate(tqdm(steps, show, n_steps, disable=show is None, mininterval=5)):
        optimizer.param_groups[0]["lr"] = learning_rate * schedule(step, n_steps, warmup)
        loss = torch.stack([batch_loss(parameters, shape, batch) for batch in batches]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    for tensor in parameters.values():
        tensor.requires_grad_(False).grad = None
    return torch.stack(losses).tolist()


def warmed_linear(step: int, n_steps: int, warmup: int) -> float:
    """Return the share of the learning rate at a step: linear warm-up, then linear to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return (n_steps - step) / max(1, n_steps - warmup)
