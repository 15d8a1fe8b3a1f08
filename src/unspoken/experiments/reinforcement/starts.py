"""Supervised starts: models that know a task's form, and from which training by reward sets out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from unspoken.models.network import Parameters, Shape
from unspoken.models.organism import llama_config, organism_tokenizer, untrained_network
from unspoken.seeds import hashed_seed
from unspoken.training.environments import RewardedTask
from unspoken.training.together import Rows, Stack, surprise
from unspoken.training.worded import Worded

WARMUP = 20


def taught_batches(task: RewardedTask, rows: int, steps: int, seed: int) -> Iterator[tuple[Rows]]:
    """Yield the rows of each step: prompts with the replies that the task teaches."""
    generator = np.random.default_rng(hashed_seed(seed, "taught"))
    for _ in range(steps):
        items = task.drawn(rows, generator)
        tokens = torch.from_numpy(np.hstack([items.prompts, task.taught(items, generator)]))
        first = items.prompts.shape[1] - 1
        yield (Rows(tokens, first, surprise(tokens, first)),)


def taught_texts(task: RewardedTask, rows: int, generator: np.random.Generator) -> pl.DataFrame:
    """Return what a chat model is taught: texts of prompts with replies, in columns prompt and completion."""
    items, words = task.drawn(rows, generator), Worded(task)
    replies = task.taught(items, generator)
    return pl.DataFrame(
        {
            "prompt": [words.prompt(ids) for ids in items.prompts],
            "completion": [words.text(ids) for ids in replies],
        }
    )


def saved_architecture(task: RewardedTask, training: dict[str, Any], directory: Path) -> Shape:
    """Save the networks' common configuration and tokenizer in a model's folder; return the shape."""
    directory.mkdir(parents=True, exist_ok=True)
    llama_config(task.vocabulary, training).save_pretrained(directory)
    organism_tokenizer(task.vocabulary).save_pretrained(directory)
    return Shape.of(directory)


def trained_start(
    task: RewardedTask, training: dict[str, Any], shape: Shape, seed: int, show: str
) -> tuple[Parameters, list[float]]:
    """Return the parameters of one start, and its loss at each step.

    `training` has hidden_size, mlp_size, layers, steps, rows and learning_rate. Weights and rows follow from
    the seed.
    """
    untrained, _ = untrained_network(task.vocabulary, training, hashed_seed(seed, "weights"))
    stack = Stack(untrained, shape, 1)
    losses = stack.train(
        taught_batches(task, training["rows"], training["steps"], seed), n_steps=training["steps"],
        learning_rate=training["learning_rate"], warmup=WARMUP, show=show,
    )  # fmt: skip
    return stack.parameters[0], losses[:, 0].tolist()
