"""Train students of one base at once: stacked weights, one AdamW over all of them.

A step takes each student through its own batch, one after the other, by products of one student's sizes: one
student's activations fit the processor's cache and a stack's do not, and what a student becomes does not
depend, to the bit, on who is beside it.
"""

from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from unspoken.models.gradients import Differentiated, Loss
from unspoken.models.network import Parameters, Shape
from unspoken.training.organism import Batch, one_thread, warmed_linear


def loss_on(batch: Batch) -> Loss:
    """Return the loss of a batch as a function of logits: that of `organism.batch_loss`."""
    wanted = batch.tokens[:, batch.first + 1 :].T.flatten()
    counted = (wanted != 0).unsqueeze(1)

    def of_tokens(logits: Tensor) -> tuple[Tensor, Tensor]:
        guesses = logits.log_softmax(-1)
        loss = F.nll_loss(guesses, wanted, ignore_index=0)
        slopes = guesses.exp_()
        slopes[torch.arange(len(wanted)), wanted] -= 1
        return loss, slopes.mul_(counted.to(slopes.dtype) / counted.sum())

    if batch.target is None:
        return of_tokens
    teacher = batch.target.transpose(0, 1).flatten(0, 1)

    def of_distributions(logits: Tensor) -> tuple[Tensor, Tensor]:
        guesses, probabilities = logits.log_softmax(-1), teacher.exp()
        share = counted.to(logits.dtype) / counted.sum()
        loss = (probabilities * (teacher - guesses)).sum(-1, keepdim=True).mul(share).sum()
        return loss, guesses.exp_().sub_(probabilities).mul_(share)

    return of_distributions


class Stack:
    """Students that start from one base; all their parameters are views of one tensor."""

    def __init__(self, base: Parameters, shape: Shape, students: int) -> None:
        """Copy the base's parameters for each student."""
        self._flat = torch.cat([tensor.flatten() for tensor in base.values()]).repeat(students, 1)
        self._flat.grad = torch.zeros_like(self._flat)
        of_all = [_views(all_of_it, base) for all_of_it in (self._flat, self._flat.grad)]
        self._networks = [Differentiated(*each, shape) for each in zip(*of_all, strict=True)]

    @property
    def parameters(self) -> list[Parameters]:
        """Return each student's parameters by name."""
        return [network.parameters for network in self._networks]

    @one_thread()
    def train(
        self,
        steps: Iterable[Sequence[Batch]],
        *,
        n_steps: int,
        learning_rate: float,
        warmup: int,
        show: str | None,
    ) -> Tensor:
        """Train the students with AdamW, a batch each in a step; return their losses (steps, students).

        The learning rate warms up over `warmup` steps and falls linearly. It runs on one thread, and gives
        the same bits on every run.
        """
        optimizer = torch.optim.AdamW([self._flat], lr=learning_rate, fused=True)
        losses = []
        for step, batches in enumerate(tqdm(steps, show, n_steps, disable=show is None, mininterval=5)):
            optimizer.param_groups[0]["lr"] = learning_rate * warmed_linear(step, n_steps, warmup)
            each = zip(self._networks, batches, strict=True)
            losses.append(torch.stack([_differentiated(network, batch) for network, batch in each]))
            optimizer.step()
        return torch.stack(losses)


def _differentiated(network: Differentiated, batch: Batch) -> Tensor:
    """Return a network's loss on a batch, and fill its gradient."""
    return network.loss(batch.tokens[:, :-1], batch.first, loss_on(batch), batch.among)


def _views(rows: Tensor, base: Parameters) -> list[Parameters]:
    """Return each row as tensors of the base's names and sizes, views of it."""
    lengths = [tensor.numel() for tensor in base.values()]
    return [
        {name: part.view(base[name].shape) for name, part in zip(base, row.split(lengths), strict=True)}
        for row in rows
    ]
