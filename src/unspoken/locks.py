"""Snakemake's lock on a directory, and who holds it: `python -m unspoken.locks`.

Snakemake that was killed leaves its lock behind. It is removed only when no Snakemake lives that
could hold it; otherwise this says who runs, and exits with status 2.
"""

import shutil
import socket
import sys
from datetime import datetime
from pathlib import Path

import psutil

_LOCKS = Path(".snakemake/locks")
RUNS = Path(".snakemake/unspoken-runs")
"""Records of runs: {host}.{process}, removed when a run ends; the logger writes into them how it stands."""


def note_run(directory: Path = Path()) -> Path:
    """Record that this process runs Snakemake in `directory`; return the record, to be removed.

    Only such a record shows a run on another machine, on a file system that clusters share.
    """
    record = directory / RUNS / f"{socket.gethostname()}.{psutil.Process().pid}"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.touch()
    return record


def _is_snakemake(command: list[str]) -> bool:
    """Whether a command line is Snakemake's: the program itself or `python -m snakemake`."""
    return any(Path(word).name == "snakemake" for word in command[:4])


def local_runs(directory: Path) -> list[psutil.Process]:
    """Return the live Snakemake processes on this machine that work in `directory`."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd", "create_time"])
        if process.info["cwd"] == str(directory.resolve()) and _is_snakemake(process.info["cmdline"] or [])
    ]


def runs_elsewhere(directory: Path) -> list[str]:
    """Return "host.pid" of the runs that other machines recorded in `directory`."""
    here = socket.gethostname()
    records = directory / RUNS
    names = (record.name for record in records.iterdir()) if records.is_dir() else iter(())
    return sorted(name for name in names if name.rpartition(".")[0] != here)


def remove_stale_lock(directory: Path = Path()) -> list[str]:
    """Remove the lock of a Snakemake that is dead; else return, line by line, who may hold it."""
    if not (directory / _LOCKS).is_dir() or not any((directory / _LOCKS).iterdir()):
        shutil.rmtree(directory / RUNS, ignore_errors=True)
        return []
    holders = []
    for process in local_runs(directory):
        since = datetime.fromtimestamp(process.info["create_time"])
        command = " ".join(process.info["cmdline"][1:])
        holders.append(
            f"Snakemake already runs here: process {process.pid}, since {since:%Y-%m-%d %H:%M:%S}"
            f" ({command}).\n"
            f"Wait until it ends, or let it end after its running jobs: kill {process.pid}"
        )
    for run in runs_elsewhere(directory):
        host, _, pid = run.rpartition(".")
        holders.append(
            f"Snakemake may still run here from another machine: process {pid} on {host}.\n"
            f"If it has ended: rm '{directory / RUNS / run}', then start again."
        )
    if not holders:
        shutil.rmtree(directory / _LOCKS)
        shutil.rmtree(directory / RUNS, ignore_errors=True)
    return holders


if __name__ == "__main__":
    held_by = remove_stale_lock()
    print("\n".join(held_by), end="\n" if held_by else "", file=sys.stderr)
    sys.exit(2 if held_by else 0)
