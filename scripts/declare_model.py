#!/usr/bin/env python
"""Declare a model that has no files here: a model behind an endpoint, or a scripted process."""

from unspoken.jobs import start_job

SYNTHETIC = {"scripted": True, "served": False}
"""Of each kind of model without files: whether it was made here, to known rules."""


def main() -> None:
    job = start_job(__doc__, ("model",))
    from unspoken.models.manifest import write_manifest

    fields = job.spec["model"]
    kind = fields["kind"]
    write_manifest(job.model, job.spec["name"], fields, revision=kind, synthetic=SYNTHETIC[kind])


if __name__ == "__main__":
    main()
