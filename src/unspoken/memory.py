"""What is slow to compute and depends on nothing but some bytes, remembered between runs."""

import atexit
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from unspoken.files import written_whole


def _file(name: str) -> Path:
    return Path(__file__).parent / "__pycache__" / f"{name}.{sys.implementation.cache_tag}.json"


@cache
def _known(name: str) -> dict[str, Any]:
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known = json.loads(_file(name).read_text())
    # Once, at the end: on the first run there are some hundred new values.
    atexit.register(_write_grown, name, known, len(known))
    return known


def _write_grown(name: str, known: dict[str, Any], before: int) -> None:
    if len(known) > before:
        with suppress(OSError), written_whole(_file(name)) as temporary:
            temporary.write_text(json.dumps(known))


def remembered(name: str, key: str, make: Callable[[], Any]) -> Any:
    """Return `make()`, a JSON value, or what it returned for this key in an earlier run.

    `key` is a digest of all that the value depends on. It is kept beside Python's compiled files; a
    folder that cannot be written to costs time only.
    """
    known = _known(name)
    if key not in known:
        known[key] = make()
    return known[key]
