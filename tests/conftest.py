"""What holds for all tests: beside each other, each takes one core; the long files come first."""

import os

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers whose torch takes every core take far more than twice as long.
    os.environ["OMP_NUM_THREADS"] = "1"

# On a busy machine any example may take long, which says nothing about the code.
settings.register_profile("unspoken", deadline=None)
settings.load_profile("unspoken")

FIRST = ("test_study", "test_edits", "test_vllm", "test_endpoint", "test_faithfulness")
"""Files that come first: what takes long, so that no worker waits in the end for another. The very first
builds the test study, which then is there when others ask for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files as workers are to take them; those that are not named stay as they are."""
    place = {name: at for at, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(FIRST)))
