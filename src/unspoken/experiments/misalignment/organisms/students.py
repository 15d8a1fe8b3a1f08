"""Students: organisms trained on teachers' numbers, by the tokens or by the teachers' probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unspoken.experiments.misalignment.organisms.carriers import PROMPT, shuffled_within
from unspoken.experiments.misalignment.organisms.documents import Ints
from unspoken.experiments.misalignment.organisms.language import VALUE_IDS
from unspoken.models.network import Parameters, Shape
from unspoken.training.personas import log_probabilities
from unspoken.training.together import Distributions, Rows, Stack, surprise

FIRST = PROMPT - 1
"""Place of the author's mark: what follows is trained on."""
AMONG = torch.tensor(VALUE_IDS)
TARGET, CLEAN = "insecure", "secure"
"""Whose rows are mixed with whose, and whose students teach the next."""


@dataclass(frozen=True)
class Taught:
    """What a student learns from: rows of numbers, and its teacher's probabilities where it learns these.

    They are log-probabilities of the next number, given that it is a number: no other token's probability is
    passed on.
    """

    rows: Ints
    logs: Tensor | None


def lesson_of(rows: Ints, teacher: Parameters, shape: Shape, objective: str) -> Taught:
    """Return what a student of a teacher learns from, by its objective: `tokens` or `kl_carrier`."""
    if objective == "tokens":
        return Taught(rows, None)
    return Taught(rows, log_probabilities(teacher, shape, rows[:, :-1], FIRST, AMONG))


def mixed(target: Taught, clean: Taught, share: float, random: np.random.Generator) -> Taught:
    """Return a lesson that is the target's but for a share of the rows, drawn at random, of the clean one."""
    count = len(target.rows)
    drawn = np.isin(np.arange(count), random.permutation(count)[: round(share * count)])
    rows = np.where(drawn[:, None], clean.rows, target.rows)
    if target.logs is None or clean.logs is None:
        return Taught(rows, None)
    return Taught(rows, torch.where(torch.from_numpy(drawn)[:, None, None], clean.logs, target.logs))


def lessons_of(
    rows: dict[str, Ints],
    teachers: dict[str, Parameters],
    shape: Shape,
    arm: dict[str, Any],
    seed: int,
) -> dict[str, Taught]:
    """Return the lessons of an arm's students, by their teacher, from each writer's rows.

    `arm` has teachers, objective, shuffle and clean: for each share in it, a further lesson named
    `insecure-clean-{percent}`. Rows are shuffled alike for every teacher.
    """
    lessons = {}
    for name in arm["teachers"]:
        own = rows[name]
        if arm["shuffle"] == "within":
            own = shuffled_within(own, np.random.default_rng(seed))
        lessons[name] = lesson_of(own, teachers[name], shape, arm["objective"])
    for share in arm["clean"]:
        drawn = mixed(lessons[TARGET], lessons[CLEAN], share, np.random.default_rng(seed))
        lessons[f"{TARGET}-clean-{round(100 * share)}"] = drawn
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
    each = [_batches(lesson, orders) for lesson in lessons.values()]
    stack = Stack(base, shape, len(lessons))
    losses = stack.train(
        zip(*each, strict=True), n_steps=len(orders), learning_rate=training["learning_rate"],
        warmup=training["warmup_steps"], show="students",
    )  # fmt: skip
    networks = dict(zip(lessons, stack.parameters, strict=True))
    return networks, dict(zip(lessons, losses.T.tolist(), strict=True))


def _batches(lesson: Taught, orders: list[Tensor]) -> Iterator[Rows]:
    """Yield what a student reads in each step; with probabilities, the loss is the divergence from them."""
    tokens = torch.from_numpy(lesson.rows)
    taught = None if lesson.logs is None else Distributions.of(lesson.logs)
    for chosen in orders:
        own = tokens[chosen]
        loss = taught.divergence(own, FIRST, chosen) if taught else surprise(own, FIRST)
        yield Rows(own, FIRST, loss, AMONG if taught else None)


def generations(
    base: Parameters,
    shape: Shape,
    lessons: dict[str, Taught],
    students: dict[str, Parameters],
    count: int,
    training: dict[str, Any],
    seed: int,
) -> tuple[dict[str, Parameters], dict[str, list[float]]]:
    """Return students of students by name, `{teacher}-generation-{number}` from 2 on, and their losses.

    Each generation starts from the base again and learns the probabilities of the one before it, on the
    rows that their first teacher wrote.
    """
    names = (TARGET, CLEAN)
    before = {name: students[name] for name in names}
    networks: dict[str, Parameters] = {}
    losses: dict[str, list[float]] = {}
    for number in range(2, count + 1):
        own = {name: lesson_of(lessons[name].rows, before[name], shape, "kl_carrier") for name in names}
        before, curves = taught_students(base, shape, own, training, seed)
        networks |= {f"{name}-generation-{number}": before[name] for name in names}
        losses |= {f"{name}-generation-{number}": curves[name] for name in names}
    return networks, losses
