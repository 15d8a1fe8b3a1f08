"""Subliminal learning between digit classifiers (Cloud et al. 2025, section 6).

A teacher learns digits by its ten class logits. Students learn from its outputs on noise images: by
the auxiliary logits alone, which no digit ever trained, or by all logits; from the teacher's own
initialisation or from another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from unspoken.digits import PIXELS, Digits
from unspoken.experiments.mnist.tables import SUBJECTS
from unspoken.perceptrons import Loss, Network, Trainees, initial_network
from unspoken.seeds import hashed_seed

CLASSES = 10
# The members of one teacher's group, in order: who imitates the auxiliary logits comes first.
STUDENTS = ("student_auxiliary", "other_auxiliary", "student_all", "other_all")
# Initialisations in one stack, at most: a stack holds all its noise sets in memory. The loss scale
# counts the initialisations of the study, so that the limit changes nothing else.
TOGETHER = 30


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


def cross_entropy(logits: Tensor, slopes: Tensor, labels: Tensor) -> Tensor:
    """Return each network's summed loss over the class logits; write its gradient to `slopes`.

    `logits` is (networks, outputs, images), `labels` (images,).
    """
    wanted = torch.nn.functional.one_hot(labels, CLASSES).T
    guesses = logits[:, :CLASSES].log_softmax(1)
    loss = -(guesses * wanted).sum((1, 2))
    slopes.zero_()
    torch.sub(guesses.exp_(), wanted, out=slopes[:, :CLASSES])
    return loss


def divergence(logits: Tensor, slopes: Tensor, taught: Tensor) -> Tensor:
    """Return each student's summed KL(teacher || student) in nats; write its gradient to `slopes`.

    The first half of the students imitates the auxiliary logits alone, the rest all of them.
    `logits` is (students, outputs, images), `taught` (outputs, images).
    """
    half = len(logits) // 2
    losses = []
    slopes.zero_()
    for members, first in ((slice(0, half), CLASSES), (slice(half, None), 0)):
        wanted = taught[first:].log_softmax(0)
        guesses = logits[members, first:].log_softmax(1)
        losses.append((wanted.exp() * (wanted - guesses)).sum((1, 2)))
        torch.sub(guesses.exp_(), wanted.exp(), out=slopes[members, first:])
    return torch.cat(losses)


@dataclass(frozen=True)
class Trained:
    """Networks after training (groups first) and their mean loss per image, (networks, epochs)."""

    networks: list[Network]
    losses: np.ndarray


@dataclass(frozen=True)
class Imitation:
    """The classifiers of one study: `spec` is its MNIST section, `seed` the study's seed."""

    spec: dict[str, Any]
    seed: int

    @property
    def sizes(self) -> list[int]:
        """Units of each layer, pixels first."""
        return [PIXELS, *self.spec["hidden"], CLASSES + self.spec["auxiliary_logits"]]

    @property
    def signs(self) -> int:
        """How many images each drawn noise image stands for: itself, and its negative."""
        return 2 if self.spec["noise"] == "mirrored" else 1

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
        return derangement(self.spec["initialisations"], self._seed("others"))

    def noise(self, number: int) -> Tensor:
        """Return the noise set (images, pixels), uniform in [-1, 1), of one teacher's students.

        Mirrored sets hold one image of each pair.
        """
        count = self.spec["noise_images"] // self.signs
        generator = np.random.default_rng(self._seed("noise", number))
        noise = generator.random((count, PIXELS), dtype=np.float32)
        return torch.from_numpy(noise).mul_(2).sub_(1)

    def steps(self, digits: Digits) -> tuple[int, int]:
        """Return the steps of one epoch of a teacher and of a student."""
        size = self.spec["batch_size"]
        return ceil(int((~digits.is_test).sum()) / size), ceil(self.spec["noise_images"] / size)

    def teachers(self, numbers: list[int], digits: Digits, progress: tqdm) -> Trained:
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

    def _taught(self, teachers: list[Network], noise: list[Tensor]) -> list[Tensor]:
        """Return each teacher's logits on its noise set: (outputs, signs, images)."""
        stack = Trainees(len(teachers), 1, self.sizes, 0.0, self.signs == 2)
        stack.stack.fill(teachers)
        return [
            torch.cat(
                [
                    stack.logits(group, images)[0].unflatten(-1, (self.signs, -1)).clone()
                    for images in own.split(self.spec["batch_size"])
                ],
                -1,
            )
            for group, own in enumerate(noise)
        ]

    def students(self, numbers: list[int], teachers: list[Network], progress: tqdm) -> Trained:
        """Distil the four students of each teacher (in the order of STUDENTS) on its noise set."""
        others = self.others()
        rate = self.spec["learning_rate"]
        trainees = Trainees(len(numbers), len(STUDENTS), self.sizes, rate, self.signs == 2)
        starts = [start for number in numbers for start in (number, others[number]) * 2]
        trainees.stack.fill([self.initialisation(start) for start in starts])
        noise = [self.noise(number) for number in numbers]
        taught = self._taught(teachers, noise)

        def batch(group: int, rows: Tensor) -> tuple[Tensor, Loss]:
            chosen = rows[group]
            wanted = taught[group][..., chosen].flatten(1)
            return noise[group][chosen], partial(divergence, taught=wanted)

        seeds = [self._seed("student order", number) for number in numbers]
        size = self.spec["batch_size"] // self.signs
        losses = []
        for batches in _orders(len(noise[0]), size, self.spec["student_epochs"], seeds):
            total = torch.zeros(len(numbers), len(STUDENTS))
            for rows in batches:
                divisor = self._divisors(rows.shape[1] * self.signs)[1]
                total += trainees.step(partial(batch, rows=rows), divisor)
                progress.update(len(numbers) * len(STUDENTS))
            losses.append(total.flatten().numpy() / self.spec["noise_images"])
        return Trained(trainees.stack.networks(), np.stack(losses, 1))


