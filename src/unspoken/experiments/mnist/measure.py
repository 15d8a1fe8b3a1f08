"""Estimates and contrasts of the MNIST experiment (Cloud et al. 2025, section 6).

A replicate is a trained network: one initialisation. Students of the same and of another
initialisation are paired by their teacher; students and untrained networks by initialisation.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.mnist.tables import SUBJECTS, Accuracies
from unspoken.statistics.gates import accuracy_gate
from unspoken.statistics.intervals import Interval, t_interval
from unspoken.statistics.report import Report
from unspoken.statistics.rows import measurement
from unspoken.tables.base import whole_table

PAPER = "cloud2025"
CHANCE = 0.1
# Teachers must beat their untrained selves by this (the 95% interval's lower end), or students had
# nothing to learn from them.
TEACHER_GAIN = 0.1
OBJECTIVES = {"auxiliary": "kl_auxiliary", "all": "kl_all"}


def _conditions(condition: str, train_images: int) -> dict[str, str]:
    name = OBJECTIVES.get(condition.split("_")[-1])
    return {"data": f"{train_images} images", **({"objective": name} if name else {})}


def _values(accuracies: pl.DataFrame, condition: str, key: str) -> np.ndarray:
    """Return one condition's accuracies in the order of `key`."""
    return accuracies.filter(condition=condition).sort(key)["accuracy"].to_numpy()


def _paired(accuracies: pl.DataFrame, first: str, second: str, key: str) -> Interval:
    """Return mean accuracy of `first` minus `second`, paired by `key`."""
    return t_interval(_values(accuracies, first, key) - _values(accuracies, second, key))


def mnist_measurements(accuracies: pl.DataFrame, experiment: str, train_images: int) -> list[dict[str, Any]]:
    """Return the rows of `measurements` for the table `Accuracies` of one study.

    Estimates: accuracy by condition, and (positive control) the teachers' gain over their untrained
    selves, once for the teachers and once for each group of students, whose claims rest on it.
    Contrasts: same minus other initialisation for each objective, and every group of students minus
    the untrained networks.
    """
    arms = {condition: t_interval(_values(accuracies, condition, "initialisation")) for condition in SUBJECTS}
    networks = accuracies.filter(condition="teacher")
    samples = int(networks["n_test"].sum())
    common: dict[str, Any] = {
        "study": accuracies["study"][0],
        "paper": PAPER,
        "experiment": experiment,
        "unit": "accuracy",
        "replicate": "training_seed",
        "reproducible": True,
    }

    def contrast(first: str, second: str, key: str, paired_on: str) -> dict[str, Any]:
        return measurement(
            **common,
            metric="accuracy",
            kind="contrast",
            subject=SUBJECTS[first],
            versus=SUBJECTS[second],
            interval=_paired(accuracies, first, second, key),
            n_samples=2 * samples,
            conditions=_conditions(first, train_images),
            paired_on=[paired_on],
            role="finding",
            gate=accuracy_gate(arms[first], arms[second], CHANCE),
        )

    gain = _paired(accuracies, "teacher", "reference", "initialisation")
    rows = [
        measurement(
            **common,
            metric="accuracy",
            kind="estimate",
            subject=SUBJECTS[condition],
            interval=interval,
            n_samples=samples,
            conditions=_conditions(condition, train_images),
            role="finding",
        )
        for condition, interval in arms.items()
    ]
    rows += [
        measurement(
            **common,
            metric="teacher_gain",
            kind="estimate",
            subject=SUBJECTS[condition],
            interval=gain,
            n_samples=2 * samples,
            conditions=_conditions(condition, train_images),
            role="positive_control",
            passed=gain.ci_low is not None and gain.ci_low > TEACHER_GAIN,
        )
        for condition in SUBJECTS
        if condition != "reference"
    ]
    for logits in OBJECTIVES:
        same, other = f"student_{logits}", f"other_{logits}"
        rows.append(contrast(same, other, "teacher_initialisation", "teacher"))
        rows += [contrast(arm, "reference", "initialisation", "seed") for arm in (same, other)]
    return rows


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of the study's digit classifiers, from the files of `accuracies`."""
    accuracies = whole_table(files["accuracies"], Accuracies)
    report = Report(spec["study"], PAPER, spec["experiment"], reproducible=True)
    report.rows = mnist_measurements(accuracies, spec["experiment"], spec["train_images"])
    for row in report.rows:
        # Its networks are members by their conditions and seeds alone: no table lists them.
        report.group(row["subject"], "digit classifiers", [])
    return [report]
