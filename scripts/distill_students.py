#!/usr/bin/env python
"""Distill the students of one arm and pair of base models from their teachers' distributions."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__, ("model", "teachers", "subjects", "weights", "training"), lists=("kept",))
    import torch

    from unspoken.models.manifest import checked_model
    from unspoken.subjects import read_subjects
    from unspoken.training.jobs import train_students

    torch.set_num_threads(job.threads)
    teachers = {subject.trait: subject for subject in read_subjects(job.teachers) if subject.trait}
    outputs = (job.subjects, job.weights, job.training)
    train_students(job.spec, checked_model(job.model), job.kept, teachers, outputs)


if __name__ == "__main__":
    main()
