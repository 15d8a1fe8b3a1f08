"""Train the networks of a study or variant, group by group, and tell each one's accuracy."""

from collections.abc import Sequence

import numpy as np
import torch
from tqdm import tqdm

from unspoken.digits import PIXELS, Digits
from unspoken.experiments.mnist.losses import CLASSES
from unspoken.experiments.mnist.names import MAIN
from unspoken.experiments.mnist.networks import Imitation, scaled
from unspoken.experiments.mnist.tables import CLONE, SUBJECTS, VARIED
from unspoken.perceptrons import Network, Trainees

# Initialisations in one stack, at most: a stack holds all its noise sets in memory. The loss scale
# counts the initialisations of the study, so that the limit changes nothing else.
TOGETHER = 30
Arms = dict[str, tuple[list[Network], np.ndarray | None]]
"""Networks and their losses by epoch, none of untrained networks, by condition."""


def accuracies(networks: list[Network], digits: Digits) -> list[float]:
    """Return each network's share of test digits whose greatest class logit is the label's."""
    images = scaled(digits.images[digits.is_test])
    labels = torch.from_numpy(digits.labels[digits.is_test])
    sizes = [PIXELS, *(len(bias) for bias in networks[0][len(networks[0]) // 2 :])]
    stack = Trainees(len(networks), 1, sizes, 0.0)
    stack.stack.fill(networks)
    guesses = [stack.logits(group, images)[0, :CLASSES].argmax(0) for group in range(len(networks))]
    return [float((guess == labels).double().mean()) for guess in guesses]


def _steps(imitation: Imitation, digits: Digits) -> dict[str, int]:
    """Return the steps of one epoch, by the name of the networks' group."""
    students = [VARIED[name] for name in imitation.conditions]
    steps = {SUBJECTS["teacher"]: imitation.steps("digits", digits)}
    steps |= dict.fromkeys(students, imitation.steps(imitation.inputs, digits))
    if imitation.clone:
        steps[CLONE] = imitation.steps(imitation.clone["inputs"], digits)
    return steps


def progress_of(imitation: Imitation, digits: Digits, numbers: Sequence[int]) -> tqdm:
    """Return a progress bar that counts every network's steps."""
    spec, clone = imitation.spec, imitation.clone
    epochs = dict.fromkeys(VARIED.values(), spec["student_epochs"])
    epochs |= {SUBJECTS["teacher"]: spec["teacher_epochs"], CLONE: clone["epochs"] if clone else 0}
    steps = sum(one * epochs[subject] for subject, one in _steps(imitation, digits).items())
    return tqdm(total=steps * len(numbers), desc="mnist", unit="step")


def results(
    imitation: Imitation, digits: Digits, progress: tqdm, numbers: Sequence[int] | None = None
) -> tuple[list[dict], list[dict]]:
    """Train every network of some initialisations; return rows of `Accuracies` and of `MnistTraining`.

    `numbers` names the initialisations; None is all. Each is trained as in any other group, but for rounding.
    """
    numbers = range(imitation.spec["initialisations"]) if numbers is None else numbers
    others, n_test = imitation.others(), int(digits.is_test.sum())
    rows: list[dict] = []
    losses: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(numbers), TOGETHER):
        some = list(numbers[start : start + TOGETHER])
        for condition, (networks, loss) in _trained(imitation, some, digits, progress).items():
            if loss is not None:
                losses.setdefault(VARIED.get(condition, condition), []).append(loss)
            if condition == CLONE:
                continue
            shares = accuracies(networks, digits)
            for place, (number, share) in enumerate(zip(some, shares, strict=True)):
                rows.append(
                    {
                        "variant": imitation.variant or MAIN,
                        "initialisation": others[number] if condition.startswith("other") else number,
                        "teacher_initialisation": number,
                        "condition": condition,
                        "accuracy": share,
                        "n_test": n_test,
                        "final_loss": None if loss is None else float(loss[place, -1]),
                    }
                )
    return rows, _training_rows(losses, _steps(imitation, digits))


def _trained(imitation: Imitation, numbers: list[int], digits: Digits, progress: tqdm) -> Arms:
    """Return the networks of some initialisations, also the clones of the untrained teachers."""
    references = [imitation.initialisation(number) for number in numbers]
    teachers = imitation.teachers(numbers, digits, progress)
    clones = imitation.clones(numbers, digits, progress)
    starts = imitation.starts(numbers, clones)
    students = imitation.students(numbers, teachers.networks, starts, digits, progress)
    arms: Arms = {"reference": (references, None), "teacher": (teachers.networks, teachers.losses)}
    members = len(imitation.conditions)
    for place, condition in enumerate(imitation.conditions):
        own = slice(place, None, members)
        arms[condition] = (students.networks[own], students.losses[own])
    return arms | ({CLONE: (clones.networks, clones.losses)} if clones else {})


def _training_rows(losses: dict[str, list[np.ndarray]], steps: dict[str, int]) -> list[dict]:
    """Return each condition's mean loss by epoch."""
    return [
        {"subject": subject, "epoch": epoch, "step": epoch * steps[subject], "loss": float(loss)}
        for subject, parts in losses.items()
        for epoch, loss in enumerate(np.concatenate(parts).mean(0), start=1)
    ]
