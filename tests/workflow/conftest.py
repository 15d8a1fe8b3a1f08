"""The test study, built once a session and shared by the tests that read it."""

from pathlib import Path

import pytest
from flow import TEST_STUDY, snakemake


@pytest.fixture(scope="session")
def built_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which the test study was built from nothing: nobody changes it."""
    directory = tmp_path_factory.mktemp("built")
    snakemake("--configfile", TEST_STUDY, directory=directory, cores=2)
    return directory
