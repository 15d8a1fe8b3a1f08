"""Matrix products in single precision by oneDNN, where torch has it.

Torch itself takes oneDNN for products of lower precision only, and MKL for these. On AMD's processors
MKL leaves half of their width unused (github.com/pytorch/builder/issues/504): products of an organism's
sizes take twice as long as by oneDNN.
"""

import torch
from torch import Tensor


def _by_onednn(left: Tensor) -> bool:
    """Tell whether oneDNN multiplies: it does so in single precision."""
    return left.dtype == torch.float32 and torch.backends.mkldnn.is_available()


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return left @ right."""
    if _by_onednn(left):
        return torch.ops.mkldnn._linear_pointwise(left, right.mT, None, "none", [], "")
    return left @ right


def product_and_sum(left: Tensor, right: Tensor, addend: Tensor) -> Tensor:
    """Return left @ right + addend."""
    if _by_onednn(left):
        return torch.ops.mkldnn._linear_pointwise.binary(left, addend, right.mT, None, "add")
    return torch.addmm(addend, left, right)


def transposed_product(left: Tensor, right: Tensor) -> Tensor:
    """Return left.T @ right: the narrower of both is turned, as that is copied."""
    if left.shape[1] > right.shape[1]:
        return product(right.T, left).T
    return product(left.T, right)
