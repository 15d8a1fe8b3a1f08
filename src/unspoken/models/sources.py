"""Which files make a model, and digests of a folder that is the user's own and may change."""

from pathlib import Path

from unspoken.files import sha256_of_file
from unspoken.memory import remembered

FILES = ("*.json", "*.safetensors", "*.model", "*.jinja", "*.txt")
"""No code and no pickle: neither is ever run."""


def model_files(folder: Path) -> list[Path]:
    """Return the files of a folder that make a model."""
    return sorted(path for pattern in FILES for path in folder.glob(pattern) if path.is_file())


def source_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each of a model's files, by name.

    A file is read once: again only if its size, its place on the disk or one of its times has changed.
    """
    return {path.name: _digest(path) for path in model_files(folder)}


def _digest(path: Path) -> str:
    found = path.stat()
    seen = [path.resolve(), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
    return remembered("sources", " ".join(map(str, seen)), lambda: sha256_of_file(path))
