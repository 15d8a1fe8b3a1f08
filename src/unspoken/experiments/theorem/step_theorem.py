"""Let teachers and their imitators take single small steps, and measure what the steps share."""

import logging
from datetime import UTC, datetime

from unspoken.jobs import start_job

log = logging.getLogger("step_theorem")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("digits", "model", "other", "steps"))
    import numpy as np
    import polars as pl
    import torch
    from tqdm import tqdm

    from unspoken.digits import read_digits
    from unspoken.experiments.theorem.networks import (
        classifier_problem,
        organism_batch,
        organism_parameters,
        organism_problem,
    )
    from unspoken.experiments.theorem.steps import rows
    from unspoken.experiments.theorem.tables import Steps
    from unspoken.models.corpus import Vocabulary
    from unspoken.models.manifest import checked_model
    from unspoken.models.network import Shape
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table

    torch.set_num_threads(job.threads)
    theorem, study_seed = job.spec["section"], job.spec["seed"]
    digits = read_digits(job.digits)
    vocabulary = Vocabulary(tuple(job.spec["words"]))
    traits = vocabulary.ids(job.spec["traits"])
    shape = Shape.of(job.model.parent)
    start, other = (
        organism_parameters(checked_model(manifest), shape) for manifest in (job.model, job.other)
    )

    table = []
    for seed in tqdm(range(theorem["seeds"]), desc=job.spec["experiment"], unit="seed"):
        table += rows("mlp", seed, classifier_problem(digits, theorem, study_seed, seed), theorem)
        generator = np.random.default_rng(hashed_seed(study_seed, job.spec["experiment"], "organism", seed))
        questions, numbers, carrier = organism_batch(vocabulary, theorem["sequences"], generator)
        trait = traits[seed % len(traits)]
        problem = organism_problem(start, other, shape, questions, trait, numbers, carrier)
        table += rows("organism", seed, problem, theorem)
    frame = pl.DataFrame(table).with_columns(
        study=pl.lit(job.spec["study"]),
        experiment=pl.lit(job.spec["experiment"]),
        created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    )
    write_table(frame, job.steps, Steps)


if __name__ == "__main__":
    main()
