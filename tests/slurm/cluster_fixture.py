"""A real SLURM cluster on this machine, of three nodes, for the tests of this folder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return a cluster that is up; it is stopped in the end."""
    missing = [name for name in ("munged", "slurmctld", "slurmd") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"a cluster needs root and Debian's slurm-wlm and munge; missing: {missing or 'root'}")
    # Not pytest's own folder: munge wants one that others may enter.
    with tempfile.TemporaryDirectory(prefix="unspoken-slurm-") as folder:
        Path(folder).chmod(0o755)
        made = Cluster(Path(folder) / "cluster")
        try:
            made.up()
            yield made
        finally:
            made.down()
