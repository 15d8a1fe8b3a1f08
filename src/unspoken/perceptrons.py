"""Many small ReLU networks trained at once: stacked parameters, batched products, one optimiser.

Networks come in groups whose members see the same images: the students of one teacher. Activations
are (networks, units, images), so that the first layer of a whole group is one matrix product. The
backward pass is written out (a test holds it equal to autograd's): nothing is computed for the
images, and every large array is written in place. Products run group by group, because one group's
activations fit the processor's cache and thirty groups' do not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

Network = list[Tensor]
# From the logits (members, outputs, images) to each member's loss; writes the gradient by the
# logits to its second argument.
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Group:
    """Parameters of `members` networks on the same images; weights, then biases of one column.

    The first layer is one matrix (members x units, pixels); later layers are (members, out, in).
    """

    weights: list[Tensor]
    biases: list[Tensor]


class Perceptrons:
    """`groups` x `members` networks of layer `sizes`; all parameters are views of `flat`."""

    def __init__(self, groups: int, members: int, sizes: Sequence[int]) -> None:
        """Lay out every group's weights, then its biases, in one tensor of zeros."""
        self.members = members
        self.layers = list(pairwise(sizes))
        shapes = [(members, out, into) for into, out in self.layers]
        shapes += [(members, out, 1) for _, out in self.layers]
        lengths = [members * out * into for _, out, into in shapes]
        self.flat = torch.zeros(groups * sum(lengths))
        rows = self.flat.view(groups, -1).split(lengths, 1)
        self._views = [part.view(groups, *shape) for part, shape in zip(rows, shapes, strict=True)]
        self.groups = [self._group(number) for number in range(groups)]

    def _group(self, number: int) -> Group:
        views = [view[number] for view in self._views]
        for first in (0, len(self.layers)):
            views[first] = views[first].flatten(0, 1)
        return Group(views[: len(self.layers)], views[len(self.layers) :])

    def fill(self, networks: Sequence[Network]) -> None:
        """Copy each network's parameters (weights, then biases) in, groups first."""
        for layer, view in enumerate(self._views):
            view.copy_(torch.stack([network[layer] for network in networks]).view_as(view))

    def networks(self) -> list[Network]:
        """Return a copy of each network's parameters: weights (out, in), then biases (out, 1)."""
        flattened = [view.flatten(0, 1) for view in self._views]
        return [[view[index].clone() for view in flattened] for index in range(len(flattened[0]))]


def initial_network(sizes: Sequence[int], seed: int) -> Network:
    """Return weights drawn from N(0, 1/fan-in), then zero biases (Cloud et al., section 6)."""
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(out, into, generator=generator) / into**0.5 for into, out in pairwise(sizes)]
    return weights + [torch.zeros(out, 1) for out in sizes[1:]]


class Workspace:
    """One group's arrays for one batch size, reused from step to step and group to group."""

    def __init__(self, stack: Perceptrons, batch: int, mirrored: bool) -> None:
        self.mirrored = mirrored
        shapes = [(stack.members, out, batch) for _, out in stack.layers]
        self.activations = [torch.empty(shape) for shape in shapes]
        self.slopes = [torch.empty(shape) for shape in shapes]
        self.half = torch.empty(stack.members * shapes[0][1], batch // 2 if mirrored else 0)


def outputs(group: Group, images: Tensor, work: Workspace) -> Tensor:
    """Return logits (members, outputs, images), and keep the activations in `work`.

    `images` is (images, pixels). Mirrored work also takes each image's negative, after all images:
    its first layer is the same product with the other sign.
    """
    first = work.activations[0].flatten(0, 1)
    if work.mirrored:
        count = len(images)
        torch.mm(group.weights[0], images.T, out=work.half)
        torch.add(group.biases[0], work.half, out=first[:, :count])
        torch.sub(group.biases[0], work.half, out=first[:, count:])
    else:
        torch.mm(group.weights[0], images.T, out=first)
        first.add_(group.biases[0])
    for layer in range(1, len(group.weights)):
        below = work.activations[layer - 1].relu_()
        torch.bmm(group.weights[layer], below, out=work.activations[layer])
        work.activations[layer].add_(group.biases[layer])
    return work.activations[-1]


def backpropagate(group: Group, gradient: Group, images: Tensor, work: Workspace) -> None:
    """Fill `gradient` from the logit slopes in `work`, after `outputs` on the same images."""
    for layer in range(len(group.weights) - 1, 0, -1):
        slopes, below = work.slopes[layer], work.activations[layer - 1]
        torch.bmm(slopes, below.mT, out=gradient.weights[layer])
        torch.sum(slopes, -1, keepdim=True, out=gradient.biases[layer])
        lower = torch.bmm(group.weights[layer].mT, slopes, out=work.slopes[layer - 1])
        torch.ops.aten.threshold_backward.grad_input(lower, below, 0, grad_input=lower)
    slopes = work.slopes[0].flatten(0, 1)
    torch.sum(slopes, -1, keepdim=True, out=gradient.biases[0])
    if work.mirrored:
        count = len(images)
        slopes = torch.sub(slopes[:, :count], slopes[:, count:], out=work.half)
    torch.mm(slopes, images, out=gradient.weights[0])


class Trainees:
    """A stack of networks with its gradient, and Adam, or plain SGD, over all of it as one tensor."""

    def __init__(
        self,
        groups: int,
        members: int,
        sizes: Sequence[int],
        rate: float,
        mirrored: bool = False,
        sgd_rate: float | None = None,
    ) -> None:
        """Lay out the networks; with an `sgd_rate`, steps are plain SGD's of that rate, else Adam's."""
        self.stack = Perceptrons(groups, members, sizes)
        self._gradient = Perceptrons(groups, members, sizes)
        self._mirrored = mirrored
        self._workspaces: dict[int, Workspace] = {}
        self.stack.flat.grad = self._gradient.flat
        self._optimiser: torch.optim.Optimizer = (
            torch.optim.Adam([self.stack.flat], lr=rate, fused=True)
            if sgd_rate is None
            else torch.optim.SGD([self.stack.flat], lr=sgd_rate)
        )

    def _workspace(self, images: Tensor) -> Workspace:
        batch = len(images) * (2 if self._mirrored else 1)
        if batch not in self._workspaces:
            self._workspaces[batch] = Workspace(self.stack, batch, self._mirrored)
        return self._workspaces[batch]

    def logits(self, group: int, images: Tensor) -> Tensor:
        """Return one group's logits (members, outputs, images); the next call overwrites them."""
        return outputs(self.stack.groups[group], images, self._workspace(images))

    def step(self, batch: Callable[[int], tuple[Tensor, Loss]], divisor: int) -> Tensor:
        """Take one step of all networks; return their losses (groups, members).

        `batch` gives a group's images and its loss, of which the step takes `divisor`-th parts.
        """
        values = []
        for number, (group, gradient) in enumerate(
            zip(self.stack.groups, self._gradient.groups, strict=True)
        ):
            images, loss = batch(number)
            work = self._workspace(images)
            values.append(loss(outputs(group, images, work), work.slopes[-1]))
            work.slopes[-1].div_(divisor)
            backpropagate(group, gradient, images, work)
        self._optimiser.step()
        return torch.stack(values)
