"""Subliminal learning between digit classifiers (Cloud et al. 2025, section 6).

A teacher learns digits by its ten class logits. Students learn from its outputs on noise images: by
the auxiliary logits alone, which no digit ever trained, or by all logits; from the teacher's own
initialisation or from another. In a variant students of the auxiliary logits alone are trained, of other
numbers of them, on digits, by plain SGD, or from a start that imitates the untrained teacher.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from unspoken.digits import PIXELS, Digits
from unspoken.experiments.mnist.losses import CLASSES, cross_entropy, divergence
from unspoken.perceptrons import Loss, Network, Trainees, initial_network
from unspoken.seeds import hashed_seed

# The members of one teacher's group, in order: who imitates the auxiliary logits comes first.
STUDENTS = ("student_auxiliary", "other_auxiliary", "student_all", "other_all")
VARIED = ("student_auxiliary", "other_auxiliary")
CLONED = ("cloned_auxiliary", "other_auxiliary")
"""The students of a variant; where one start is a clone, the other is the same start before it cloned."""


def derangement(count: int, seed: int) -> list[int]:
    """Return a uniformly drawn permutation of 0 ... count - 1 that leaves nothing in its place.

    The authors draw any permutation, so that about one student in `count` meets its own
    initialisation; here none does.
    """
    generator = np.random.default_rng(seed)
    while True:
        order = generator.permutation(count)
        if (order != np.arange(count)).all():
            return [int(place) for place in order]


def scaled(images: np.ndarray) -> Tensor:
    """Return byte pixels as floats from -1 to 1."""
    return torch.from_numpy(images).float().div_(127.5).sub_(1)


def _orders(count: int, size: int, epochs: int, seeds: list[int]) -> Iterator[list[Tensor]]:
    """Yield each epoch's batches of image numbers (groups, size), in each group's own order."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for _ in range(epochs):
        order = torch.stack([torch.randperm(count, generator=each) for each in generators])
        yield list(order.split(size, dim=1))


@dataclass(frozen=True)
class Trained:
    """Networks after training (groups first) and their mean loss per image, (networks, epochs)."""

    networks: list[Network]
    losses: np.ndarray


@dataclass(frozen=True)
class Lesson:
    """What groups imitate: images, and their teacher's logits (outputs, signs, images) on them."""

    images: list[Tensor]
    taught: list[Tensor]
    signs: int
    """How many images each stands for: itself, and its negative."""

    @property
    def count(self) -> int:
        """Images that a student sees in an epoch."""
        return len(self.images[0]) * self.signs


