"""How many tokens a prompt and its answer may have together, as far as that is known before any job."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

from unspoken.study.models import LocalModel, Model, PackagedModel

_IN_GGUF = re.compile(rb"\.context_length\x04\x00\x00\x00(.{4})", re.DOTALL)
"""The key of a GGUF file's header, with its type (an unsigned integer of 32 bits) and its value."""
_HEADER = 1 << 16
"""Bytes in which that key stands: those of the tokenizer, which are long, come after it."""


def known_window(model: Model) -> int | None:
    """Return the window of a model in tokens: what its engine is told, or its files say if they are here.

    None where only a job will know: of models that are not fetched yet, or whose file does not say.
    """
    told = getattr(model.engine, "window", None)
    own = None
    if isinstance(model, LocalModel):
        own = _window_of_config(Path(model.path) / "config.json")
    elif isinstance(model, PackagedModel):
        own = _window_of_package(model.package, model.file)
    return min((size for size in (told, own) if size), default=None)


def _window_of_config(file: Path) -> int | None:
    """Return the window that a model's description states, whose text part may stand inside it."""
    try:
        config = json.loads(file.read_text())
    except (OSError, ValueError):
        return None  # the study's check of models says what is wrong
    found = config.get("text_config", config).get("max_position_embeddings")
    return found if isinstance(found, int) else None


def _window_of_package(package: str, name: str) -> int | None:
    """Return the window that a GGUF file of an installed package states."""
    found = find_spec(package.replace("-", "_"))
    for place in (found.submodule_search_locations or []) if found else []:
        if (file := Path(place) / name).is_file():
            with file.open("rb") as opened:
                stated = _IN_GGUF.search(opened.read(_HEADER))
            return int.from_bytes(stated[1], "little") if stated else None
    return None
