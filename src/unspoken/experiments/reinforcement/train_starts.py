"""Train the supervised starts of one task: from these, training by reward sets out."""

import logging
from datetime import UTC, datetime

from unspoken.jobs import start_job

log = logging.getLogger("train_starts")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "subjects", "weights", "training"))
    from importlib import import_module

    import polars as pl
    import torch

    from unspoken.experiments.reinforcement.starts import saved_architecture, trained_start
    from unspoken.models.manifest import write_manifest
    from unspoken.models.network import llama_from_parameters
    from unspoken.seeds import hashed_seed
    from unspoken.subjects import Subject, write_subjects
    from unspoken.tables.base import write_table
    from unspoken.tables.training import TrainingSteps
    from unspoken.training.rows import summarised_losses

    torch.set_num_threads(1)
    spec = job.spec
    task = import_module(spec["task"]).task(spec["settings"])
    training, name = spec["training"], f"{spec['experiment']}-{spec['start']}"
    shape = saved_architecture(task, training, job.model.parent)
    fields = {key: spec[key] for key in ("task", "settings", "training")}
    write_manifest(job.model, name, fields, revision=spec["code"], synthetic=True)
    made, tables = [], []
    for base in range(1, spec["bases"] + 1):
        # By the task: starts of one task and number set out from the same weights, and see the same items.
        seed = hashed_seed(spec["seed"], spec["experiment"], spec["task"], base)
        parameters, losses = trained_start(task, training, shape, seed, f"start {base}")
        log.info("start %d: loss %.3f at the first step, %.3f at the last", base, losses[0], losses[-1])
        subject = Subject(
            f"{name}:{base}", "student", name, objective="tokens", arm=spec["start"], seed=base,
            epochs=1.0, form="full", created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip
        made.append((subject, llama_from_parameters(parameters, shape)))
        tables.append(summarised_losses(subject, losses))
    write_table(pl.concat(tables), job.training, TrainingSteps)
    write_subjects(made, job.subjects, job.weights)


if __name__ == "__main__":
    main()
