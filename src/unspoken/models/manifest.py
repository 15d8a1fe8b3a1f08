"""`model.json`: what a base model is, where it came from, and the digests of its files."""

from pathlib import Path
from typing import Any

from unspoken.files import read_json, sha256_of_file, write_json


class ModelError(RuntimeError):
    """A model that cannot be had; the message says what to do."""


def write_manifest(manifest: Path, name: str, fields: dict[str, Any], *, revision: str) -> None:
    """Write the manifest of the model whose files lie beside it, last of all of them."""
    files = {
        path.name: sha256_of_file(path)
        for path in sorted(manifest.parent.iterdir())
        if path.is_file() and path != manifest and not path.name.startswith(".")
    }
    write_json({"name": name, "revision": revision, **fields, "files": files}, manifest)


def checked_model(manifest: Path) -> Path:
    """Return the directory of a model whose files are as its manifest says.

    Raises ModelError for a file that is missing or not the one that was written.
    """
    for name, digest in read_json(manifest)["files"].items():
        path = manifest.parent / name
        if not path.is_file() or sha256_of_file(path) != digest:
            raise ModelError(f"{path}: missing or damaged; delete {manifest} and run again to make it anew")
    return manifest.parent
