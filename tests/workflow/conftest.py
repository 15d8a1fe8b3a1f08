"""The test study, built once a session and shared by the tests that read it."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from flow import TEST_STUDY, snakemake


@pytest.fixture(scope="session")
def built_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which the test study was built from nothing: nobody changes it.

    Workers of pytest-xdist share it: the first to ask builds it, another waits.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    directory = shared / "built"
    with FileLock(shared / "built.lock"):
        if not directory.exists():
            started = shared / "started"
            started.mkdir(exist_ok=True)
            snakemake("--configfile", TEST_STUDY, directory=started, cores=2)
            started.rename(directory)
    return directory


@pytest.fixture
def study(built_study: Path, tmp_path: Path) -> Path:
    """Return a copy of the built study that a test may change; the models are shared."""
    folder = tmp_path / "study"
    shutil.copytree(built_study / "results/studies", folder / "results/studies")
    shutil.copytree(built_study / "results/models", folder / "results/models", copy_function=os.link)
    shutil.copytree(built_study / ".snakemake", folder / ".snakemake")
    return folder
