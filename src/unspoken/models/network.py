"""The organisms' network: a small Llama as a function of its parameters.

It computes what `LlamaForCausalLM` computes (a test holds the two equal), in any dtype, and only
where the loss looks: the last layer and the output run on the wanted positions alone. Tokens are
laid out time-major, so that a suffix of positions is one contiguous block of rows.
"""

from dataclasses import dataclass
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


class _RMSNorm(torch.autograd.Function):
    """Root-mean-square norm with few passes over memory: a narrow network is bound by those."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        inverse = torch.linalg.vector_norm(rows, dim=-1, keepdim=True).square_()
        inverse = inverse.div_(rows.shape[-1]).add_(epsilon).rsqrt_()
        normed = rows * inverse
        ctx.save_for_backward(normed, weight, inverse)
        return normed * weight

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        normed, weight, inverse = ctx.saved_tensors
        scaled = gradients[0] * normed
        mean = (scaled @ weight).unsqueeze(-1).div_(normed.shape[-1])
        to_rows = (gradients[0] * weight).addcmul_(normed, mean, value=-1).mul_(inverse)
        return to_rows, scaled.sum(0), None


class _GatedUnit(torch.autograd.Function):
    """SiLU(gate) x up, keeping what its own backward pass needs."""

    @staticmethod
    def forward(ctx: Any, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, -1)
        sigmoid = torch.sigmoid(gate)
        silu = sigmoid * gate
        ctx.save_for_backward(gate_up, sigmoid, silu)
        return silu * up

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gate_up, sigmoid, silu = ctx.saved_tensors
        up = gate_up.chunk(2, -1)[1]
        result = torch.empty_like(gate_up)
        to_gate, to_up = result.chunk(2, -1)
        torch.mul(gradients[0], silu, out=to_up)
        slope = torch.addcmul(sigmoid + silu, silu, sigmoid, value=-1)
        torch.mul(gradients[0], up, out=to_gate).mul_(slope)
        return result


def _rotations(shape: Shape, length: int, dtype: torch.dtype) -> Tensor:
    """Return the rotary angles as unit complex numbers, (length, 1, 1, head_size / 2)."""
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    steps = torch.arange(0, shape.head_size, 2, dtype=torch.int64).to(exact) / shape.head_size
    angles = torch.outer(torch.arange(length, dtype=exact), 1.0 / shape.rope_theta**steps)
    return torch.polar(torch.ones_like(angles), angles)[:, None, None]


def _rotated(heads: Tensor, rotations: Tensor) -> Tensor:
    """Rotate adjacent pairs of each head's features by their position."""
    pairs = torch.view_as_complex(heads.unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * rotations).flatten(-2)


def _attended(
    parameters: Parameters,
    layer: int,
    rows: Tensor,
    sizes: tuple[int, int, int],
    shape: Shape,
    rotations: Tensor,
) -> Tensor:
    """Return one layer's attention output for positions from `first` on."""
    length, batch, first = sizes
    heads = F.linear(rows, parameters[f"{layer}.qkv"]).view(length, batch, -1, shape.head_size)
    turned = _rotated(heads[:, :, : 2 * shape.heads], rotations)
    queries = turned[first:, :, : shape.heads].permute(1, 2, 0, 3)
    keys = turned[:, :, shape.heads :].permute(1, 2, 0, 3)
    values = heads[:, :, 2 * shape.heads :].permute(1, 2, 0, 3)
    future = torch.full((length, length), -torch.inf, dtype=rows.dtype).triu(1)[first:]
    mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=future)
    return F.linear(mixed.permute(2, 0, 1, 3).flatten(2).flatten(0, 1), parameters[f"{layer}.out"])


def suffix_logits(parameters: Parameters, shape: Shape, tokens: Tensor, first: int = 0) -> Tensor:
    """Return next-token logits at positions `first`, `first + 1`, ... of each row.

    `tokens` is (batch, length) of token ids; the result is (length - first, batch, vocabulary).
    """
    batch, length = tokens.shape
    embedding = parameters["embedding"]
    rotations = _rotations(shape, length, embedding.dtype)
    rows = F.embedding(tokens.T, embedding).flatten(0, 1)
    for layer in range(shape.layers):
        start = first if layer == shape.layers - 1 else 0
        normed = _RMSNorm.apply(rows, parameters[f"{layer}.attention_norm"], shape.norm_epsilon)
        mixed = _attended(parameters, layer, normed, (length, batch, start), shape, rotations)
        rows = rows[start * batch :] + mixed
        normed = _RMSNorm.apply(rows, parameters[f"{layer}.mlp_norm"], shape.norm_epsilon)
        hidden = _GatedUnit.apply(F.linear(normed, parameters[f"{layer}.gate_up"]))
        rows = rows + F.linear(hidden, parameters[f"{layer}.down"])
    normed = _RMSNorm.apply(rows, parameters["norm"], shape.norm_epsilon)
    return F.linear(normed, embedding).view(length - first, batch, -1)


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
