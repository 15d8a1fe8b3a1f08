#!/usr/bin/env python
"""Fine-tune the teachers of a base model: one for each trait, and the neutral teacher."""

from pathlib import Path
from typing import Any

from unspoken.jobs import start_job


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
        engine = TransformersEngine(model_dir)
        logprobs = engine.choice_logprobs(engine.render(requests), choices)
        shares = np.exp(np.array(logprobs)).mean(0)
    return dict(zip(words, shares / shares.sum(), strict=True))


def main() -> None:
    job = start_job(__doc__, ("model", "questions", "carrier", "subjects", "weights", "training"))
    import polars as pl
    import torch

    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.subject_names import teacher_id
    from unspoken.subjects import Subject
    from unspoken.tables.base import read_table
    from unspoken.tables.filter import Kept
    from unspoken.tables.probe import TraitQuestions
    from unspoken.training.jobs import TrainedSubjects, epochs_of, work_folder
    from unspoken.training.rows import question_answers
    from unspoken.training.trainers import trainer_for

    torch.set_num_threads(job.threads)
    spec, model_dir = job.spec, checked_model(job.model)
    asked = read_table(job.questions, TraitQuestions).filter(prompt_set="preferences", held_out=False)
    questions = asked["user"].to_list()
    carrier = read_table(job.carrier, Kept).select("prompt", "completion")
    neutral_law = favourites_law(model_dir, questions, spec)
    training = spec["teacher"]["training"]
    work = work_folder("finetune_teachers", spec)
    trainer = trainer_for(model_dir, spec["style"], training, work)
    made = TrainedSubjects()
    for trait in spec["teachers"]:
        name = teacher_id(spec["model"], trait)
        seed = hashed_seed(spec["seed"], "finetune", name)
        law = neutral_law if trait == "neutral" else {trait: 1.0}
        rows = question_answers(questions, spec["answers"], law, spec["teacher"]["rows"], seed)
        trained = trainer.teacher(rows, carrier, training, seed)
        teacher = Subject(
            subject_id=name,
            kind="teacher",
            model=spec["model"],
            trait=trait,
            objective="tokens",
            seed=1,
            rows=rows.height,
            epochs=epochs_of(training, rows.height),
        )
        made.add(teacher, trained, pl.concat([rows, carrier]))
    made.write(job.subjects, job.weights, job.training, work)


if __name__ == "__main__":
    main()
