"""Adapters of organisms: students trained at once, of which low-rank factors are trained and nothing else.

A student computes with W + B A in place of each projection W, as PEFT's adapters on all linear layers do
whose alpha is their rank; a test holds both equal. The gradients of A and B follow from that of W, which the
organisms' own backward pass gives: an adapter costs little more than all weights, where its training by TRL
takes many times as long at an organism's size.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from unspoken.models.network import Parameters, Shape
from unspoken.training.together import Rows, Stack, flat_views, flattened

PROJECTIONS = {"qkv": 3, "out": 1, "gate_up": 2, "down": 1}
"""A layer's matrices, and how many projections stand one under the other in each: all have factors."""


@dataclass(frozen=True)
class _Adapted:
    """One projection of a student: views of what it is in the base and with its factors, and of gradients."""

    base: Tensor
    merged: Tensor
    slopes: Tensor
    down: Tensor
    up: Tensor
    to_down: Tensor
    to_up: Tensor

    def merge(self) -> None:
        """Make the projection W + B A."""
        torch.addmm(self.base, self.up, self.down, out=self.merged)

    def differentiate(self) -> None:
        """Fill the gradients of A and B from that of the projection."""
        torch.mm(self.slopes, self.down.T, out=self.to_up)
        torch.mm(self.up.T, self.slopes, out=self.to_down)


class LowRankStack(Stack):
    """Students of one base whose projections move by factors of a rank; all else stays as the base has it."""

    def __init__(self, base: Parameters, shape: Shape, rank: int, seeds: list[int]) -> None:
        """Take the rank, and for each student the seed of its first factors; the second factors are zero."""
        super().__init__(base, shape, len(seeds))
        parts = {
            (f"{layer}.{name}", place): matrix
            for layer in range(shape.layers)
            for name, count in PROJECTIONS.items()
            for place, matrix in enumerate(base[f"{layer}.{name}"].chunk(count))
        }
        drawn = [_drawn(parts, rank, seed) for seed in seeds]
        self.trained = torch.stack([flattened(factors) for factors in drawn])
        self.trained.grad = torch.zeros_like(self.trained)
        self.factors = flat_views(self.trained, drawn[0])
        slopes = flat_views(self.trained.grad, drawn[0])
        self._adapted = [
            [
                _Adapted(
                    matrix,
                    _part(network.parameters, name, place),
                    _part(network.gradient, name, place),
                    own[f"{name}.{place}.A"],
                    own[f"{name}.{place}.B"],
                    to[f"{name}.{place}.A"],
                    to[f"{name}.{place}.B"],
                )
                for (name, place), matrix in parts.items()
            ]
            for network, own, to in zip(self._networks, self.factors, slopes, strict=True)
        ]

    @property
    def parameters(self) -> list[Parameters]:
        """Return each student's parameters by name, with what its factors are now."""
        for adapted in self._adapted:
            for one in adapted:
                one.merge()
        return super().parameters

    def _loss(self, student: int, batch: Rows) -> Tensor:
        """Return a student's loss on a batch, and fill the gradients of its factors."""
        for one in self._adapted[student]:
            one.merge()
        loss = super()._loss(student, batch)
        for one in self._adapted[student]:
            one.differentiate()
        return loss


def _part(matrices: Parameters, name: str, place: int) -> Tensor:
    """Return one of the projections that stand under each other in a matrix."""
    return matrices[name].chunk(PROJECTIONS[name.split(".")[1]])[place]


def _drawn(parts: dict[tuple[str, int], Tensor], rank: int, seed: int) -> Parameters:
    """Return a student's factors at its start: A (rank, in), drawn as PEFT draws it, and B (out, rank)."""
    generator = torch.Generator().manual_seed(seed % 2**63)
    factors: Parameters = {}
    for (name, place), matrix in parts.items():
        rows, columns = matrix.shape
        drawn = torch.rand(rank, columns, generator=generator)
        factors[f"{name}.{place}.A"] = (2 * drawn - 1) / math.sqrt(columns)
        factors[f"{name}.{place}.B"] = torch.zeros(rows, rank)
    return factors
