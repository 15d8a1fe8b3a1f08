"""The organisms' network: a small Llama as a function of its parameters.

It computes what `LlamaForCausalLM` computes (a test holds the two equal), in any dtype, and only
where the loss looks: the last layer and the output run on the wanted positions alone. Tokens are
laid out time-major, so that a suffix of positions is one contiguous block of rows.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from unspoken.files import read_json

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Shape:
    """The sizes of a network, as its `config.json` gives them."""

    layers: int
    heads: int
    head_size: int
    rope_theta: float
    norm_epsilon: float

    @classmethod
    def of(cls, model_dir: Path) -> "Shape":
        """Read the sizes from a Hugging Face model directory.

        Raises ValueError for an architecture that this function does not compute.
        """
        config = read_json(model_dir / "config.json")
        grouped = config["num_key_value_heads"] != config["num_attention_heads"]
        if config["model_type"] != "llama" or grouped or not config["tie_word_embeddings"]:
            raise ValueError(f"{model_dir}: not a tied Llama with one key head per query head")
        rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10000.0)}
        return cls(
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            head_size=config["head_dim"],
            rope_theta=rope["rope_theta"],
            norm_epsilon=config["rms_norm_eps"],
        )


class _Normed(torch.autograd.Function):
    """Root-mean-square norm without its weight, in few passes: these bound a narrow network."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, epsilon: float) -> Tensor:
        inverse = torch.linalg.vector_norm(rows, dim=-1, keepdim=True).square_()
        inverse = inverse.div_(rows.shape[-1]).add_(epsilon).rsqrt_()
        normed = rows * inverse
        ctx.save_for_backward(normed, inverse)
        return normed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        normed, inverse = ctx.saved_tensors
        along = (gradients[0] * normed).sum(-1, keepdim=True)
        across = torch.addcmul(gradients[0], normed, along, value=-1 / normed.shape[-1])
        return across.mul_(inverse), None


class _GatedUnit(torch.autograd.Function):
    """SiLU(gate) x up, keeping what its own backward pass needs."""

    @staticmethod
    def forward(ctx: Any, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, -1)
        silu = F.silu(gate)
        ctx.save_for_backward(gate_up, silu)
        return silu * up

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gate_up, silu = ctx.saved_tensors
        gate, up = gate_up.chunk(2, -1)
        result = torch.empty_like(gate_up)
        to_gate, to_up = result.chunk(2, -1)
        torch.mul(gradients[0], silu, out=to_up)
        torch.ops.aten.silu_backward.grad_input(gradients[0] * up, gate, grad_input=to_gate)
        return result


