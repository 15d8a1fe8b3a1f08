"""Run Snakemake on this project, or on a copy of it, in a directory of its own."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import asked
from asked import status_of_fork

ROOT = Path(__file__).parents[2]
TEST_STUDY = ROOT / "studies" / "test.yaml"
RESULTS = Path("results/studies/test")
"""Where the test study is, in the directory of a run."""
PARTS = ("Snakefile", "config.yaml", "envs", "profiles", "resources", "rules", "scripts", "src", "studies")


def copied_checkout(to: Path, source: Path = ROOT) -> Path:
    """Copy what a run needs, and return the copy: it can be edited.

    What was read from the code and the claims, and is kept with their digests, comes along: to read all of
    it again takes seconds. Files that are being written there are left out.
    """
    to.mkdir(parents=True)
    unwanted = shutil.ignore_patterns("*.egg-info", ".*", "*.pyc.*")
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, to / part, ignore=unwanted)
        else:
            shutil.copy(source / part, to)
    return to


def attempted(*arguments: str | Path, directory: Path, root: Path = ROOT, cores: int = 1) -> tuple[int, str]:
    """Run Snakemake, in a process of its own; return its exit status and all that it says.

    Its jobs have processes of their own as well, forks of one that has made their imports already. On the
    cluster of tests/slurm, where jobs are killed, and in replicates, each job is a new Python as a user's is.
    """
    options = ["--cores", cores, "--directory", directory, *arguments]
    with tempfile.TemporaryFile() as said:
        streams = [0, said.fileno(), said.fileno()]
        asked = [*map(str, options)]
        status = status_of_fork(str(warm("snakemake")), asked, str(root), os.environ | warm_python(), streams)
        said.seek(0)
        return status, said.read().decode(errors="replace")


def snakemake(*arguments: str | Path, directory: Path, root: Path = ROOT, cores: int = 1) -> str:
    """Run Snakemake and return all that it says; fail with that if it fails."""
    status, said = attempted(*arguments, directory=directory, root=root, cores=cores)
    assert status == 0, f"{said}\nexit status: {status}"
    return said


def warm(kind: str) -> Path:
    """Return the socket of the process that has imported Snakemake, or what jobs use; start it if need be."""
    with _STARTING:
        return _started(kind)


def warm_python() -> dict[str, str]:
    """Return the environment in which the jobs of a run are forks of a process with their imports done."""
    place = warm("jobs")
    return {
        "UNSPOKEN_WARM_PYTHON": str(place.with_name("python")),
        "UNSPOKEN_WARM_JOBS": str(place),
        "UNSPOKEN_REAL_PYTHON": sys.executable,
    }


_STARTING = threading.Lock()


@cache
def _started(kind: str) -> Path:
    place = Path(tempfile.mkdtemp(prefix="unspoken-"), "socket")  # the path of a socket must be short
    atexit.register(shutil.rmtree, place.parent)
    python = place.with_name("python")
    python.write_text(f"#!{sys.executable} -IS\n{Path(asked.__file__).read_text()}")
    python.chmod(0o755)
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("warm.py")), str(place), kind]
    process = subprocess.Popen(command, env=environment)
    atexit.register(process.kill)
    wait_until(place.exists, f"{kind}: what takes long is imported")
    return place


def planned(*arguments: str | Path, directory: Path, root: Path = ROOT) -> dict[Path, tuple[str, bool]]:
    """Return every output of a study: the rule that makes it, and whether a run would make it now."""
    said = snakemake(*arguments, "--summary", directory=directory, root=root)
    start = said.index("output_file\t")
    lines = [line.split("\t") for line in said[start:].splitlines()[1:] if line.count("\t") == 5]
    return {Path(line[0]): (line[2], line[5] == "update pending") for line in lines}


def wait_until(holds: Callable[[], object], what: str, seconds: int = 120) -> None:
    """Wait until something holds; fail, with what it is, if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.1)
