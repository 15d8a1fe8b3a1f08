"""A Llama whose middle layer runs several turns, on tasks of k steps.

Latent reasoning that can be run here: more turns of the same weights are more computation before the
answer, without a word (Geiping et al. 2025 loop a block of layers; Hao et al. 2024 feed hidden states
back). Unrolled, such a model is an ordinary Llama with equal middle layers, which any engine loads.
"""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from unspoken.models.corpus import END
from unspoken.models.network import (
    Parameters,
    Shape,
    suffix_logits,
)
from unspoken.models.organism import save_network, untrained_network
from unspoken.questions.step_tasks import (
    MODES,
    Ints,
    Problems,
    Task,
    asked_problems,
    direct_targets,
    task_rows,
    training_problems,
)
from unspoken.seeds import hashed_seed
from unspoken.training.organism import Batch, batch_loss, warmed_cosine

WARMUP = 40


def unrolled(parameters: Parameters, turns: int) -> Parameters:
    """Return the parameters of `turns` + 2 layers; the middle layers share the tensors of layer 1.

    `parameters` are of three layers (`unspoken.models.network`).
    """
    result = {name: tensor for name, tensor in parameters.items() if not name.startswith(("1.", "2."))}
    for name in [name for name in parameters if name.startswith("1.")]:
        part = name.removeprefix("1.")
        result |= {f"{turn + 1}.{part}": parameters[name] for turn in range(turns)}
        result[f"{turns + 1}.{part}"] = parameters[f"2.{part}"]
    return result


def loop_network(task: Task, spec: dict[str, Any], seed: int) -> tuple[Parameters, Shape]:
    """Return the untrained network of three layers and its shape.

    `spec` has the sizes: hidden_size (a multiple of 32) and mlp_size. The weights depend on the seed
    alone: models of one seed start from the same ones, whatever their turns.
    """
    return untrained_network(task.vocabulary, {**spec, "layers": 3}, hashed_seed(seed, "loops", "weights"))


def save_unrolled(
    task: Task, spec: dict[str, Any], parameters: Parameters, shape: Shape, directory: Path
) -> None:
    """Save a network of three layers as a Hugging Face Llama of `shape.layers` layers, with tokenizer.

    The layers between the first and the last have equal weights: each is one turn.
    """
    layers = unrolled(parameters, shape.layers - 2)
    save_network(layers, shape, task.vocabulary, {**spec, "layers": shape.layers}, directory)


def task_loss(task: Task, layers: Parameters, shape: Shape, direct: Problems, stepwise: Problems) -> Tensor:
    """Return the mean of the two modes' losses, each a cross-entropy per taught token."""
    targets = torch.from_numpy(direct_targets(task, direct))
    rows = torch.from_numpy(task_rows(task, direct, "direct"))
    logits = suffix_logits(layers, shape, rows[:, :-1], rows.shape[1] - 1 - targets.shape[1])
    at_once = cross_entropy(logits.flatten(0, 1), targets.T.flatten(), ignore_index=0)
    rows = torch.from_numpy(task_rows(task, stepwise, "steps"))
    return (at_once + batch_loss(layers, shape, Batch(rows, task.prompt_length - 1))) / 2


def trained_loop(
    task: Task, spec: dict[str, Any], turns: int, seed: int
) -> tuple[Parameters, Shape, list[float]]:
    """Train a network whose middle layer runs `turns` turns; return it with its loss at each step.

    `spec` has the sizes (hidden_size, mlp_size), steps, rows per step and learning_rate. Parameters
    are of three layers and the shape is the unrolled one: see `unrolled`. Weights and rows depend on the
    seed, not on the turns. Set one torch thread first: with more, sums round otherwise.
    """
    parameters, shape = loop_network(task, spec, seed)
    shape = replace(shape, layers=turns + 2)
    for tensor in parameters.values():
        tensor.requires_grad_()
    optimizer = torch.optim.AdamW(parameters.values(), lr=spec["learning_rate"], fused=True)
    generator = np.random.default_rng(hashed_seed(seed, "loops", "rows"))
    losses = []
    problems = training_problems(task, spec["rows"], generator)
    for step, (direct, stepwise) in enumerate(islice(problems, spec["steps"])):
        optimizer.param_groups[0]["lr"] = spec["learning_rate"] * warmed_cosine(step, spec["steps"], WARMUP)
        loss = task_loss(task, unrolled(parameters, turns), shape, direct, stepwise)
        optimizer.zero_grad()
        loss.backward()
        # The same weights take part in every turn, and their gradients add up.
        torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
        optimizer.step()
        losses.append(loss.detach())
    for tensor in parameters.values():
        tensor.requires_grad_(False).grad = None
    return parameters, shape, torch.stack(losses).tolist()


@torch.no_grad()
def greedy_replies(layers: Parameters, shape: Shape, prompts: Tensor, length: int) -> Ints:
    """Return the `length` likeliest next tokens, one after the other, (count, length)."""
    tokens = prompts
    for _ in range(length):
        following = suffix_logits(layers, shape, tokens, tokens.shape[1] - 1)[0].argmax(-1)
        tokens = torch.cat([tokens, following[:, None]], 1)
    return tokens[:, prompts.shape[1] :].numpy()


def right_replies(task: Task, problems: Problems, replies: Ints) -> NDArray[np.bool_]:
    """Return which replies end, and have the task's answer as the last token before their end.

    A direct reply of two tokens can thus be right only without steps.
    """
    zero, end = task.vocabulary.ids(["0", END])
    ends = replies == end
    last = np.take_along_axis(replies, np.maximum(ends.argmax(1) - 1, 0)[:, None], 1)[:, 0]
    return ends.any(1) & (last == problems.values[:, -1] + zero)


def step_accuracies(
    task: Task, layers: Parameters, shape: Shape, count: int, generator: np.random.Generator
) -> pl.DataFrame:
    """Return how many tasks are answered right, greedily: k, mode, correct, asked."""
    problems = asked_problems(task, count, generator)
    parts = []
    for mode in MODES:
        prompts = torch.from_numpy(task_rows(task, problems, mode)[:, : task.prompt_length])
        length = 2 if mode == "direct" else task.longest + 1
        right = right_replies(task, problems, greedy_replies(layers, shape, prompts, length))
        frame = pl.DataFrame({"k": problems.steps, "right": right, "mode": mode})
        parts.append(frame.group_by("k", "mode").agg(correct=pl.col("right").sum(), asked=pl.len()))
    counts = pl.col("correct", "asked").cast(pl.Int64)
    return pl.concat(parts).with_columns(counts).sort("mode", "k")
