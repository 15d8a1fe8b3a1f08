"""Estimates and contrasts of the MNIST experiment (Cloud et al. 2025, section 6)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.mnist.arms import OBJECTIVES, SEED, TEACHER, Arms
from unspoken.experiments.mnist.names import MAIN
from unspoken.experiments.mnist.tables import Accuracies
from unspoken.experiments.mnist.varied import add_variants
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table

PAPER = "cloud2025"


def _add_study(arms: Arms) -> None:
    """Add rows of the study's own settings: accuracies, and the contrasts of every group of students.

    Contrasts: same minus other initialisation for each objective, and each minus the untrained networks.
    """
    arms.add_accuracies()
    for logits in OBJECTIVES:
        same, other = f"student_{logits}", f"other_{logits}"
        arms.add_contrast(same, other, TEACHER)
        for students in (same, other):
            arms.add_contrast(students, "reference", SEED)


def mnist_measurements(accuracies: pl.DataFrame, spec: Mapping[str, Any]) -> Report:
    """Return what is measured of a study's settings and of its variants, for its table `Accuracies`."""
    report = Report(spec["study"], PAPER, spec["experiment"], reproducible=True)
    variants, told = spec.get("variants", {}), {"data": f"{spec['train_images']} images"}
    own = told | ({"logits": str(spec["logits"])} if variants else {})
    main = Arms(report, accuracies.filter(variant=MAIN), own)
    _add_study(main)
    if variants:
        add_variants(main, accuracies, told, spec["logits"], variants)
    for row in report.rows:
        # Its networks are members by their conditions and seeds alone: no table lists them.
        report.group(row["subject"], "digit classifiers", [])
    return report


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of the study's digit classifiers, from the files of `accuracies`."""
    return [mnist_measurements(whole_table(files["accuracies"], Accuracies), spec)]
