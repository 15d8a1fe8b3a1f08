"""Files of keys and values that people write, read with the fast loader; what is wrong, in one line."""

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader; the one in C, ten times as fast, where PyYAML was built with it."""


MOST_NODES = 200_000
"""Keys and values of a file, each alias counted with all that it stands for."""


class KeysError(ValueError):
    """A file without keys and values; the message names it, and the line where it can."""


def _expanded(node: Any, known: dict[int, float]) -> float:
    """Return how many nodes one has when aliases are written out; of one within itself, infinitely many."""
    if id(node) not in known:
        known[id(node)] = float("inf")
        inside = node.value if isinstance(node, yaml.SequenceNode | yaml.MappingNode) else []
        parts = (part for one in inside for part in (one if isinstance(one, tuple) else (one,)))
        known[id(node)] = 1 + sum(_expanded(part, known) for part in parts)
    return known[id(node)]


def _loaded(text: str) -> Any:
    """Return what YAML says. Raises yaml.YAMLError, also where aliases would fill the memory."""
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _expanded(node, {}) > MOST_NODES:
            raise yaml.YAMLError(f"more than {MOST_NODES} keys and values, aliases written out")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def read_keys(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file. Raises KeysError for a missing or malformed file."""
    try:
        content = _loaded(path.read_text())
    except OSError as error:
        raise KeysError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KeysError(f"{path}: not valid YAML: not text") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the date 2025-13-01
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise KeysError(f"{path}{line}: not valid YAML: {problem}") from error
    if not isinstance(content, dict):
        raise KeysError(f"{path}: expected keys and values, got {type(content).__name__}")
    return content
