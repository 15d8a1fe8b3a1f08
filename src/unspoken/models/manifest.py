"""`model.json`: what a base model is, where it came from, and the digests of its files."""

from pathlib import Path
from typing import Any

from unspoken.files import read_json, sha256_of_file, write_json


class ModelError(RuntimeError):
    """A model that cannot be had; the message says what to do."""


def write_manifest(
    manifest: Path, name: str, fields: dict[str, Any], *, revision: str, synthetic: bool
) -> None:
    """Write the manifest of the model whose files lie beside it, last of all of them.

    A model is `synthetic` if it was made here, to rules that are known: a claim about real models is never
    reproduced by it.
    """
    files = {
        path.name: sha256_of_file(path)
        for path in sorted(manifest.parent.iterdir())
        if path.is_file() and path != manifest and not path.name.startswith(".")
    }
    told = {"name": name, "revision": revision, "synthetic": synthetic}
    write_json({**told, **fields, "files": files}, manifest)


def is_synthetic(manifest: Path) -> bool:
    """Return whether a model was made here, to known rules.

    Raises ModelError for a manifest that does not say so.
    """
    told = read_json(manifest).get("synthetic")
    if not isinstance(told, bool):
        raise ModelError(f"{manifest}: does not say whether its model is synthetic; delete it and run again")
    return told


def checked_model(manifest: Path) -> Path:
    """Return the directory of a model whose files are as its manifest says.

    Raises ModelError for a file that is missing or not the file that was written.
    """
    for name, digest in read_json(manifest)["files"].items():
        path = manifest.parent / name
        if not path.is_file() or sha256_of_file(path) != digest:
            raise ModelError(f"{path}: missing or damaged; delete {manifest} and run again to make it anew")
    return manifest.parent
