#!/usr/bin/env python
"""Time `snakemake -n` on the studies against a bare DAG of the same rules, wildcards and files.

The bare workflow is written from the study's own DAG: the same output patterns, constraints and
inputs, its input functions reduced to look-ups of literal files; no params, logs, benchmarks,
resources, messages or environments, no config and no code of this project. Each runs in an empty
folder, so that every job is to be done. The two take turns; medians are printed.
"""

import contextlib
import io
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STUDIES = {"default": [], "paper": [ROOT / "studies" / "paper.yaml"]}
RUNS = 5


def workflow_of(overlays: list[Path], folder: Path) -> Any:
    """Return Snakemake's workflow of a study, its DAG built."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=2),
            config_settings=ConfigSettings(configfiles=overlays),
            snakefile=ROOT / "Snakefile",
            workdir=folder,
        )
        with contextlib.redirect_stdout(io.StringIO()):
            workflow.dag().summary()
        return workflow._workflow


def listed(inputs: Any, name: str) -> list[str]:
    """Return the files of a name, however many."""
    found = getattr(inputs, name)
    return [str(found)] if isinstance(found, str) else [str(one) for one in found]


def inputs_of(rule: Any, jobs: list[Any], files: dict[str, Any]) -> list[str]:
    """Return the lines of a rule's input; literal files go to `files`, patterns stay."""
    lines = ["    input:"]
    for index, (name, item) in enumerate(rule.input._allitems()):
        key = f"{rule.name}.{name or index}"
        if callable(item):
            files[key] = {"/".join(job.wildcards): listed(job.input, name) for job in jobs}
            value = f"lambda wildcards: FILES[{key!r}]['/'.join(wildcards)]"
        elif isinstance(item, str):
            value = repr(str(item))
        else:
            files[key] = [str(one) for one in item]
            value = f"FILES[{key!r}]"
        lines.append(f"        {f'{name}=' if name else ''}{value},")
    return lines if len(lines) > 1 else []


def write_bare(workflow: Any, folder: Path) -> None:
    """Write the bare workflow of a study's DAG."""
    files: dict[str, Any] = {}
    text = ["import json", "", f"FILES = json.load(open({str(folder / 'files.json')!r}))", ""]
    # The first rule is what Snakemake makes when no target is named.
    for rule in sorted(workflow.rules, key=lambda rule: rule.name != workflow.default_target):
        jobs = [job for job in workflow.dag.jobs if job.rule.name == rule.name]
        text += [f"rule {rule.name}:", *inputs_of(rule, jobs, files)]
        if rule.output:
            # Snakemake has put the constraints of wildcards into the patterns.
            text += ["    output:", *(f"        {str(pattern)!r}," for pattern in rule.output)]
            text += ["    shell:", "        'true'"]
        text.append("")
    (folder / "Snakefile").write_text("\n".join(text))
    (folder / "files.json").write_text(json.dumps(files))


def timed(command: list[str], start_in: Path, folder: Path) -> tuple[float, float, int]:
    """Run a dry-run; return its seconds, its processor's seconds, and how many jobs it lists."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*command, "--directory", str(folder)], cwd=start_in, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    total = re.search(r"^total\s+(\d+)", done.stdout + done.stderr, re.MULTILINE)
    if done.returncode or total is None:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used, int(total.group(1))


def compare(name: str, overlays: list[Path], folder: Path) -> None:
    """Time a study and its bare DAG in turn, and print a row."""
    own, bare = folder / "own", folder / "bare"
    own.mkdir()
    bare.mkdir()
    write_bare(workflow_of(overlays, own), bare)
    dry_run = [str(Path(sys.executable).with_name("snakemake")), "-n", "--cores", "2"]
    given = ["--configfile", *map(str, overlays)] if overlays else []
    ways = {
        "own": ([*dry_run, *given], ROOT, own),
        "bare": ([*dry_run, "--snakefile", str(bare / "Snakefile")], bare, bare),
    }
    results: dict[str, list[tuple[float, float, int]]] = {"own": [], "bare": []}
    for way in ways.values():
        timed(*way)  # compiled files and caches are there from now on
    for _ in range(RUNS):
        for name_of_way, way in ways.items():
            results[name_of_way].append(timed(*way))
    (wall, used, jobs), (bare_wall, bare_used, bare_jobs) = (
        [statistics.median(column) for column in zip(*taken, strict=True)] for taken in results.values()
    )
    if jobs != bare_jobs:
        sys.exit(f"{name}: {jobs} jobs, but {bare_jobs} in the bare DAG")
    print(
        f"{name:8} {jobs:5.0f} {wall:9.2f} {bare_wall:7.2f} {wall / bare_wall:6.2f}x"
        f" {used:9.2f} {bare_used:7.2f} {used / bare_used:6.2f}x",
        flush=True,
    )


def main() -> None:
    print(f"Medians of {RUNS} runs in turn, seconds; load before: {os.getloadavg()[0]:.1f}")
    print(f"{'':14} {'elapsed':>9} {'bare':>7} {'ratio':>7} {'processor':>9} {'bare':>7} {'ratio':>7}")
    for name, overlays in STUDIES.items():
        with tempfile.TemporaryDirectory() as folder:
            compare(name, overlays, Path(folder).resolve())


if __name__ == "__main__":
    main()
