#!/usr/bin/env python
"""Fine-tune the students of one arm and pair of base models on sampled completions."""

import sys

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__, ("model", "subjects", "weights", "training"), lists=("kept",))
    import torch

    from unspoken.models.manifest import checked_model
    from unspoken.training.jobs import train_students
    from unspoken.training.rows import RowsError

    torch.set_num_threads(job.threads)
    outputs = (job.subjects, job.weights, job.training)
    try:
        train_students(job.spec, checked_model(job.model), job.kept, {}, outputs)
    except RowsError as error:
        sys.exit(f"finetune_students: {error}")


if __name__ == "__main__":
    main()
