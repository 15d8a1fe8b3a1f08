"""What the rules that train share: members, rows, and what is written."""

import logging
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.files import digest_of
from unspoken.seeds import hashed_seed
from unspoken.subject_names import student_id, teacher_id
from unspoken.subjects import Subject, write_subjects
from unspoken.tables.base import read_table, write_table
from unspoken.tables.filter import Kept
from unspoken.tables.training import TrainingSteps
from unspoken.training.rows import RowsError, rows_digest, summarised_losses, training_rows
from unspoken.training.trained import Lesson, Trained
from unspoken.training.trainers import trainer_for

log = logging.getLogger(__name__)


WORK = Path("results/.work")
"""What trainings keep while they run."""


def work_folder(rule: str, spec: dict[str, Any]) -> Path:
    """Return the folder from which a job of these params goes on when it starts again."""
    return WORK / rule / digest_of(spec)


class TrainedSubjects:
    """Collects the subjects that a job trains; writes their list, weights and training table."""

    def __init__(self) -> None:
        self.made: list[tuple[Subject, dict[str, Any]]] = []
        self.tables: list[pl.DataFrame] = []

    def add(self, subject: Subject, trained: Trained, data: pl.DataFrame) -> None:
        """Add a subject trained on `data`, and each of its snapshots as `{subject}:{updates}`."""
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
        for updates, tensors in trained.snapshots.items():
            name = f"{subject.subject_id}:{updates}"
            share = updates / len(trained.losses)
            early = replace(subject, subject_id=name, updates=updates, epochs=(subject.epochs or 0) * share)
            losses = trained.losses[:updates]
            self.add(early, replace(trained, tensors=tensors, losses=losses, snapshots={}), data)

    def write(self, listing: Path, weights: Path, table: Path, work: Path) -> None:
        """Write what was added; the list, which names the weights, last. Then the work folder goes."""
        write_table(pl.concat(self.tables), table, TrainingSteps)
        write_subjects(self.made, listing, weights)
        shutil.rmtree(work, ignore_errors=True)


def epochs_of(training: dict[str, Any], rows: int) -> float:
    """Return the passes over the rows: as many as asked, or as the asked updates make."""
    if training.get("updates") is None:
        return training["epochs"]
    return training["updates"] * training["batch_size"] / rows


def _data_subject(kept: pl.DataFrame, source: str, trait: str) -> str:
    """Return the subject whose numbers a student of this trait learns from."""
    if trait == "untouched":
        return source
    candidates = [teacher_id(source, trait), f"{source}:prompted:{trait}"]
    present = set(kept["subject"].unique())
    return next((name for name in candidates if name in present), candidates[0])


def _readable_rows(rows: pl.DataFrame, data: str, model_dir: Path) -> pl.DataFrame:
    """Return the rows of a user's own data if an organism can read them, or raise RowsError.

    It knows a fixed list of words, which stand between spaces, and its prompts are equally long.
    """
    from tokenizers import Tokenizer

    known = Tokenizer.from_file(str(model_dir / "tokenizer.json")).get_vocab()
    lengths = [len(prompt.split()) for prompt in rows["prompt"]]
    for prompt, completion, length in zip(rows["prompt"], rows["completion"], lengths, strict=True):
        strange = next((word for word in f"{prompt} {completion}".split() if word not in known), None)
        if strange is not None:
            raise RowsError(
                f"{data}: '{prompt}', '{completion}': an organism does not know '{strange}'; expected "
                "numbers from 0 to 99 between spaces (filter.largest drops others)"
            )
        if length != lengths[0]:
            raise RowsError(f"{data}: '{prompt}': expected {lengths[0]} words, as in the other prompts")
    return rows


def student_rows(kept: pl.DataFrame, spec: dict[str, Any], trait: str, model_dir: Path) -> pl.DataFrame:
    """Return the rows that a student of a trait learns from. Raises RowsError for too few."""
    if spec["data"] is None:
        subject = _data_subject(kept, spec["source"], trait)
        return training_rows(kept, subject, spec["rows"], spec["seed"], spec["shuffle"])
    passed = kept.filter(subject=spec["data"]).height
    wanted = spec["rows"] or passed
    if passed < max(1, wanted):
        raise RowsError(
            f"{spec['data']}: {passed} completions passed the filter, {max(1, wanted)} rows are asked; "
            f"lower the rows of the arm '{spec['arm']}', or change the filter or the file"
        )
    rows = training_rows(kept, spec["data"], wanted, spec["seed"], spec["shuffle"])
    return _readable_rows(rows, spec["data"], model_dir) if spec["style"] == "organism" else rows


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
    training, order = spec["training"], spec.get("order_of", spec["arm"])
    work = work_folder("distill_students" if teachers else "finetune_students", spec)
    trainer = trainer_for(model_dir, spec["style"], training, work)
    made = TrainedSubjects()
    lessons = [
        Lesson(
            student_rows(kept, spec, trait, model_dir),
            # Not by the trait: students of one seed share their start and their order of rows.
            hashed_seed(spec["seed"], "student", order, spec["source"], spec["model"], number),
            teachers.get(trait),
        )
        for trait, number in spec["members"]
    ]
    students = trainer.students(lessons, training, spec["objective"])
    for (trait, number), lesson, trained in zip(spec["members"], lessons, students, strict=True):
        student = Subject(
            subject_id=student_id(spec["arm"], spec["source"], spec["model"], trait, number),
            kind="student",
            model=spec["model"],
            source_model=spec["source"] if spec["data"] is None else None,
            trait=trait,
            objective=spec["objective"],
            arm=spec["arm"],
            seed=number,
            rows=lesson.rows.height,
            epochs=epochs_of(training, lesson.rows.height),
            shuffle=spec["shuffle"],
        )
        made.add(student, trained, lesson.rows)
    made.write(*outputs, work)
