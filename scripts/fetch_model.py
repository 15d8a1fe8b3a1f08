#!/usr/bin/env python
"""Fetch a model: from the Hugging Face hub at its pinned revision, or from a local directory."""

import logging
import shutil
import sys
from pathlib import Path
from typing import Any

from unspoken.jobs import start_job

log = logging.getLogger("fetch_model")


def copied(fields: dict[str, Any], directory: Path) -> None:
    """Copy a local model's files, and remove files of the folder that it had before."""
    from unspoken.models.sources import model_files

    for path in model_files(directory):
        path.unlink()
    for path in model_files(Path(fields["path"])):
        shutil.copyfile(path, directory / path.name)


def downloaded(name: str, fields: dict[str, Any], directory: Path) -> None:
    """Download a model of the hub, or end with what to do about it."""
    from huggingface_hub import snapshot_download

    from unspoken.models.sources import FILES

    log.info("downloading %s at %s", fields["repo"], fields["revision"])
    try:
        snapshot_download(
            fields["repo"], revision=fields["revision"], local_dir=directory, allow_patterns=list(FILES)
        )
    except Exception as error:
        sys.exit(
            f"models.{name}: {fields['repo']} cannot be downloaded ({error}).\n"
            "Check the name and the revision; for a gated model set HF_TOKEN; without a network"
            " download it elsewhere and give it as `kind: local` with its `path`."
        )


def main() -> None:
    job = start_job(__doc__, ("model",))
    from unspoken.engines.templates import chat_facts_or_exit
    from unspoken.models.manifest import write_manifest

    name, fields, directory = job.spec["name"], job.spec["model"], job.model.parent
    directory.mkdir(parents=True, exist_ok=True)
    if fields["kind"] == "local":
        copied(fields, directory)
    else:
        downloaded(name, fields, directory)
    if not any(directory.glob("*.safetensors")):
        sys.exit(
            f"models.{name}: no file *.safetensors came with it. Weights in other formats are"
            " not loaded: a pickle runs code. Convert them first, or take a revision that has them."
        )
    facts = chat_facts_or_exit(name, directory, job.spec.get("asking"))
    revision = fields.get("revision", "local")
    write_manifest(job.model, name, {**fields, "chat": facts}, revision=revision, synthetic=False)


if __name__ == "__main__":
    main()