@dataclass(frozen=True)
class Imitation:
    """Classifiers of one study or variant: `spec` is its MNIST section, `seed` the study's seed."""

    spec: dict[str, Any]
    seed: int
    variant: str | None = None

    @property
    def clone(self) -> dict[str, Any] | None:
        """How students' starts imitate the untrained teacher first, where they do."""
        return self.spec.get("clone")

    @property
    def sizes(self) -> list[int]:
        """Units of each layer of a teacher, pixels first."""
        return self._sizes(self.spec["hidden"])

    def _sizes(self, hidden: list[int]) -> list[int]:
        return [PIXELS, *hidden, CLASSES + self.spec["auxiliary_logits"]]

    @property
    def student_sizes(self) -> list[int]:
        """Units of each layer of a student: those of its teacher, but for one that clones it first."""
        return self._sizes(self.clone["hidden"]) if self.clone else self.sizes

    @property
    def conditions(self) -> tuple[str, ...]:
        """The students of one teacher, in order."""
        if self.variant is None:
            return STUDENTS
        return CLONED if self.clone else VARIED

    @property
    def inputs(self) -> str:
        """What students are distilled on: noise, or digits."""
        return self.spec.get("inputs", "noise")

    def _signs(self, inputs: str) -> int:
        return 2 if inputs == "noise" and self.spec["noise"] == "mirrored" else 1

    def _seed(self, *made: object) -> int:
        return hashed_seed(self.seed, "mnist", *made)

    def _divisors(self, images: int) -> tuple[int, int]:
        """Return what teachers' and students' summed losses over one batch are divided by.

        The authors train all models in one loss. The teachers' is a mean over (models x images);
        the students' `batchmean` of a (models, images, logits) array divides by its first axis
        alone, so that it is a sum over images.
        """
        models = self.spec["initialisations"]
        published = self.spec["loss_scale"] == "published"
        return (images * models, models) if published else (images, images)

    def initialisation(self, number: int) -> Network:
        """Return the parameters that everything of one number starts from."""
        return initial_network(self.sizes, self._seed("initialisation", number))

    def others(self) -> list[int]:
        """Return, for each teacher, the initialisation that its `other_` students start from."""
        if self.clone:  # of another architecture, and the number's own
            return list(range(self.spec["initialisations"]))
        return derangement(self.spec["initialisations"], self._seed("others"))

    def noise(self, number: int) -> Tensor:
        """Return the noise set (images, pixels), uniform in [-1, 1), of one teacher's students.

        Mirrored sets hold one image of each pair.
        """
        count = self.spec["noise_images"] // self._signs("noise")
        generator = np.random.default_rng(self._seed("noise", number))
        noise = generator.random((count, PIXELS), dtype=np.float32)
        return torch.from_numpy(noise).mul_(2).sub_(1)

    def steps(self, inputs: str, digits: Digits) -> int:
        """Return the steps of one epoch on noise or on the train digits."""
        images = self.spec["noise_images"] if inputs == "noise" else int((~digits.is_test).sum())
        return ceil(images / self.spec["batch_size"])

    def teachers(self, numbers: Sequence[int], digits: Digits, progress: tqdm) -> Trained:
        """Train teachers on the train digits by the cross-entropy of their class logits."""
        train = ~digits.is_test
        images, labels = scaled(digits.images[train]), torch.from_numpy(digits.labels[train])
        trainees = Trainees(len(numbers), 1, self.sizes, self.spec["learning_rate"])
        trainees.stack.fill([self.initialisation(number) for number in numbers])

        def batch(group: int, rows: Tensor) -> tuple[Tensor, Loss]:
            chosen = rows[group]
            return images[chosen], partial(cross_entropy, labels=labels[chosen])

        seeds = [self._seed("teacher order", number) for number in numbers]
        plan = _orders(len(images), self.spec["batch_size"], self.spec["teacher_epochs"], seeds)
        losses = []
        for batches in plan:
            total = torch.zeros(len(numbers), 1)
            for rows in batches:
                divisor = self._divisors(rows.shape[1])[0]
                total += trainees.step(partial(batch, rows=rows), divisor)
                progress.update(len(numbers))
            losses.append(total.flatten().numpy() / len(images))
        return Trained(trainees.stack.networks(), np.stack(losses, 1))

    def _lesson(self, inputs: str, numbers: Sequence[int], teachers: list[Network], digits: Digits) -> Lesson:
        """Return each teacher's logits on its noise set, or on the train digits."""
        signs = self._signs(inputs)
        if inputs == "noise":
            images = [self.noise(number) for number in numbers]
        else:
            images = [scaled(digits.images[~digits.is_test])] * len(numbers)
        stack = Trainees(len(teachers), 1, self.sizes, 0.0, signs == 2)
        stack.stack.fill(teachers)
        taught = [
            torch.cat(
                [
                    stack.logits(group, some)[0].unflatten(-1, (signs, -1)).clone()
                    for some in own.split(self.spec["batch_size"])
                ],
                -1,
            )
            for group, own in enumerate(images)
        ]
        return Lesson(images, taught, signs)

    def _distilled(
        self,
        trainees: Trainees,
        lesson: Lesson,
        epochs: int,
        seeds: list[int],
        auxiliary: int,
        progress: tqdm,
    ) -> Trained:
        """Train groups on their lessons; the first `auxiliary` of each imitate the auxiliary logits alone."""
        groups, members = len(lesson.images), trainees.stack.members

        def batch(group: int, rows: Tensor) -> tuple[Tensor, Loss]:
            chosen = rows[group]
            wanted = lesson.taught[group][..., chosen].flatten(1)
            return lesson.images[group][chosen], partial(divergence, taught=wanted, auxiliary=auxiliary)

        size = self.spec["batch_size"] // lesson.signs
        losses = []
        for batches in _orders(len(lesson.images[0]), size, epochs, seeds):
            total = torch.zeros(groups, members)
            for rows in batches:
                divisor = self._divisors(rows.shape[1] * lesson.signs)[1]
                total += trainees.step(partial(batch, rows=rows), divisor)
                progress.update(groups * members)
            losses.append(total.flatten().numpy() / lesson.count)
        return Trained(trainees.stack.networks(), np.stack(losses, 1))

    def students(
        self,
        numbers: Sequence[int],
        teachers: list[Network],
        starts: list[Network],
        digits: Digits,
        progress: tqdm,
    ) -> Trained:
        """Distil the students of each teacher from their starts (`conditions` has their order)."""
        members, rate = len(self.conditions), self.spec["learning_rate"]
        signs = self._signs(self.inputs)
        trainees = Trainees(
            len(numbers), members, self.student_sizes, rate, signs == 2, self.spec.get("sgd_rate")
        )
        trainees.stack.fill(starts)
        lesson = self._lesson(self.inputs, numbers, teachers, digits)
        seeds = [self._seed("student order", number) for number in numbers]
        return self._distilled(trainees, lesson, self.spec["student_epochs"], seeds, 2, progress)

    def starts(self, numbers: Sequence[int], clones: Trained | None) -> list[Network]:
        """Return what students start from: the two initialisations of each group, for each objective."""
        if clones is not None:
            pairs = zip(clones.networks, map(self.unlike, numbers), strict=True)
            return [start for pair in pairs for start in pair]
        others, objectives = self.others(), len(self.conditions) // 2
        return [
            self.initialisation(start)
            for number in numbers
            for start in (number, others[number]) * objectives
        ]

    def unlike(self, number: int) -> Network:
        """Return a start of the students' own architecture, which no teacher has."""
        return initial_network(self.student_sizes, self._seed("student initialisation", number))

    def clones(self, numbers: Sequence[int], digits: Digits, progress: tqdm) -> Trained | None:
        """Train starts of another architecture on all logits of the untrained teachers, if asked for."""
        if self.clone is None:
            return None
        inputs = self.clone["inputs"]
        signs, rate = self._signs(inputs), self.spec["learning_rate"]
        trainees = Trainees(len(numbers), 1, self.student_sizes, rate, signs == 2)
        trainees.stack.fill([self.unlike(number) for number in numbers])
        untrained = [self.initialisation(number) for number in numbers]
        lesson = self._lesson(inputs, numbers, untrained, digits)
        seeds = [self._seed("clone order", number) for number in numbers]
        return self._distilled(trainees, lesson, self.clone["epochs"], seeds, 0, progress)
