"""A SLURM cluster for tests, what it did, and Snakemake on it."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from flow import copied_checkout

HERE = Path(__file__).parent
SUBMITTED = re.compile(r"has been submitted with SLURM jobid (\d+) \(log: .*/slurm_logs/(rule|group)_(\w+?)/")


class Finished(NamedTuple):
    """A job in the cluster's record."""

    state: str
    partition: str


class Cluster:
    """Three nodes: n1 and n2 in the partition cpu, g1 with two GPUs in the partition gpu."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def up(self, **environment: str) -> None:
        self._do("up", environment)

    def down(self) -> None:
        self._do("down", {})

    def stop_controller(self) -> None:
        """Stop slurmctld; nodes and jobs go on."""
        controller = psutil.Process(int((self.home / "run" / "slurmctld.pid").read_text()))
        controller.terminate()
        while controller.is_running() and controller.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.05)

    def start_controller(self) -> None:
        """Start slurmctld after a stop; it remembers its jobs."""
        subprocess.run(["slurmctld"], check=True, timeout=30)

    def _do(self, action: str, environment: dict[str, str]) -> None:
        command = [HERE / "cluster.sh", action, self.home]
        subprocess.run(command, check=True, timeout=120, env=os.environ | environment)

    def finished(self) -> dict[int, Finished]:
        """Return the jobs that have ended, by their number, from the record of completed jobs."""
        record = self.home / "log" / "finished.txt"
        rows = [
            dict(field.split("=", 1) for field in line.split() if "=" in field)
            for line in (record.read_text().splitlines() if record.exists() else [])
        ]
        return {int(row["JobId"]): Finished(row["JobState"], row["Partition"]) for row in rows}


def checkout_for(folder: Path) -> Path:
    """Return a copy of the project whose profile is edited as its user edits it, and asks quickly."""
    checkout = copied_checkout(folder)
    profile = checkout / "profiles" / "slurm" / "profile.yaml"
    text = profile.read_text()
    for line, edited in (("'alignment'", "'root'"), ("status-checks: 20", "status-checks: 1")):
        assert line in text
        text = text.replace(line, edited)
    profile.write_text(text)
    return checkout


def on_cluster(checkout: Path, *arguments: str | Path, timeout: int = 1500) -> str:
    """Run Snakemake by the profile, in the copy of the project; return what it says, fail if it fails."""
    command = [sys.executable, HERE / "quick_snakemake.py", "--profile", "profiles/slurm", *arguments]
    done = subprocess.run(
        [*map(str, command)],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def submitted(said: str) -> dict[int, str]:
    """Return the rule, or the rules of a group, of each job that Snakemake says it sent, by its number."""
    return {int(job): name for job, _, name in SUBMITTED.findall(said)}
