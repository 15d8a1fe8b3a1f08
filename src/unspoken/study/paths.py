"""Paths of users' own files: what they may be."""

import re
from pathlib import Path

from unspoken.row_files import LINES, ending

SUFFIXES = (*LINES, ".parquet")
_REPLACED = re.compile(r"<[a-z][a-z0-9_]*>|\{\s*[.\w]+\s*(?:,.*)?\}")
"""What Snakemake would replace: <name>, {name} and {name,pattern}. There is no way to tell it not to."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


def own_path(path: str) -> str:
    """Return the path of a user's own file or folder, as a study names it: from the folder in which one runs.

    Raises ValueError, which begins with the key `path`, for a path with line ends and the like, and for a
    path in which Snakemake would replace something.
    """
    if not path.strip() or _UNSEEN.search(path):
        raise ValueError(f"path: got {path!r}; expected a path without line ends, tabs and the like")
    if found := _REPLACED.search(path):
        raise ValueError(
            f"path: got '{path}'; expected a path without {found[0]}, which Snakemake would replace: rename "
            "what it names, or make a link to it"
        )
    return path


def own_file(path: str, what: str = "a file", suffixes: tuple[str, ...] = SUFFIXES) -> str:
    """Return the path of a user's own file of rows, packed or not. Raises ValueError for another ending."""
    file = Path(own_path(path))
    if ending(file) not in suffixes:
        raise ValueError(f"path: got '{path}'; expected a file that ends in {', '.join(suffixes)}")
    if not file.is_file():
        as_written = "; ~ and $ are taken as written" if path.startswith("~") or "$" in path else ""
        raise ValueError(f"path: got '{path}'; expected {what}, and there is none{as_written}")
    return path
