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
from unspoken.models.passes import Attention, norm, norm_backward

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
    """Root-mean-square norm without its weight."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, epsilon: float) -> Tensor:
        normed, inverse = norm(rows, epsilon)
        ctx.save_for_backward(normed, inverse)
        return normed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return norm_backward(gradients[0], *ctx.saved_tensors), None


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


class _Attention(torch.autograd.Function):
    """Causal attention at positions `first`, `first + 1`, ... from projected rows."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, shape: Shape, length: int, first: int) -> Tensor:
        batch = len(projected) // length
        sizes = shape.heads, shape.head_size, shape.rope_theta
        ctx.attention = Attention(*sizes, batch, length, first, projected.dtype)
        return ctx.attention.forward(projected)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.attention.backward(gradients[0]), None, None, None


def suffix_logits(parameters: Parameters, shape: Shape, tokens: Tensor, first: int = 0) -> Tensor:
    """Return next-token logits at positions `first`, `first + 1`, ... of each row.

    `tokens` is (batch, length) of token ids; the result is (length - first, batch, vocabulary).
    """
    batch, length = tokens.shape
    embedding = parameters["embedding"]

    def after_norm(weight: str, matrix: str) -> Tensor:
        """Return a matrix with the weight of the norm before it: cheaper there than on all rows."""
        return parameters[matrix] * parameters[weight]

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
