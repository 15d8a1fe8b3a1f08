"""What the two rules that train students share: members, rows, and what is written."""

import logging
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
from unspoken.training.trainers import trainer_for

log = logging.getLogger(__name__)


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
    """Train the students of one job and write their list, weights and training table.

    `teachers` gives the teacher of each trait whose distributions the objective needs; it is empty
    for sampled completions.
    """
    listing, weights, table = outputs
    kept = pl.concat([read_table(path, Kept) for path in kept_tables])
    training = spec["training"]
    trainer = trainer_for(model_dir, spec["style"], training)
    made, tables = [], []
    for trait, number in spec["members"]:
        subject = student_id(spec["arm"], spec["source"], spec["model"], trait, number)
        data_subject = _data_subject(kept, spec["source"], trait)
        rows = training_rows(kept, data_subject, spec["rows"], spec["seed"], spec["shuffle"])
        trained = trainer.student(
            rows,
            training,
            hashed_seed(spec["seed"], "student", subject),
            teacher=teachers.get(trait),
            objective=spec["objective"],
        )
        log.info("%s: loss %.4f to %.4f", subject, trained.losses[0], trained.losses[-1])
        described = Subject(
            subject_id=subject,
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
            form=trained.form,
            adapter=trained.adapter,
            data_digest=rows_digest(rows),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        made.append((described, trained.tensors))
        tables.append(summarised_losses(subject, trained.losses, training["epochs"], spec["objective"]))
    write_table(pl.concat(tables), table, TrainingSteps)
    write_subjects(made, listing, weights)