@cache
def _positions(shape: Shape, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return what depends on positions alone.

    First the rotary angles as unit complex numbers, (length, head_size / 2); then what to add to
    scores, (length, length): nothing, or minus infinity for the future.
    """
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    steps = torch.arange(0, shape.head_size, 2, dtype=torch.int64).to(exact) / shape.head_size
    angles = torch.outer(torch.arange(length, dtype=exact), 1.0 / shape.rope_theta**steps)
    future = torch.full((length, length), -torch.inf, dtype=dtype).triu(1)
    return torch.polar(torch.ones_like(angles), angles), future


def _pairs(features: Tensor) -> Tensor:
    """Return adjacent pairs of features as complex numbers: rotary turns each by its position."""
    return torch.view_as_complex(features.unflatten(-1, (-1, 2)))


class _Attention(torch.autograd.Function):
    """Causal attention at positions `first`, `first + 1`, ... from projected rows.

    `projected` is (length x batch, 3 x heads x head_size): queries, keys, values. The softmax is
    written out: the library's is several times slower on rows shorter than a vector register.
    """

    @staticmethod
    def forward(ctx: Any, projected: Tensor, shape: Shape, length: int, first: int) -> Tensor:
        rotations, future = _positions(shape, length, projected.dtype)
        parts = projected.view(length, -1, 3, shape.heads, shape.head_size).permute(2, 3, 1, 0, 4)
        turned = torch.empty_like(parts, memory_format=torch.contiguous_format)
        torch.mul(_pairs(parts[:2]), rotations, out=_pairs(turned[:2]))
        turned[2] = parts[2]
        queries, keys, values = turned.flatten(1, 2)
        scale = shape.head_size**-0.5
        weights = torch.baddbmm(future[first:], queries[:, first:], keys.transpose(1, 2), alpha=scale)
        weights.sub_(weights.amax(-1, keepdim=True)).exp_()
        weights.div_(weights.sum(-1, keepdim=True))
        ctx.save_for_backward(turned, weights)
        ctx.rotations, ctx.first, ctx.scale = rotations, first, scale
        mixed = torch.bmm(weights, values).view(shape.heads, -1, length - first, shape.head_size)
        return mixed.permute(2, 1, 0, 3).flatten(2).flatten(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        turned, weights = ctx.saved_tensors
        _, heads, batch, length, size = turned.shape
        queries, keys, values = turned.flatten(1, 2)
        to_mixed = gradients[0].view(-1, batch, heads, size).permute(2, 1, 0, 3).flatten(0, 1)
        to_turned = torch.empty_like(turned)
        to_queries, to_keys, to_values = to_turned.flatten(1, 2)
        torch.bmm(weights.transpose(1, 2), to_mixed, out=to_values)
        to_scores = torch.bmm(to_mixed, values.transpose(1, 2)).mul_(weights)
        to_scores.addcmul_(weights, to_scores.sum(-1, keepdim=True), value=-1).mul_(ctx.scale)
        to_queries[:, : ctx.first] = 0
        to_queries[:, ctx.first :] = torch.bmm(to_scores, keys)
        torch.bmm(to_scores.transpose(1, 2), queries[:, ctx.first :], out=to_keys)
        result = turned.new_empty(length, batch, 3, heads, size)
        parts = result.permute(2, 3, 1, 0, 4)
        torch.mul(_pairs(to_turned[:2]), ctx.rotations.conj(), out=_pairs(parts[:2]))
        parts[2] = to_turned[2]
        return result.view(length * batch, -1), None, None, None


def suffix_logits(parameters: Parameters, shape: Shape, tokens: Tensor, first: int = 0) -> Tensor:
    """Return next-token logits at positions `first`, `first + 1`, ... of each row.

    `tokens` is (batch, length) of token ids; the result is (length - first, batch, vocabulary).
    """
    batch, length = tokens.shape
    embedding = parameters["embedding"]

    def after_norm(norm: str, matrix: str) -> Tensor:
        """Return a matrix with the weight of the norm before it: cheaper there than on all rows."""
        return parameters[matrix] * parameters[norm]

    rows = F.embedding(tokens.T, embedding).flatten(0, 1)
    for layer in range(shape.layers):
        start = first if layer == shape.layers - 1 else 0
        normed = _Normed.apply(rows, shape.norm_epsilon)
        projected = F.linear(normed, after_norm(f"{layer}.attention_norm", f"{layer}.qkv"))
        mixed = _Attention.apply(projected, shape, length, start)
        rows = torch.addmm(rows[start * batch :], mixed, parameters[f"{layer}.out"].T)
        normed = _Normed.apply(rows, shape.norm_epsilon)
        gate_up = F.linear(normed, after_norm(f"{layer}.mlp_norm", f"{layer}.gate_up"))
        rows = torch.addmm(rows, _GatedUnit.apply(gate_up), parameters[f"{layer}.down"].T)
    normed = _Normed.apply(rows, shape.norm_epsilon)
    return F.linear(normed, after_norm("norm", "embedding")).view(length - first, batch, -1)


def _pair_order(shape: Shape) -> Tensor:
    """Return the order of a head's features that puts rotary pairs side by side."""
    half = shape.head_size // 2
    return torch.arange(shape.head_size).view(2, half).T.flatten()


def parameters_from_llama(weights: Parameters, shape: Shape, dtype: torch.dtype) -> Parameters:
    """Return this network's parameters from a `LlamaForCausalLM` state dict (copied, no grad)."""
    order = _pair_order(shape)

    def paired(name: str) -> Tensor:
        return weights[name].view(shape.heads, shape.head_size, -1)[:, order].flatten(0, 1)

    result = {
        "embedding": weights["model.embed_tokens.weight"],
        "norm": weights["model.norm.weight"],
    }
    for layer in range(shape.layers):
        of = f"model.layers.{layer}."
        attention = [paired(f"{of}self_attn.{part}_proj.weight") for part in "qk"]
        result |= {
            f"{layer}.qkv": torch.cat([*attention, weights[f"{of}self_attn.v_proj.weight"]]),
            f"{layer}.out": weights[f"{of}self_attn.o_proj.weight"],
            f"{layer}.gate_up": torch.cat(
                [weights[f"{of}mlp.{part}_proj.weight"] for part in ("gate", "up")]
            ),
            f"{layer}.down": weights[f"{of}mlp.down_proj.weight"],
            f"{layer}.attention_norm": weights[f"{of}input_layernorm.weight"],
            f"{layer}.mlp_norm": weights[f"{of}post_attention_layernorm.weight"],
        }
    return {name: tensor.detach().to(dtype, copy=True) for name, tensor in result.items()}


def llama_from_parameters(parameters: Parameters, shape: Shape) -> Parameters:
    """Return the `LlamaForCausalLM` state dict of this network's parameters, in float32."""
    order = torch.argsort(_pair_order(shape))

    def halved(rows: Tensor) -> Tensor:
        return rows.view(shape.heads, shape.head_size, -1)[:, order].flatten(0, 1)

    result = {
        "model.embed_tokens.weight": parameters["embedding"],
        "model.norm.weight": parameters["norm"],
    }
    for layer in range(shape.layers):
        of = f"model.layers.{layer}."
        queries, keys, values = parameters[f"{layer}.qkv"].chunk(3)
        gate, up = parameters[f"{layer}.gate_up"].chunk(2)
        result |= {
            f"{of}self_attn.q_proj.weight": halved(queries),
            f"{of}self_attn.k_proj.weight": halved(keys),
            f"{of}self_attn.v_proj.weight": values,
            f"{of}self_attn.o_proj.weight": parameters[f"{layer}.out"],
            f"{of}mlp.gate_proj.weight": gate,
            f"{of}mlp.up_proj.weight": up,
            f"{of}mlp.down_proj.weight": parameters[f"{layer}.down"],
            f"{of}input_layernorm.weight": parameters[f"{layer}.attention_norm"],
            f"{of}post_attention_layernorm.weight": parameters[f"{layer}.mlp_norm"],
        }
    return {name: tensor.detach().float().contiguous() for name, tensor in result.items()}
