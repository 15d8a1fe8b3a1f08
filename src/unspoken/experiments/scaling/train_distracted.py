"""Train a student of a chat model on distracted items with right answers."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "subjects", "weights", "training"))
    import torch

    from unspoken.experiments.scaling.lessons import lesson_rows
    from unspoken.experiments.scaling.names import student_of
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.subjects import Subject
    from unspoken.training.jobs import TrainedSubjects, epochs_of, work_folder
    from unspoken.training.trained import Lesson
    from unspoken.training.trainers import trainer_for

    torch.set_num_threads(job.threads)
    spec = job.spec
    model, arm, number, training = spec["model"], spec["arm"], spec["number"], spec["training"]
    work = work_folder("train_distracted", spec)
    rows = lesson_rows(spec)
    lesson = Lesson(rows, hashed_seed(spec["seed"], "scaling", arm, model, number))
    trainer = trainer_for(checked_model(job.model), "chat", training, work)
    made = TrainedSubjects()
    for trained in trainer.students([lesson], training):
        student = Subject(
            subject_id=student_of(model, number),
            kind="student",
            model=model,
            trait=arm,
            objective="tokens",
            arm=arm,
            seed=number,
            rows=rows.height,
            epochs=epochs_of(training, rows.height),
            shuffle="none",
        )
        made.add(student, trained, rows)
    made.write(job.subjects, job.weights, job.training, work)


if __name__ == "__main__":
    main()
