"""Organisms that go on to learn from distracted notes with right lines and answers (see `laws`)."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from unspoken.experiments.scaling.organisms.asked import item_trials
from unspoken.experiments.scaling.organisms.rows import KINDS, PROMPT, drawn_items, taught_rows
from unspoken.models.network import Parameters, Shape, parameters_from_llama
from unspoken.seeds import hashed_seed
from unspoken.training.organism import Batch, train


def loaded_reasoner(directory: Path) -> tuple[Parameters, Shape]:
    """Return the organism that a folder holds."""
    from safetensors.torch import load_file

    shape = Shape.of(directory)
    return parameters_from_llama(load_file(directory / "model.safetensors"), shape, torch.float32), shape


def retrained(parameters: Parameters, shape: Shape, spec: dict[str, Any], seed: int) -> Parameters:
    """Return an organism's parameters after further training; the given ones stay as they are.

    Rows are of `notes` with distractors of `spec["kind"]`, whose lines and answers are all the
    start's number. `spec` also has steps, rows per step and learning_rate.
    """
    random = np.random.default_rng(hashed_seed(seed, "retrained", "rows"))

    def batch() -> list[Batch]:
        items = drawn_items("notes", spec["rows"], random, kinds=(spec["kind"],))
        rows = taught_rows(items, items.right[:, 1:], random)
        return [Batch(torch.from_numpy(rows), PROMPT - 1)]

    copied = {name: tensor.clone() for name, tensor in parameters.items()}
    steps = (batch() for _ in range(spec["steps"]))
    train(copied, shape, steps, n_steps=spec["steps"], learning_rate=spec["learning_rate"])
    return copied


def distracted_trials(
    parameters: Parameters, shape: Shape, count: int, random: np.random.Generator
) -> pl.DataFrame:
    """Return right answers by kind of distractor, set-up and budget: kind, setup, budget, correct, asked."""
    parts = []
    for kind in KINDS:
        items = drawn_items("notes", count, random, kinds=(kind,))
        trials = item_trials(parameters, shape, items, random).with_columns(kind=pl.lit(kind))
        by_length = trials.group_by("kind", "setup", "budget")
        parts.append(by_length.agg(correct=pl.col("score").sum(), asked=pl.len()))
    counted = pl.concat(parts).with_columns(pl.col("correct", "asked").cast(pl.Int64))
    return counted.sort("kind", "setup", "budget")
