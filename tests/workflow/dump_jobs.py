"""Write every job of some studies as lines of JSON: `dump_jobs.py [--profile NAME] FOLDER ROOT STUDY...`.

Snakemake is imported once, and each study planned in a process of its own: it keeps state. What it prints
for `--summary` is replaced, as no output of it has a job's params.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from snakemake.cli import main
from snakemake.dag import DAG

AT_ONCE = 2


def told(job: Any) -> dict[str, Any]:
    return {
        "rule": job.rule.name,
        "inputs": sorted(map(str, job.input)),
        "outputs": sorted(map(str, job.output)),
        "params": getattr(job.params, "spec", None),
        "threads": job.threads,
        "resources": {name: value for name, value in job.resources.items() if not name.startswith("_")},
    }


def dump(study: str, folder: Path, root: Path, profile: str | None) -> None:
    """Write the jobs of a study to {study}.jsonl in `folder`."""

    async def summary(dag: DAG, detailed: bool = False) -> AsyncIterator[str]:
        lines = [json.dumps(told(job), default=str) for job in dag.jobs]
        (folder / f"{study}.jsonl").write_text("\n".join(lines))
        for nothing in ():
            yield nothing

    DAG.summary = summary
    options = ["--summary", "--quiet", "all", "--cores", "100", "--directory", str(folder / study)]
    if profile is not None:
        options += ["--profile", str(root / "profiles" / profile)]
    overlay = [] if study == "default" else ["--configfile", str(root / "studies" / f"{study}.yaml")]
    os.chdir(root)
    sys.path[0] = str(root)
    main([*options, *overlay])


if __name__ == "__main__":
    arguments = sys.argv[1:]
    chosen = arguments[1] if arguments[0] == "--profile" else None
    out, checkout, *studies = arguments[2:] if chosen else arguments
    for count, name in enumerate(studies):
        if count >= AT_ONCE:
            os.wait()
        if not os.fork():
            dump(name, Path(out), Path(checkout), chosen)
    for _ in studies[:AT_ONCE]:
        os.wait()
