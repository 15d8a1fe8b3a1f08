"""The entry of every script: arguments, log, threads, and an end when Snakemake ends."""

import argparse
import errno
import importlib.metadata
import json
import logging
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, cast

from unspoken.lifetime import end_with_runner, remove_temporaries
from unspoken.visible import visible

FULL = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))
"""What every library says of a disk or a quota that is full."""


class Job(Protocol):
    """What `start_job` returns: the part of the study (`spec`), `threads`, each file by name."""

    spec: dict[str, Any]
    threads: int

    def __getattr__(self, name: str) -> Any: ...


def _say_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say in one line that a disk is full, or what this library says is wrong; show others as Python does."""
    full = next((text for text in FULL if text in str(error)), None)
    if full is not None:
        told = f"{full}: what was finished is kept and nothing is half-written; free some space and run again"
    elif kind.__module__.startswith("unspoken."):  # its messages say where, and what to do
        told = visible(str(error))
    else:
        sys.__excepthook__(kind, error, trace)
        return
    print(f"{Path(sys.argv[0]).stem}: {told}", file=sys.stderr)


def _distributions() -> dict[str, list[str]]:
    """Return the distributions of each top-level package that a distribution lists.

    `importlib.metadata` also infers what is not listed, and reads the whole description of every installed
    package for its name: 0.6 to 1.2 s of each job, as transformers asks at its import. It falls back to the
    package's own name where nothing is listed (upstream: huggingface/transformers, pull request 48615).
    tests/unit/test_patches.py tells when this is no longer needed.
    """
    found: dict[str, list[str]] = {}
    for place in sys.path:
        for listed in Path(place).glob("*.dist-info/top_level.txt"):
            for package in listed.read_text().split():
                found.setdefault(package, []).append(listed.parent.name.split("-")[0])
    return found


def start_job(description: str, files: tuple[str, ...], *, lists: tuple[str, ...] = ()) -> Job:
    """Parse the command line of a rule's script.

    `files` and `lists` name the file arguments (`prompts` becomes `--prompts`); `lists` take
    several. Every one is a Path (or a list of them) on the result; `--spec` is the rule's part of
    the study as one JSON text. The process ends when Snakemake does.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--spec", type=json.loads, default={}, help="part of the study, as JSON")
    parser.add_argument("--threads", type=int, default=1)
    for name in files:
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in lists:
        parser.add_argument(f"--{name}", type=Path, nargs="*", required=True)
    arguments = parser.parse_args()
    given = [getattr(arguments, name) for name in files]
    given += [path for name in lists for path in getattr(arguments, name)]
    sys.excepthook = _say_error
    end_with_runner(given)
    remove_temporaries(given)  # of a job that was killed while it wrote these files
    # Before numpy and torch are imported: they read these once. Oversubscription ruins timings.
    for library in ("OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "POLARS_MAX"):
        os.environ[f"{library}_THREADS"] = str(arguments.threads)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    importlib.metadata.packages_distributions = _distributions
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    return cast(Job, arguments)
