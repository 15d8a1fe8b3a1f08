"""A job's process ends when Snakemake does, and leaves no half-written file behind.

Snakemake that is killed leaves its jobs running: they would write into the results of the next run.
The Snakefile exports `UNSPOKEN_RUNNER`, the process id of the Snakemake that started the job.
"""

import os
import re
import select
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

RUNNER = "UNSPOKEN_RUNNER"
_TEMPORARY = re.compile(r"\.(?P<stem>.+)\.(?P<pid>\d+)(?P<suffix>(\.[^.]*)?)")


def wait_for_end(pid: int) -> None:
    """Return when the process has ended, at once if there is none, also if it is not our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not Linux, or a kernel or container without it
        import psutil

        if psutil.pid_exists(pid):
            psutil.Process(pid).wait()
        return
    try:
        # Unlike a look at the process table this sees the end of a process nobody has reaped.
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.poll()
    finally:
        os.close(descriptor)


def remove_temporaries(paths: Iterable[Path], pid: int | None = None) -> None:
    """Remove what `files.written_whole` left beside `paths`, of one process or of any.

    Of any is safe at the start of a job: Snakemake lets only one job write a file at a time.
    """
    wanted = {path.absolute() for path in paths}
    for folder in {path.parent for path in wanted if path.parent.is_dir()}:
        for found in folder.iterdir():
            parts = _TEMPORARY.fullmatch(found.name)
            if (
                parts
                and pid in (None, int(parts["pid"]))
                and folder / (parts["stem"] + parts["suffix"]) in wanted
            ):
                found.unlink(missing_ok=True)


def _end_now(paths: Iterable[Path]) -> None:
    """End this process and its children at once; its temporaries first, so none is renamed."""
    import psutil

    remove_temporaries(paths, os.getpid())
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(1)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def end_with_runner(paths: Iterable[Path]) -> None:
    """Make this process end when Snakemake, or the shell it runs the job in, is gone.

    SIGTERM and SIGINT end it in order (`finally` clauses run). `paths` are the job's files. Without
    `UNSPOKEN_RUNNER`, in a script run by hand, nothing is watched.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and the like stay as they are
            signal.signal(number, _leave)
    if RUNNER not in os.environ:
        return

    def watch(pid: int) -> None:
        wait_for_end(pid)
        _end_now(paths)

    for pid in {int(os.environ[RUNNER]), os.getppid()}:
        threading.Thread(target=watch, args=(pid,), daemon=True).start()