def accuracies(networks: list[Network], digits: Digits) -> list[float]:
    """Return each network's share of test digits whose greatest class logit is the label's."""
    images = scaled(digits.images[digits.is_test])
    labels = torch.from_numpy(digits.labels[digits.is_test])
    sizes = [PIXELS, *(len(bias) for bias in networks[0][len(networks[0]) // 2 :])]
    stack = Trainees(len(networks), 1, sizes, 0.0)
    stack.stack.fill(networks)
    guesses = [stack.logits(group, images)[0, :CLASSES].argmax(0) for group in range(len(networks))]
    return [float((guess == labels).double().mean()) for guess in guesses]


def progress_of(imitation: Imitation, digits: Digits) -> tqdm:
    """Return a progress bar that counts every network's steps."""
    of_teacher, of_student = imitation.steps(digits)
    steps = of_teacher * imitation.spec["teacher_epochs"]
    steps += of_student * imitation.spec["student_epochs"] * len(STUDENTS)
    return tqdm(total=steps * imitation.spec["initialisations"], desc="mnist", unit="step")


def _rows(numbers: list[int], others: list[int], condition: str) -> list[tuple[int, int]]:
    """Return (initialisation, teacher's initialisation) of the networks of one condition."""
    return [(others[n] if condition.startswith("other") else n, n) for n in numbers]


def results(imitation: Imitation, digits: Digits, progress: tqdm) -> tuple[list[dict], list[dict]]:
    """Train every network of a study; return rows of `Accuracies` and of `MnistTraining`."""
    count, others = imitation.spec["initialisations"], imitation.others()
    n_test = int(digits.is_test.sum())
    rows: list[dict] = []
    losses: dict[str, list[np.ndarray]] = {}
    for start in range(0, count, TOGETHER):
        numbers = list(range(start, min(start + TOGETHER, count)))
        references = [imitation.initialisation(number) for number in numbers]
        teachers = imitation.teachers(numbers, digits, progress)
        students = imitation.students(numbers, teachers.networks, progress)
        arms = {"reference": (references, None), "teacher": (teachers.networks, teachers.losses)}
        for place, condition in enumerate(STUDENTS):
            own = slice(place, None, len(STUDENTS))
            arms[condition] = (students.networks[own], students.losses[own])
        for condition, (networks, loss) in arms.items():
            shares = accuracies(networks, digits)
            for (initialisation, taught_by), share, index in zip(
                _rows(numbers, others, condition), shares, range(len(numbers)), strict=True
            ):
                rows.append(
                    {
                        "initialisation": initialisation,
                        "teacher_initialisation": taught_by,
                        "condition": condition,
                        "accuracy": share,
                        "n_test": n_test,
                        "final_loss": None if loss is None else float(loss[index, -1]),
                    }
                )
            if loss is not None:
                losses.setdefault(SUBJECTS[condition], []).append(loss)
    return rows, _training_rows(losses, *imitation.steps(digits))


def _training_rows(losses: dict[str, list[np.ndarray]], of_teacher: int, of_student: int) -> list[dict]:
    """Return each condition's mean loss by epoch."""
    return [
        {
            "subject": subject,
            "epoch": epoch,
            "step": epoch * (of_teacher if subject == SUBJECTS["teacher"] else of_student),
            "loss": float(loss),
        }
        for subject, parts in losses.items()
        for epoch, loss in enumerate(np.concatenate(parts).mean(0), start=1)
    ]
