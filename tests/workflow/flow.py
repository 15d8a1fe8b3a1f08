"""Run Snakemake on this project, or on a copy of it, in a directory of its own."""

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

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
    """Run Snakemake, in a process of its own; return its exit status and all that it says."""
    options = ["--cores", cores, "--directory", directory, *arguments]
    asked = {"arguments": [*map(str, options)], "root": str(root), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as run:
        run.connect(str(warm_snakemake()))
        run.sendall(json.dumps(asked).encode() + b"\n")
        with run.makefile(encoding="utf-8", errors="replace") as answer:
            said, _, status = answer.read().rpartition("\n")
    return int(status), said


def snakemake(*arguments: str | Path, directory: Path, root: Path = ROOT, cores: int = 1) -> str:
    """Run Snakemake and return all that it says; fail with that if it fails."""
    status, said = attempted(*arguments, directory=directory, root=root, cores=cores)
    assert status == 0, f"{said}\nexit status: {status}"
    return said


def warm_snakemake() -> Path:
    """Return the socket where Snakemake may be asked for, with its imports done; start it if need be."""
    with _STARTING:
        return _started_snakemake()


_STARTING = threading.Lock()


@cache
def _started_snakemake() -> Path:
    place = Path(tempfile.mkdtemp(prefix="unspoken-"), "socket")  # the path of a socket must be short
    atexit.register(shutil.rmtree, place.parent)
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("warm.py")), str(place)]
    process = subprocess.Popen(command, env=environment)
    atexit.register(process.kill)
    wait_until(place.exists, "Snakemake is imported")
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
