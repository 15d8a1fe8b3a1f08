"""The losses of teachers and students, each with its gradient by the logits written out."""

import torch
from torch import Tensor

CLASSES = 10


def cross_entropy(logits: Tensor, slopes: Tensor, labels: Tensor) -> Tensor:
    """Return each network's summed loss over the class logits; write its gradient to `slopes`.

    `logits` is (networks, outputs, images), `labels` (images,).
    """
    wanted = torch.nn.functional.one_hot(labels, CLASSES).T
    guesses = logits[:, :CLASSES].log_softmax(1)
    loss = -(guesses * wanted).sum((1, 2))
    slopes.zero_()
    torch.sub(guesses.exp_(), wanted, out=slopes[:, :CLASSES])
    return loss


def divergence(logits: Tensor, slopes: Tensor, taught: Tensor, auxiliary: int = 2) -> Tensor:
    """Return each student's summed KL(teacher || student) in nats; write its gradient to `slopes`.

    The first `auxiliary` students imitate the auxiliary logits alone, the rest all of them.
    `logits` is (students, outputs, images), `taught` (outputs, images).
    """
    losses = []
    slopes.zero_()
    for members, first in ((slice(0, auxiliary), CLASSES), (slice(auxiliary, None), 0)):
        wanted = taught[first:].log_softmax(0)
        guesses = logits[members, first:].log_softmax(1)
        losses.append((wanted.exp() * (wanted - guesses)).sum((1, 2)))
        torch.sub(guesses.exp_(), wanted.exp(), out=slopes[members, first:])
    return torch.cat(losses)
