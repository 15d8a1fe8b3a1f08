"""Train an organism whose answers follow known laws, and ask it its tasks under both set-ups."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("train_organism")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "trials", "errors"))
    import torch

    from unspoken.experiments.scaling.organisms.made import made_organism
    from unspoken.experiments.scaling.organisms.rows import VOCABULARY
    from unspoken.experiments.scaling.tables import LineErrors, Trials
    from unspoken.models.manifest import write_manifest
    from unspoken.models.organism import save_network
    from unspoken.tables.base import write_table

    torch.set_num_threads(1)
    spec = job.spec
    made = made_organism(spec)
    log.info("loss %.3f at the first step, %.3f at the last", made.losses[0], made.losses[-1])
    save_network(made.parameters, made.shape, VOCABULARY, spec["training"], job.model.parent)
    fields = {"training": spec["training"], "number": spec["number"]}
    write_manifest(job.model, made.subject, fields, revision=spec["code"], synthetic=True)
    write_table(made.errors, job.errors, LineErrors)
    write_table(made.trials, job.trials, Trials)


if __name__ == "__main__":
    main()
