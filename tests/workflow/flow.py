"""Run Snakemake on this project, or on a copy of it, in a directory of its own."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_STUDY = ROOT / "studies" / "test.yaml"
RESULTS = Path("results/studies/test")
"""Where the test study is, in the directory of a run."""
PARTS = ("Snakefile", "config.yaml", "envs", "profiles", "resources", "rules", "scripts", "src", "studies")


def copied_checkout(to: Path, source: Path = ROOT) -> Path:
    """Copy what a run needs, and return the copy: it can be edited."""
    to.mkdir(parents=True)
    unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, to / part, ignore=unwanted)
        else:
            shutil.copy(source / part, to)
    return to


def snakemake(*arguments: str | Path, directory: Path, root: Path = ROOT, cores: int = 1) -> str:
    """Run Snakemake and return all that it says; fail with that if it fails."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--directory", str(directory)]
    run = partial(
        subprocess.run,
        [*command, *map(str, arguments)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    try:
        done = run()
    except OSError as error:  # seen once, where a virtual machine gets its memory on demand
        print(f"the process could not be started ({error}); once more in 10 s")
        time.sleep(10)
        done = run()
    assert done.returncode == 0, done.stdout
    return done.stdout


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
