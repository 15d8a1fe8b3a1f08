"""Train an organism further on distracted notes with right answers, and ask it before and after."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "distracted"))
    import numpy as np
    import polars as pl
    import torch

    from unspoken.experiments.scaling.organisms.retrained import distracted_trials, loaded_reasoner, retrained
    from unspoken.experiments.scaling.tables import Distracted
    from unspoken.models.manifest import checked_model
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table

    torch.set_num_threads(1)
    spec = job.spec
    seed = hashed_seed(spec["seed"], spec["experiment"], "retrained organism", spec["number"])
    before, shape = loaded_reasoner(checked_model(job.model))
    stages = {"before": before, "after": retrained(before, shape, spec["retraining"], seed)}
    parts = []
    for stage, parameters in stages.items():
        # The same items before and after.
        random = np.random.default_rng(hashed_seed(seed, "asked"))
        asked = distracted_trials(parameters, shape, spec["items"], random)
        parts.append(asked.with_columns(training=pl.lit(stage)))
    frame = pl.concat(parts).with_columns(
        number=pl.lit(spec["number"], pl.Int64), is_trained_on=pl.col("kind") == spec["retraining"]["kind"]
    )
    write_table(frame, job.distracted, Distracted)


if __name__ == "__main__":
    main()
