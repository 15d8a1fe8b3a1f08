"""Files of keys and values that people write, read with the fast loader; what is wrong, in one line."""

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader; the one in C, ten times as fast, where PyYAML was built with it."""


class KeysError(ValueError):
    """A file without keys and values; the message names it, and the line where it can."""


def read_keys(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file. Raises KeysError for a missing or malformed file."""
    try:
        content = yaml.load(path.read_text(), _LOADER)
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
