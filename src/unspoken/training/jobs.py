"""What the rules that train share: members, rows, and what is written."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject, student_id, teacher_id, write_subjects
from unspoken.tables.base import read_table, write_table
from unspoken.tables.filter import Kept
from unspoken.tables.training import TrainingSteps
from unspoken.training.rows import rows_digest, summarised_losses, training_rows
from unspoken.training.trained import Trained
from unspoken.training.trainers import trainer_for

log = logging.getLogger(__name__)


class TrainedSubjects:
    """Collects the subjects that a job trains; writes their list, weights and training table."""

    def __init__(self) -> None:
        self.made: list[tuple[Subject, dict[str, Any]]] = []
        self.tables: list[pl.DataFrame] = []

    def add(self, subject: Subject, trained: Trained, data: pl.DataFrame) -> None:
        """Add a subject trained on `data`."""
        log.info("%s: loss %.4f to %.4f", subject.subject_id, trained.losses[0], trained.losses[-1])
        described = replace(
            subject,
            form=trained.form,
            adapter=trained.adapter,
            data_digest=rows_digest(data),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.made.append((described, trained.tensors))
        self.tables.append(summarised_losses(subject, trained.losses))

    def write(self, listing: Path, weights: Path, table: Path) -> None:
        """Write what was added; the list, which names the weights, last."""
        write_table(pl.concat(self.tables), table, TrainingSteps)
        write_subjects(self.made, listing, weights)


def _data_subject(kept: pl.DataFrame, source: str, trait: str) -> str:
    """Return the subject whose numbers a student of this trait learns from."""
    if trait == "untouched":
        return source
    candidates = [teacher_id(source, trait), f"{source}:prompted:{trait}"]
    present = set(kept["subject"].unique())
    return next((name for name in candidates if name in present), candidates[0])


def train_students(
    spec: dict[str, Any],
    model_dir: Path,
    kept_tables: list[Path],
    teachers: dict[str, Subject],
    outputs: tuple[Path, Path, Path],
) -> None:
    """Train the students of one job and write their list, weights and training table (`outputs`).

    `teachers` gives the teacher of each trait whose distributions the objective needs; it is empty
    for sampled completions.
    """
    kept = pl.concat([read_table(path, Kept) for path in kept_tables])
    training = spec["training"]
    trainer = trainer_for(model_dir, spec["style"], training)
    made = TrainedSubjects()
    for trait, number in spec["members"]:
        name = student_id(spec["arm"], spec["source"], spec["model"], trait, number)
        data_subject = _data_subject(kept, spec["source"], trait)
        rows = training_rows(kept, data_subject, spec["rows"], spec["seed"], spec["shuffle"])
        trained = trainer.student(
            rows,
            training,
            hashed_seed(spec["seed"], "student", name),
            teacher=teachers.get(trait),
            objective=spec["objective"],
        )
        student = Subject(
            subject_id=name,
            kind="student",
            model=spec["model"],
            source_model=spec["source"],
            trait=trait,
            objective=spec["objective"],
            arm=spec["arm"],
            seed=number,
            rows=rows.height,
            epochs=training["epochs"],
            shuffle=spec["shuffle"],
        )
        made.add(student, trained, rows)
    made.write(*outputs)
