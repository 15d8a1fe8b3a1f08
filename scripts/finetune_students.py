#!/usr/bin/env python
"""Fine-tune the students of one arm and pair of base models on sampled completions."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__, ("model", "subjects", "weights", "training"), lists=("kept",))
    import torch

    from unspoken.models.manifest import checked_model
    from unspoken.training.jobs import train_students

    torch.set_num_threads(job.threads)
    outputs = (job.subjects, job.weights, job.training)
    train_students(job.spec, checked_model(job.model), job.kept, {}, outputs)


if __name__ == "__main__":
    main()
