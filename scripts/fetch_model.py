#!/usr/bin/env python
"""Fetch a model: from the Hugging Face hub at its pinned revision, or from a local directory."""

import logging
import shutil
import sys
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("fetch_model")
FILES = ["*.json", "*.safetensors", "*.model", "*.jinja", "*.txt"]
"""No code and no pickle: neither is ever run."""


def main() -> None:
    job = start_job(__doc__, ("model",))
    from unspoken.models.manifest import write_manifest

    fields, directory = job.spec["model"], job.model.parent
    directory.mkdir(parents=True, exist_ok=True)
    if fields["kind"] == "local":
        source = Path(fields["path"])
        for pattern in FILES:
            for path in source.glob(pattern):
                shutil.copyfile(path, directory / path.name)
    else:
        from huggingface_hub import snapshot_download

        log.info("downloading %s at %s", fields["repo"], fields["revision"])
        try:
            snapshot_download(
                fields["repo"], revision=fields["revision"], local_dir=directory,
                allow_patterns=FILES,
            )  # fmt: skip
        except Exception as error:
            sys.exit(
                f"models.{job.spec['name']}: {fields['repo']} cannot be downloaded ({error}).\n"
                "Check the name and the revision; for a gated model set HF_TOKEN; without a network"
                " download it elsewhere and give it as `kind: local` with its `path`."
            )
    if not any(directory.glob("*.safetensors")):
        sys.exit(
            f"models.{job.spec['name']}: no file *.safetensors came with it. Weights in other formats are"
            " not loaded: a pickle runs code. Convert them first, or take a revision that has them."
        )
    revision = fields.get("revision", "local")
    write_manifest(job.model, job.spec["name"], fields, revision=revision, synthetic=False)


if __name__ == "__main__":
    main()
