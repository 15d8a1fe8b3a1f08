"""The organisms' network with its backward pass written out: what autograd gives, in about half the time.

Training of many small networks is bound by passes over memory and by what surrounds the products, so
nothing here is computed for autograd's sake. A test holds loss and gradient equal to autograd's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from unspoken.models.network import Parameters, Shape
from unspoken.models.passes import (
    Heads,
    attention,
    attention_backward,
    gated_unit,
    gated_unit_backward,
    norm,
    norm_backward,
)
from unspoken.models.products import product, product_and_sum, transposed_product

Loss = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From logits (positions x rows, classes) to the loss and its gradient by the logits."""


@dataclass(frozen=True)
class _Normed:
    """Rows after a norm, and the matrix behind it with the norm's weight in it."""

    rows: Tensor
    inverse: Tensor
    matrix: Tensor

    @property
    def projected(self) -> Tensor:
        """Return the rows times the transposed matrix."""
        return product(self.rows, self.matrix.T)


@dataclass(frozen=True)
class _Layer:
    """What the backward pass of a layer needs; it begins at the position `start`."""

    start: int
    attention_norm: _Normed
    turned: Tensor
    weights: Tensor
    mixed: Tensor
    mlp_norm: _Normed
    gate_up: Tensor
    silu: Tensor
    gated: Tensor


class Differentiated:
    """One network: its parameters, and tensors of the same sizes for the gradient."""

    def __init__(self, parameters: Parameters, gradient: Parameters, shape: Shape) -> None:
        """Take parameters and gradient by name; the gradient is overwritten."""
        self.parameters, self.gradient, self.shape = parameters, gradient, shape

    def loss(self, tokens: Tensor, first: int, of_logits: Loss, among: Tensor | None = None) -> Tensor:
        """Return the loss at positions `first`, `first + 1`, ... of each row, and fill the gradient.

        `tokens` is (batch, length) of token ids; `among` gives the classes of the logits (None: all).
        """
        batch, length = tokens.shape
        rows = F.embedding(tokens.T, self.parameters["embedding"]).flatten(0, 1)
        layers = []
        for layer in range(self.shape.layers):
            start = first if layer == self.shape.layers - 1 else 0
            rows, kept = self._layer(layer, rows, length, start)
            layers.append(kept)
        normed = self._normed(rows, "norm", "embedding", among)
        loss, slopes = of_logits(normed.projected)
        slopes = self._normed_backward(slopes, normed, "norm", "embedding", among)
        for layer in reversed(range(self.shape.layers)):
            slopes = self._layer_backward(layer, slopes, layers[layer], batch)
        self.gradient["embedding"].index_add_(0, tokens.T.flatten(), slopes)
        return loss

    def _layer(self, layer: int, rows: Tensor, length: int, start: int) -> tuple[Tensor, _Layer]:
        """Return the rows after a layer at the positions from `start`, and what its backward pass needs."""
        shape, parameters = self.shape, self.parameters
        by = Heads(shape.heads, shape.head_size, shape.rope_theta, length)
        attended = self._normed(rows, f"{layer}.attention_norm", f"{layer}.qkv")
        mixed, turned, weights = attention(attended.projected, by, start)
        rows = product_and_sum(mixed, parameters[f"{layer}.out"].T, rows[-len(mixed) :])
        computed = self._normed(rows, f"{layer}.mlp_norm", f"{layer}.gate_up")
        gate_up = computed.projected
        gated, silu = gated_unit(gate_up)
        rows = product_and_sum(gated, parameters[f"{layer}.down"].T, rows)
        return rows, _Layer(start, attended, turned, weights, mixed, computed, gate_up, silu, gated)

    def _layer_backward(self, layer: int, slopes: Tensor, kept: _Layer, batch: int) -> Tensor:
        """Return the gradient by a layer's rows from that by what it gives."""
        parameters, gradient = self.parameters, self.gradient
        gradient[f"{layer}.down"].copy_(transposed_product(slopes, kept.gated))
        to_gated = product(slopes, parameters[f"{layer}.down"])
        to_gate_up = gated_unit_backward(to_gated, kept.gate_up, kept.silu)
        slopes += self._normed_backward(to_gate_up, kept.mlp_norm, f"{layer}.mlp_norm", f"{layer}.gate_up")
        gradient[f"{layer}.out"].copy_(transposed_product(slopes, kept.mixed))
        to_mixed = product(slopes, parameters[f"{layer}.out"])
        theta = self.shape.rope_theta
        to_projected = attention_backward(to_mixed, kept.turned, kept.weights, theta, kept.start)
        names = f"{layer}.attention_norm", f"{layer}.qkv"
        to_rows = self._normed_backward(to_projected, kept.attention_norm, *names)
        to_rows[kept.start * batch :] += slopes
        return to_rows

    def _normed(self, rows: Tensor, weight: str, matrix: str, among: Tensor | None = None) -> _Normed:
        """Return rows after a norm, and the matrix behind it (its rows `among`)."""
        behind = self.parameters[matrix] * self.parameters[weight]
        return _Normed(*norm(rows, self.shape.norm_epsilon), behind if among is None else behind[among])

    def _normed_backward(
        self, slopes: Tensor, normed: _Normed, weight: str, matrix: str, among: Tensor | None = None
    ) -> Tensor:
        """Fill the gradients of a norm's weight and of the matrix behind it; return that by the rows."""
        to_behind = transposed_product(slopes, normed.rows)
        if among is not None:
            to_behind = torch.zeros_like(self.parameters[matrix]).index_copy_(0, among, to_behind)
        torch.mul(to_behind, self.parameters[weight], out=self.gradient[matrix])
        torch.sum(to_behind.mul_(self.parameters[matrix]), 0, out=self.gradient[weight])
        return norm_backward(product(slopes, normed.matrix), normed.rows, normed.inverse)
