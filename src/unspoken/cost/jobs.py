"""Every job that Snakemake would run for a study, as a dry-run tells it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


class SnakemakeError(RuntimeError):
    """Snakemake could not say what it would do; the message is what it said."""


@dataclass(frozen=True)
class Job:
    """A job of the workflow."""

    rule: str
    wildcards: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    threads: int = 1
    gpus: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others."""
        return (self.rule, *self.wildcards.values())


def planned_jobs(overlays: Sequence[Path], cores: int, all_jobs: bool = True) -> list[Job]:
    """Return all jobs of a study, or those that are still to run. Raises SnakemakeError.

    Snakemake plans them in the working directory; nothing runs. The target itself is left out.
    """
    with TemporaryDirectory() as folder:
        told = Path(folder) / "jobs.jsonl"
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--cores", str(cores)]
        command += ["--logger-unspoken-jobs", str(told)] + ["--forceall"] * all_jobs
        command += ["--configfile", *map(str, overlays)] if overlays else []
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SnakemakeError((done.stderr or done.stdout).strip())
        lines = told.read_text().splitlines() if told.exists() else []
    jobs = [json.loads(line) for line in lines]
    return [
        Job(
            one["rule"], one["wildcards"], tuple(one["input"]), tuple(one["output"]), one["threads"],
            one["gpus"],
        )
        for one in jobs
        if one["output"]
    ]  # fmt: skip
