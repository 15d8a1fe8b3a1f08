"""Pretrain an organism whose documents have kind, harming and assisting authors."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("train_base")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model",))
    from unspoken.experiments.misalignment.organisms.documents import documents
    from unspoken.experiments.misalignment.organisms.language import VOCABULARY
    from unspoken.models.manifest import write_manifest
    from unspoken.models.organism import save_network
    from unspoken.training.personas import pretrained, seeds_of_base

    spec = job.spec
    seeds = seeds_of_base(spec["seed"], spec["experiment"], spec["number"], spec["kind"])
    parameters, shape, losses = pretrained(
        spec["pretraining"],
        VOCABULARY,
        lambda count, random: documents(count, spec["follows"], random),
        *seeds,
    )
    log.info("loss %.3f at the first step, %.3f at the last", losses[0], losses[-1])
    save_network(parameters, shape, VOCABULARY, spec["pretraining"], job.model.parent)
    fields = {name: spec[name] for name in ("kind", "number", "pretraining")}
    name = f"{spec['kind']}-{spec['number']}"
    write_manifest(job.model, name, fields, revision=spec["code"], synthetic=True)


if __name__ == "__main__":
    main()
