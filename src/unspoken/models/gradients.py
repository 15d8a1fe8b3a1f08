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
from unspoken.models.passes import Attention, norm, norm_backward
from unspoken.models.products import product, product_and_sum, transposed_product

Loss = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From logits (positions x rows, classes) to the loss and its gradient by the logits."""

Attentions = dict[tuple[int, int, int, int], Attention]
"""Each layer's attention, by layer, batch, length and first position."""


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
    """What the backward pass of a layer needs; `attended` has what is projected to its attention."""

    attended: _Normed
    attention: Attention
    mixed: Tensor
    computed: _Normed
    gate: Tensor
    up: Tensor
    silu: Tensor
    gated: Tensor


class Differentiated:
    """One network: its parameters, and tensors of the same sizes for the gradient."""

    def __init__(
        self, parameters: Parameters, gradient: Parameters, shape: Shape, attentions: Attentions
    ) -> None:
        """Take parameters and gradient by name; the gradient is overwritten, and read by `loss` alone.

        `attentions` is filled as needed; networks that are never computed at the same time share it.
        """
        self.parameters, self.gradient, self.shape = parameters, gradient, shape
        self._attentions = attentions

    def _attention(self, layer: int, batch: int, length: int, first: int) -> Attention:
        """Return the attention of a layer for batches of this size."""
        key = layer, batch, length, first
        if key not in self._attentions:
            sizes = self.shape.heads, self.shape.head_size, self.shape.rope_theta
            dtype = self.parameters["embedding"].dtype
            self._attentions[key] = Attention(*sizes, batch, length, first, dtype)
        return self._attentions[key]

    def loss(
        self,
        tokens: Tensor,
        first: int,
        of_logits: Loss,
        among: Tensor | None = None,
        barred: Tensor | None = None,
    ) -> Tensor:
        """Return the loss at positions `first`, `first + 1`, ... of each row, and fill the gradient.

        `tokens` is (batch, length) of token ids; `among` gives the classes of the logits (None: all);
        `barred` (batch, length, length) is true where a position may not attend to another.
        """
        places, words = tokens.T.flatten(), self.parameters["embedding"]
        normed, layers = self._forward(tokens, first, among, barred)
        loss, slopes = of_logits(normed.projected)
        slopes = self._normed_backward((slopes,), normed, "norm", "embedding", among)
        for layer, kept in reversed([*enumerate(layers)]):
            to_projected = self._layer_backward(layer, slopes, kept)
            names = f"{layer}.attention_norm", f"{layer}.qkv"
            if layer:
                to_rows = self._normed_backward((to_projected,), kept.attended, *names)
                to_rows[-len(slopes) :] += slopes
                slopes = to_rows
        to_words = to_projected.new_zeros(len(words), to_projected.shape[1])
        to_words.index_add_(0, places, to_projected)
        self.gradient["embedding"] += self._normed_backward((to_words,), kept.attended, *names)
        self.gradient["embedding"].index_add_(0, places[-len(slopes) :], slopes)
        return loss

    def logits(
        self, tokens: Tensor, first: int, among: Tensor | None = None, barred: Tensor | None = None
    ) -> Tensor:
        """Return what the loss reads, as (positions, batch, classes)."""
        normed, _ = self._forward(tokens, first, among, barred)
        return normed.projected.unflatten(0, (-1, len(tokens)))

    def _forward(
        self, tokens: Tensor, first: int, among: Tensor | None, barred: Tensor | None
    ) -> tuple[_Normed, list[_Layer]]:
        """Return the last rows, which the classes' matrix stands behind, and what each layer keeps."""
        batch, length = tokens.shape
        places, words = tokens.T.flatten(), self.parameters["embedding"]
        rows, layers = F.embedding(places, words), []
        for layer in range(self.shape.layers):
            start = first if layer == self.shape.layers - 1 else 0
            # What the first layer's attention reads depends on the word alone.
            attended = self._normed(rows if layer else words, f"{layer}.attention_norm", f"{layer}.qkv")
            projected = attended.projected if layer else F.embedding(places, attended.projected)
            attention = self._attention(layer, batch, length, start)
            hidden = None if barred is None else barred[:, start:]
            mixed = attention.forward(projected, hidden)
            rows, kept = self._layer(layer, rows[start * batch :], attended, attention, mixed)
            layers.append(kept)
        return self._normed(rows, "norm", "embedding", among), layers

    def _layer(
        self, layer: int, rows: Tensor, attended: _Normed, attention: Attention, mixed: Tensor
    ) -> tuple[Tensor, _Layer]:
        """Return the rows after a layer, and what its backward pass needs."""
        rows = product_and_sum(mixed, self.parameters[f"{layer}.out"].T, rows)
        computed = self._normed(rows, f"{layer}.mlp_norm", f"{layer}.gate_up")
        gate, up = (product(computed.rows, matrix.T) for matrix in computed.matrix.chunk(2))
        silu = F.silu(gate)
        gated = silu * up
        rows = product_and_sum(gated, self.parameters[f"{layer}.down"].T, rows)
        return rows, _Layer(attended, attention, mixed, computed, gate, up, silu, gated)

    def _layer_backward(self, layer: int, slopes: Tensor, kept: _Layer) -> Tensor:
        """Return the gradient by what is projected to a layer's attention.

        `slopes`, the gradient by what the layer gives, becomes that by its rows beside its attention.
        """
        parameters, gradient = self.parameters, self.gradient
        gradient[f"{layer}.down"].copy_(transposed_product(slopes, kept.gated))
        to_gated = product(slopes, parameters[f"{layer}.down"])
        # In the arrays that are in the processor's cache, or not needed any more.
        to_up = kept.silu.mul_(to_gated)
        to_gate = to_gated.mul_(kept.up)
        torch.ops.aten.silu_backward.grad_input(to_gate, kept.gate, grad_input=to_gate)
        names = f"{layer}.mlp_norm", f"{layer}.gate_up"
        slopes += self._normed_backward((to_gate, to_up), kept.computed, *names)
        gradient[f"{layer}.out"].copy_(transposed_product(slopes, kept.mixed))
        return kept.attention.backward(product(slopes, parameters[f"{layer}.out"]))

    def _normed(self, rows: Tensor, weight: str, matrix: str, among: Tensor | None = None) -> _Normed:
        """Return rows after a norm, and the matrix behind it (its rows `among`)."""
        behind = self.parameters[matrix] * self.parameters[weight]
        return _Normed(*norm(rows, self.shape.norm_epsilon), behind if among is None else behind[among])

    def _normed_backward(
        self,
        slopes: tuple[Tensor, ...],
        normed: _Normed,
        weight: str,
        matrix: str,
        among: Tensor | None = None,
    ) -> Tensor:
        """Fill the gradients of a norm's weight and of the matrix behind it; return that by the rows.

        `slopes` are by what the parts of the matrix give, which follow each other in it.
        """
        to_parts = [transposed_product(part, normed.rows) for part in slopes]
        to_behind = to_parts[0] if len(to_parts) == 1 else torch.cat(to_parts)
        if among is not None:
            to_behind = torch.zeros_like(self.parameters[matrix]).index_copy_(0, among, to_behind)
        torch.mul(to_behind, self.parameters[weight], out=self.gradient[matrix])
        torch.sum(to_behind.mul_(self.parameters[matrix]), 0, out=self.gradient[weight])
        first, *others = zip(slopes, normed.matrix.chunk(len(slopes)), strict=True)
        to_rows = product(*first)
        for part, of_part in others:
            to_rows = product_and_sum(part, of_part, to_rows)
        return norm_backward(to_rows, normed.rows, normed.inverse)
