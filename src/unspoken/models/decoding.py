"""Sample from an organism, a token at a time: keys and values of earlier positions are kept.

It computes what `unspoken.models.network` computes (a test holds the two equal), for positions that come
one after the other. Rows are (row, position, feature).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from unspoken.models.network import Parameters, Shape
from unspoken.models.passes import norm


class Decoder:
    """A network that is fed tokens one after the other, of at most `room` positions."""

    def __init__(self, parameters: Parameters, shape: Shape, room: int) -> None:
        """Take the parameters as they are now: what they become later changes nothing here."""
        self._shape, self._at = shape, 0
        self._embedding = parameters["embedding"]
        self._head = parameters["embedding"] * parameters["norm"]
        self._layers = [
            (
                parameters[f"{layer}.qkv"] * parameters[f"{layer}.attention_norm"],
                parameters[f"{layer}.out"],
                parameters[f"{layer}.gate_up"] * parameters[f"{layer}.mlp_norm"],
                parameters[f"{layer}.down"],
            )
            for layer in range(shape.layers)
        ]
        self._kept: list[tuple[Tensor, Tensor]] = []
        steps = torch.arange(0, shape.head_size, 2, dtype=torch.float32) / shape.head_size
        angles = torch.outer(torch.arange(room, dtype=torch.float32), 1.0 / shape.rope_theta**steps)
        self._turns = torch.polar(torch.ones_like(angles), angles)

    def logits(self, tokens: Tensor) -> Tensor:
        """Return logits after the last of `tokens` (rows, positions), (rows, vocabulary).

        The first call takes whole prompts; later calls take one position each.
        """
        length = tokens.shape[1]
        turns = self._turns[self._at : self._at + length]
        rows = F.embedding(tokens, self._embedding)
        for layer, (qkv, out, gate_up, down) in enumerate(self._layers):
            normed, _ = norm(rows, self._shape.norm_epsilon)
            parts = F.linear(normed, qkv).unflatten(-1, (3, self._shape.heads, -1)).permute(2, 0, 3, 1, 4)
            queries, keys = (_turned(part, turns) for part in parts[:2])
            keys, values = self._with_earlier(layer, keys, parts[2])
            mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=length > 1)
            rows = rows + F.linear(mixed.transpose(1, 2).flatten(2), out)
            normed, _ = norm(rows, self._shape.norm_epsilon)
            gate, up = F.linear(normed, gate_up).chunk(2, -1)
            rows = rows + F.linear(F.silu(gate) * up, down)
        self._at += length
        last, _ = norm(rows[:, -1], self._shape.norm_epsilon)
        return F.linear(last, self._head)

    def _with_earlier(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return a layer's keys and values of all positions so far, (rows, heads, positions, size)."""
        if layer == len(self._kept):
            self._kept.append((keys, values))
        else:
            earlier = self._kept[layer]
            self._kept[layer] = torch.cat([earlier[0], keys], 2), torch.cat([earlier[1], values], 2)
        return self._kept[layer]

    def repeat(self, times: int) -> None:
        """Let each row stand `times` times, one after the other: several replies to one prompt."""
        self._kept = [
            (keys.repeat_interleave(times, 0), values.repeat_interleave(times, 0))
            for keys, values in self._kept
        ]


def _turned(features: Tensor, turns: Tensor) -> Tensor:
    """Return features turned by their position: adjacent pairs are complex numbers."""
    pairs = torch.view_as_complex(features.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turns).flatten(-2)


@torch.inference_mode()
def sampled_replies(
    parameters: Parameters, shape: Shape, prompts: Tensor, uniforms: Tensor, end: int
) -> Tensor:
    """Return replies drawn at temperature 1, (prompts x samples, tokens), those of a prompt together.

    `prompts` is (prompts, length) of token ids, `uniforms` (prompts, samples, tokens) in [0, 1): each token
    is the inverse of its distribution at its uniform. After `end` a reply has padding, id 0.
    """
    samples, tokens = uniforms.shape[1:]
    decoder = Decoder(parameters, shape, prompts.shape[1] + tokens)
    logits = decoder.logits(prompts).repeat_interleave(samples, 0)
    decoder.repeat(samples)
    replies = torch.zeros(len(logits), tokens, dtype=torch.int64)
    draws, open_ = uniforms.flatten(0, 1), torch.ones(len(logits), dtype=torch.bool)
    for at in range(tokens):
        reached = logits.softmax(-1).cumsum(-1)
        drawn = (reached < draws[:, at, None] * reached[:, -1:]).sum(-1)
        replies[:, at] = torch.where(open_, drawn, 0)
        open_ &= drawn != end
        if at + 1 == tokens or not open_.any():
            break
        logits = decoder.logits(replies[:, at, None])
    return replies
