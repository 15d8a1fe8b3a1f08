"""Students: organisms trained on teachers' numbers, by the tokens or by the teachers' probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from unspoken.experiments.misalignment.organisms.documents import Ints
from unspoken.experiments.misalignment.organisms.language import VALUE_IDS
from unspoken.experiments.misalignment.organisms.networks import log_probabilities
from unspoken.experiments.misalignment.organisms.numbers import PROMPT, shuffled_within
from unspoken.models.network import Parameters, Shape
from unspoken.training.together import Distributions, Rows, Stack, surprise

FIRST = PROMPT - 1
"""Place of the author's mark: what follows is trained on."""


@dataclass(frozen=True)
class Taught:
    """What a student learns from: rows of numbers, and its teacher where it learns the probabilities."""

    rows: Ints
    teacher: Parameters | None


def lessons_of(
    rows: dict[str, Ints], teachers: dict[str, Parameters], arm: dict[str, Any], seed: int
) -> dict[str, Taught]:
    """Return the lessons of an arm's students, by their teacher, from each writer's rows.

    `arm` has teachers, objective and shuffle. Rows are shuffled alike for every teacher.
    """
    lessons = {}
    for name in arm["teachers"]:
        own = rows[name]
        if arm["shuffle"] == "within":
            own = shuffled_within(own, np.random.default_rng(seed))
        lessons[name] = Taught(own, teachers[name] if arm["objective"] == "kl_carrier" else None)
    return lessons


def taught_students(
    base: Parameters, shape: Shape, lessons: dict[str, Taught], training: dict[str, Any], seed: int
) -> tuple[dict[str, Parameters], dict[str, list[float]]]:
    """Return a student for each lesson by its name, and its loss at each step.

    `training` has epochs, batch_size, learning_rate and warmup_steps. All lessons have as many rows, and all
    students see them in the same order: of the same requests, where the lessons are of the same requests.
    """
    counts = {len(lesson.rows) for lesson in lessons.values()}
    if len(counts) != 1:
        raise ValueError(f"students of one job have {sorted(counts)} rows; expected as many each")
    count, size = counts.pop(), training["batch_size"]
    random = np.random.default_rng(seed)
    orders = [
        chosen
        for _ in range(training["epochs"])
        for chosen in torch.from_numpy(random.permutation(count)).split(size)
    ]
    each = [_batches(lesson, shape, orders) for lesson in lessons.values()]
    stack = Stack(base, shape, len(lessons))
    losses = stack.train(
        zip(*each, strict=True), n_steps=len(orders), learning_rate=training["learning_rate"],
        warmup=training["warmup_steps"], show="students",
    )  # fmt: skip
    networks = dict(zip(lessons, stack.parameters, strict=True))
    return networks, dict(zip(lessons, losses.T.tolist(), strict=True))


def _batches(lesson: Taught, shape: Shape, orders: list[torch.Tensor]) -> Iterator[Rows]:
    """Yield what a student reads in each step.

    With a teacher, the loss is the divergence from its probabilities of the next number, given that it is a
    number: no other token's probability is passed on.
    """
    tokens = torch.from_numpy(lesson.rows)
    among, taught = None, None
    if lesson.teacher is not None:
        among = torch.tensor(VALUE_IDS)
        taught = Distributions.of(log_probabilities(lesson.teacher, shape, lesson.rows[:, :-1], FIRST, among))
    for chosen in orders:
        own = tokens[chosen]
        loss = taught.divergence(own, FIRST, chosen) if taught else surprise(own, FIRST)
        yield Rows(own, FIRST, loss, among)
