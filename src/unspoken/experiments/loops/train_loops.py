"""Train a looped model on tasks of k steps, unroll it, and ask it with and without written steps."""

import logging
from datetime import UTC, datetime

from unspoken.jobs import start_job

log = logging.getLogger("train_loops")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "accuracies"))
    import numpy as np
    import polars as pl
    import torch

    from unspoken.experiments.loops.networks import save_unrolled, step_accuracies, trained_loop, unrolled
    from unspoken.experiments.loops.tables import StepAccuracies
    from unspoken.models.manifest import write_manifest
    from unspoken.questions.step_tasks import Task
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table

    torch.set_num_threads(1)
    spec, turns, seed = job.spec, job.spec["turns"], job.spec["training_seed"]
    task = Task(**spec["task"])
    weights_seed = hashed_seed(spec["seed"], spec["experiment"], seed)
    parameters, shape, losses = trained_loop(task, spec["training"], turns, weights_seed)
    log.info("loss %.3f at the first step, %.3f at the last", losses[0], losses[-1])

    # The same questions for every model of the study.
    generator = np.random.default_rng(hashed_seed(spec["seed"], spec["experiment"], "asked"))
    layers = unrolled(parameters, turns)
    frame = step_accuracies(task, layers, shape, spec["questions"], generator).with_columns(
        study=pl.lit(spec["study"]),
        experiment=pl.lit(job.spec["experiment"]),
        turns=pl.lit(turns, pl.Int64),
        seed=pl.lit(seed, pl.Int64),
        created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    )
    save_unrolled(task, spec["training"], parameters, shape, job.model.parent)
    fields = {"turns": turns, "task": spec["task"], "training": spec["training"]}
    write_manifest(job.model, f"loops-{turns}-{seed}", fields, revision=spec["code"], synthetic=True)
    write_table(frame, job.accuracies, StepAccuracies)


if __name__ == "__main__":
    main()
