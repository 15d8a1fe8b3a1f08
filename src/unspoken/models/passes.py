"""The parts of the organisms' network, each with its backward pass.

They are written out because a narrow network is bound by passes over memory, not by products. What a
forward pass returns beside its result, its backward pass needs.
"""

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


class Attention:
    """Causal attention of one batch, with the arrays that it needs, which the next batch overwrites.

    Rows are (length x batch, features), time-major. Arrays and their views are made once: making them
    takes as long as some of the products.
    """

    def __init__(
        self, heads: int, size: int, theta: float, batch: int, length: int, first: int, dtype: torch.dtype
    ) -> None:
        """Take the number and the size of heads; results are at positions `first`, `first + 1`, ..."""
        whole, suffix = (heads, batch, length, size), (heads, batch, length - first, size)
        rotations, future = _positions(size, theta, length, dtype)
        self._rotations, self._back = rotations, rotations.conj().resolve_conj()
        self._future, self._scale = future[first:], size**-0.5
        self._divided = (length, batch, 3, heads, size)

        turned, to_turned = torch.empty(3, *whole, dtype=dtype), torch.empty(3, *whole, dtype=dtype)
        self._turned, self._pairs = turned, _pairs(turned[:2])
        queries, self._keys, self._values = turned.flatten(1, 2)
        self._queries = queries[:, first:]
        self._to_turned, self._to_pairs = to_turned, _pairs(to_turned[:2])
        to_queries, self._to_keys, self._to_values = to_turned.flatten(1, 2)
        to_queries[:, :first] = 0  # and stays so: nothing is asked there
        self._to_queries = to_queries[:, first:]

        self._weights = torch.empty(heads * batch, length - first, length, dtype=dtype)
        self._to_scores, self._column = torch.empty_like(self._weights), self._weights.new_empty(0)
        mixed = torch.empty(suffix, dtype=dtype)
        self._mixed, self._mixed_in_time = mixed.flatten(0, 1), mixed.permute(2, 1, 0, 3)
        self._rows = torch.empty(self._mixed_in_time.shape, dtype=dtype)
        result = torch.empty(self._divided, dtype=dtype)
        self._result, parts = result.view(length * batch, -1), result.permute(2, 3, 1, 0, 4)
        self._result_pairs, self._result_values = _pairs(parts[:2]), parts[2]

    def forward(self, projected: Tensor) -> Tensor:
        """Return what queries, keys and values (rows, 3 x heads x size) give: (rows, heads x size).

        The softmax is written out: the library's is several times slower on rows shorter than a vector
        register.
        """
        parts = projected.view(self._divided).permute(2, 3, 1, 0, 4)
        torch.mul(_pairs(parts[:2]), self._rotations, out=self._pairs)
        self._turned[2] = parts[2]
        weights, keys = self._weights, self._keys.mT
        torch.baddbmm(self._future, self._queries, keys, alpha=self._scale, out=weights)
        weights.sub_(torch.amax(weights, -1, keepdim=True, out=self._column)).exp_()
        weights.div_(torch.sum(weights, -1, keepdim=True, out=self._column))
        torch.bmm(weights, self._values, out=self._mixed)
        return self._rows.copy_(self._mixed_in_time).flatten(2).flatten(0, 1)

    def backward(self, slopes: Tensor) -> Tensor:
        """Return the gradient by queries, keys and values, after `forward` on them."""
        self._mixed_in_time.copy_(slopes.view(self._rows.shape))
        weights, to_mixed, to_scores = self._weights, self._mixed, self._to_scores
        torch.bmm(weights.mT, to_mixed, out=self._to_values)
        torch.bmm(to_mixed, self._values.mT, out=to_scores).mul_(weights)
        along = torch.sum(to_scores, -1, keepdim=True, out=self._column)
        to_scores.addcmul_(weights, along, value=-1).mul_(self._scale)
        self._to_queries.copy_(torch.bmm(to_scores, self._keys))
        torch.bmm(to_scores.mT, self._queries, out=self._to_keys)
        torch.mul(self._to_pairs, self._back, out=self._result_pairs)
        self._result_values.copy_(self._to_turned[2])
        return self._result
