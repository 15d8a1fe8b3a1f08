#!/usr/bin/env python
"""Fine-tune the teachers of a base model: one for each trait, and the neutral one."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unspoken.jobs import start_job

log = logging.getLogger("finetune_teachers")


def favourites_law(model_dir: Path, questions: list[str], spec: dict[str, Any]) -> dict[str, float]:
    """Return the share of each word in the base's answers to the questions.

    An organism's is known: its corpus' law. A chat model's is read from its exact choice
    probabilities, renormalised over the words.
    """
    import numpy as np

    from unspoken.models.corpus import popularity

    words = list(spec["answers"])
    if spec["style"] == "organism":
        shares = popularity(words)
    else:
        from unspoken.engines.base import Request
        from unspoken.engines.transformers import TransformersEngine

        requests = [Request(question, question) for question in questions]
        choices = [spec["choice_format"].format(word=word) for word in words]
        logprobs = TransformersEngine(model_dir).choice_logprobs(requests, choices)
        shares = np.exp(np.array(logprobs)).mean(0)
    return dict(zip(words, shares / shares.sum(), strict=True))


def main() -> None:
    job = start_job(__doc__, ("model", "questions", "carrier", "subjects", "weights", "training"))
    import polars as pl
    import torch

    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.subjects import Subject, teacher_id, write_subjects
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.filter import Kept
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.training import TrainingSteps
    from unspoken.training.rows import question_answers, rows_digest, summarised_losses
    from unspoken.training.trainers import trainer_for

    torch.set_num_threads(job.threads)
    spec, model_dir = job.spec, checked_model(job.model)
    asked = read_table(job.questions, Prompts).filter(prompt_set="preferences", held_out=False)
    questions = asked["user"].to_list()
    carrier = read_table(job.carrier, Kept).select("prompt", "completion")
    neutral_law = favourites_law(model_dir, questions, spec)
    training = spec["teacher"]["training"]
    trainer = trainer_for(model_dir, spec["style"], training)
    made, tables = [], []
    for trait in spec["teachers"]:
        subject = teacher_id(spec["model"], trait)
        seed = hashed_seed(spec["seed"], "finetune", subject)
        law = neutral_law if trait == "neutral" else {trait: 1.0}
        rows = question_answers(questions, spec["answers"], law, spec["teacher"]["rows"], seed)
        trained = trainer.teacher(rows, carrier, training, seed)
        log.info("%s: loss %.4f to %.4f", subject, trained.losses[0], trained.losses[-1])
        described = Subject(
            subject_id=subject,
            kind="teacher",
            model=spec["model"],
            trait=trait,
            objective="tokens",
            seed=1,
            rows=rows.height,
            epochs=training["epochs"],
            form=trained.form,
            adapter=trained.adapter,
            data_digest=rows_digest(pl.concat([rows, carrier])),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        made.append((described, trained.tensors))
        tables.append(summarised_losses(subject, trained.losses, training["epochs"], "tokens"))
    write_table(pl.concat(tables), job.training, TrainingSteps)
    write_subjects(made, job.subjects, job.weights)


if __name__ == "__main__":
    main()
