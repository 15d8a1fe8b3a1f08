"""How the runs of a folder stand: what runs, how fast, how long yet, and what failed (`make status`)."""

import json
import re
import socket
import time
from pathlib import Path

import psutil

from unspoken.locks import RUNS
from unspoken.queued import queued_jobs

TAIL = 4096
"""Bytes of a job's log in which its last progress bar stands."""
_BAR = re.compile(r"([^\r\n]*?):?\s+(\d+)%\|[^|]*\|\s*(\S+) \[([^\]]*)\]")


def progress_of(log: Path) -> str:
    """Return the last progress bar in a job's log without its drawing; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    bars = _BAR.findall(text)
    if not bars:
        return ""
    name, percent, counted, times = bars[-1]
    return f"{name.strip()}: {counted} ({percent}%), {times.split(', ')[-1]}"


def _is_dead(host: str, process: str) -> bool:
    """Return whether a run is known to have ended; of another machine nothing is known."""
    return host == socket.gethostname() and not psutil.pid_exists(int(process))


def run_lines(record: Path, directory: Path, now: float) -> list[str]:
    """Return the lines that tell of one run."""
    host, _, process = record.name.rpartition(".")
    who = f"Snakemake, process {process} on {host}"
    if _is_dead(host, process):
        return [f"{who}: killed. Run it again: it goes on where it was."]
    try:
        told = json.loads(record.read_text())
    except (OSError, ValueError):  # it is just being written, or the run has just begun
        return [f"{who}: begins"]
    silent = now - record.stat().st_mtime
    lines = [f"{who}: {told['state']} (last change {silent:.0f} s ago)"]
    for label, since, log in told["running"]:
        bar = progress_of(directory / log) if log else ""
        lines.append(f"  runs for {now - since:.0f} s: {label}" + (f"; {bar}" if bar else ""))
    lines += [f"  failed: {label}; its log: {log}" for label, log in told["failed"]]
    if told["on_cluster"] and told["running"] and not queued_jobs(directory):
        lines.append(
            "  SLURM holds none of its jobs, or does not answer. If this stays so, Snakemake waits in vain:"
            " end it by Ctrl-C and run it again"
        )
    return lines


def status_text(directory: Path = Path()) -> str:
    """Return what is known of the runs that work in a directory."""
    records = sorted((directory / RUNS).iterdir()) if (directory / RUNS).is_dir() else []
    lines = [line for record in records for line in run_lines(record, directory, time.time())]
    return "\n".join(lines or ["Nothing runs here. `make why` says what a run would do."])


if __name__ == "__main__":
    print(status_text())
