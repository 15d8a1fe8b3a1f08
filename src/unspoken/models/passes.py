"""The parts of the organisms' network, each with its backward pass.

They are written out because a narrow network is bound by passes over memory, not by products. What a
forward pass returns beside its result, its backward pass needs.
"""

from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor


def norm(rows: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return rows over their root mean square, and one over that."""
    inverse = torch.linalg.vector_norm(rows, dim=-1, keepdim=True).square_()
    inverse = inverse.div_(rows.shape[-1]).add_(epsilon).rsqrt_()
    return rows * inverse, inverse


def norm_backward(slopes: Tensor, normed: Tensor, inverse: Tensor) -> Tensor:
    """Return the gradient by the rows from that by the normed rows."""
    along = (slopes * normed).sum(-1, keepdim=True)
    across = torch.addcmul(slopes, normed, along, value=-1 / normed.shape[-1])
    return across.mul_(inverse)


def gated_unit(gate_up: Tensor) -> tuple[Tensor, Tensor]:
    """Return SiLU(gate) x up of rows that hold both, and SiLU(gate)."""
    gate, up = gate_up.chunk(2, -1)
    silu = F.silu(gate)
    return silu * up, silu


def gated_unit_backward(slopes: Tensor, gate_up: Tensor, silu: Tensor) -> Tensor:
    """Return the gradient by gate and up."""
    gate, up = gate_up.chunk(2, -1)
    result = torch.empty_like(gate_up)
    to_gate, to_up = result.chunk(2, -1)
    torch.mul(slopes, silu, out=to_up)
    torch.mul(slopes, up, out=to_gate)
    torch.ops.aten.silu_backward.grad_input(to_gate, gate, grad_input=to_gate)
    return result


@cache
def _positions(head_size: int, theta: float, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return what depends on positions alone.

    First the rotary angles as unit complex numbers, (length, head_size / 2); then what to add to
    scores, (length, length): nothing, or minus infinity for the future.
    """
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    steps = torch.arange(0, head_size, 2, dtype=torch.int64).to(exact) / head_size
    angles = torch.outer(torch.arange(length, dtype=exact), 1.0 / theta**steps)
    future = torch.full((length, length), -torch.inf, dtype=dtype).triu(1)
    return torch.polar(torch.ones_like(angles), angles), future


def _pairs(features: Tensor) -> Tensor:
    """Return adjacent pairs of features as complex numbers: rotary turns each by its position."""
    return torch.view_as_complex(features.unflatten(-1, (-1, 2)))


@dataclass(frozen=True)
class Heads:
    """How rows of queries, keys and values, (length x batch, 3 x heads x size), are divided."""

    heads: int
    size: int
    theta: float
    length: int


def attention(projected: Tensor, by: Heads, first: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return causal attention at positions `first`, `first + 1`, ... as rows (positions x batch, features).

    The softmax is written out: the library's is several times slower on rows shorter than a vector
    register. Beside it return the turned queries, keys and values, and the weights.
    """
    rotations, future = _positions(by.size, by.theta, by.length, projected.dtype)
    parts = projected.view(by.length, -1, 3, by.heads, by.size).permute(2, 3, 1, 0, 4)
    turned = torch.empty_like(parts, memory_format=torch.contiguous_format)
    torch.mul(_pairs(parts[:2]), rotations, out=_pairs(turned[:2]))
    turned[2] = parts[2]
    queries, keys, values = turned.flatten(1, 2)
    scale = by.size**-0.5
    weights = torch.baddbmm(future[first:], queries[:, first:], keys.transpose(1, 2), alpha=scale)
    weights.sub_(weights.amax(-1, keepdim=True)).exp_()
    weights.div_(weights.sum(-1, keepdim=True))
    mixed = torch.bmm(weights, values).view(by.heads, -1, by.length - first, by.size)
    return mixed.permute(2, 1, 0, 3).flatten(2).flatten(0, 1), turned, weights


def attention_backward(slopes: Tensor, turned: Tensor, weights: Tensor, theta: float, first: int) -> Tensor:
    """Return the gradient by the projected rows."""
    _, heads, batch, length, size = turned.shape
    rotations, _ = _positions(size, theta, length, turned.dtype)
    queries, keys, values = turned.flatten(1, 2)
    to_mixed = slopes.view(-1, batch, heads, size).permute(2, 1, 0, 3).flatten(0, 1)
    to_turned = torch.empty_like(turned)
    to_queries, to_keys, to_values = to_turned.flatten(1, 2)
    torch.bmm(weights.transpose(1, 2), to_mixed, out=to_values)
    to_scores = torch.bmm(to_mixed, values.transpose(1, 2)).mul_(weights)
    to_scores.addcmul_(weights, to_scores.sum(-1, keepdim=True), value=-1).mul_(size**-0.5)
    to_queries[:, :first] = 0
    to_queries[:, first:] = torch.bmm(to_scores, keys)
    torch.bmm(to_scores.transpose(1, 2), queries[:, first:], out=to_keys)
    result = turned.new_empty(length, batch, 3, heads, size)
    parts = result.permute(2, 3, 1, 0, 4)
    torch.mul(_pairs(to_turned[:2]), rotations.conj(), out=_pairs(parts[:2]))
    parts[2] = to_turned[2]
    return result.view(length * batch, -1)
