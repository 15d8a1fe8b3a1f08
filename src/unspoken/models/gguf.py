"""A GGUF file of 4-bit weights as a model's folder: weights in float32, tokenizer, chat template."""

from functools import cache
from pathlib import Path
from typing import Any


def _parse_fast() -> None:
    """Make transformers parse a GGUF file once: it does for config, weights and tokenizer each.

    Its table of tensor names it makes for every module of the network, and a hundred thousand slices of
    a memory map take twice as long as jobs on an array.
    """
    import gguf
    import numpy as np

    patched: Any = np
    patched.memmap = lambda path, mode="r", dtype=np.uint8: np.fromfile(path, dtype)

    for name in ("GGUFReader", "get_tensor_name_map"):
        setattr(gguf, name, cache(getattr(gguf, name)))


def unpack_gguf(file: Path, directory: Path, threads: int) -> None:
    """Write the model of a GGUF file into a directory as Hugging Face keeps models."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(threads)
    _parse_fast()
    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    # A model read from GGUF refuses to be saved: a fresh model takes its weights.
    del model.config.quantization_config
    with torch.device("meta"):
        fresh = AutoModelForCausalLM.from_config(model.config)
    fresh.load_state_dict(model.state_dict(), assign=True)
    fresh.tie_weights()
    fresh.save_pretrained(directory)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(directory)
