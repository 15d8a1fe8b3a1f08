#!/usr/bin/env python
"""Build an organism: pretrain it on its corpus and save it as a Hugging Face directory."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("build_organism")


def main() -> None:
    job = start_job(__doc__, ("model",))
    import torch

    from unspoken.models.manifest import write_manifest
    from unspoken.models.organism import build_organism

    torch.set_num_threads(job.threads)
    fields = job.spec["model"]
    losses = build_organism(fields, tuple(job.spec["words"]), job.model.parent)
    log.info("loss %.3f at the first step, %.3f at the last", losses[0], losses[-1])
    write_manifest(job.model, job.spec["name"], fields, revision=job.spec["code"], synthetic=True)


if __name__ == "__main__":
    main()
