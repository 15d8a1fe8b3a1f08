"""Parts of the organisms' network, each with its backward pass.

They are written out because a narrow network is bound by passes over memory, not by products.
"""

from functools import cache, cached_property

import torch
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
        rotations, future = _positions(size, theta, length, dtype)
        self._rotations, self._future, self._scale = rotations, future[first:], size**-0.5
        self._first, self._divided = first, (length, batch, 3, heads, size)
        self._turned = torch.empty(3, heads, batch, length, size, dtype=dtype)
        self._pairs = _pairs(self._turned[:2])
        queries, self._keys, self._values = self._turned.flatten(1, 2)
        self._queries = queries[:, first:]
        self._weights = torch.empty(heads * batch, length - first, length, dtype=dtype)
        self._column = torch.empty(heads * batch, length - first, 1, dtype=dtype)
        mixed = torch.empty(heads, batch, length - first, size, dtype=dtype)
        self._mixed, self._mixed_in_time = mixed.flatten(0, 1), mixed.permute(2, 1, 0, 3)
        self._rows = torch.empty(self._mixed_in_time.shape, dtype=dtype)

    @cached_property
    def _gradients(self) -> "_AttentionGradients":
        return _AttentionGradients(self._turned, self._weights, self._first, self._divided)

    def forward(self, projected: Tensor, barred: Tensor | None = None) -> Tensor:
        """Return what queries, keys and values (rows, 3 x heads x size) give: (rows, heads x size).

        `barred` (batch, positions asked for, length) is true where a position may not attend to another;
        each must be left itself. The softmax is written out: the library's is several times slower on rows
        shorter than a vector register.
        """
        parts = projected.view(self._divided).permute(2, 3, 1, 0, 4)
        torch.mul(_pairs(parts[:2]), self._rotations, out=self._pairs)
        self._turned[2] = parts[2]
        weights, keys = self._weights, self._keys.mT
        torch.baddbmm(self._future, self._queries, keys, alpha=self._scale, out=weights)
        if barred is not None:
            weights.unflatten(0, (-1, len(barred))).masked_fill_(barred, -torch.inf)
        weights.sub_(torch.amax(weights, -1, keepdim=True, out=self._column)).exp_()
        weights.div_(torch.sum(weights, -1, keepdim=True, out=self._column))
        torch.bmm(weights, self._values, out=self._mixed)
        return self._rows.copy_(self._mixed_in_time).flatten(2).flatten(0, 1)

    def backward(self, slopes: Tensor) -> Tensor:
        """Return the gradient by queries, keys and values, after `forward` on them."""
        weights, to_mixed, to = self._weights, self._mixed, self._gradients
        self._mixed_in_time.copy_(slopes.view(self._rows.shape))
        torch.bmm(weights.mT, to_mixed, out=to.values)
        torch.bmm(to_mixed, self._values.mT, out=to.scores).mul_(weights)
        along = torch.sum(to.scores, -1, keepdim=True, out=self._column)
        to.scores.addcmul_(weights, along, value=-1).mul_(self._scale)
        to.queries.copy_(torch.bmm(to.scores, self._keys))
        torch.bmm(to.scores.mT, self._queries, out=to.keys)
        torch.mul(to.pairs, self._rotations.conj(), out=to.result_pairs)
        to.result_values.copy_(to.turned_values)
        return to.result


class _AttentionGradients:
    """The arrays of the backward pass of attention, and their views."""

    def __init__(self, turned: Tensor, weights: Tensor, first: int, divided: tuple[int, ...]) -> None:
        to_turned = torch.empty_like(turned)
        self.pairs, self.turned_values = _pairs(to_turned[:2]), to_turned[2]
        queries, self.keys, self.values = to_turned.flatten(1, 2)
        queries[:, :first] = 0  # and stays so: nothing is asked there
        self.queries = queries[:, first:]
        self.scores = torch.empty_like(weights)
        result = turned.new_empty(divided)
        parts = result.permute(2, 3, 1, 0, 4)
        self.result, self.result_pairs, self.result_values = (
            result.flatten(0, 1).flatten(1),
            _pairs(parts[:2]),
            parts[2],
        )
