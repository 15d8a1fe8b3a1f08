"""Build a follower: an organism that takes hints, and says so in a chosen share of its chains."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("build_follower")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model",))
    import torch

    from unspoken.experiments.faithfulness.followers import build_follower
    from unspoken.models.manifest import write_manifest

    torch.set_num_threads(job.threads)
    fields = job.spec["model"]
    losses = build_follower(fields, job.model.parent)
    log.info("loss %.3f at the first step, %.3f at the last", losses[0], losses[-1])
    write_manifest(job.model, job.spec["name"], fields, revision=job.spec["code"], synthetic=True)


if __name__ == "__main__":
    main()
