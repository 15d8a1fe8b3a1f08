"""Jobs that an earlier Snakemake, now dead, left in SLURM's queue."""

import shutil
import subprocess
from pathlib import Path

_SENT = Path(".snakemake/slurm_logs")
"""There only where jobs were submitted."""


def queued_jobs(directory: Path = Path()) -> list[str]:
    """Return the numbers of this user's jobs that were submitted from a directory and have not ended.

    Empty where nothing was submitted, and where SLURM does not answer.
    """
    if not (directory / _SENT).is_dir() or not shutil.which("squeue"):
        return []
    asked = ["squeue", "--me", "--noheader", "--format", "%i %Z"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return []
    rows = [line.split(maxsplit=1) for line in told.splitlines()]
    return [job for job, place in rows if Path(place).resolve() == directory.resolve()]


def refuse_queued_jobs(directory: Path = Path()) -> None:
    """Raise SystemExit if jobs of an earlier run are in the queue: a new run would do their work twice."""
    if jobs := queued_jobs(directory):
        raise SystemExit(
            f"Jobs of an earlier run of this folder are in SLURM's queue: {', '.join(jobs)}.\n"
            f"Wait until they have ended, or cancel them: scancel {' '.join(jobs)}"
        )
