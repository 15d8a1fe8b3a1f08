#!/usr/bin/env python
"""Time `snakemake -n` on the studies against a bare DAG of the same rules, wildcards and files.

The bare workflow is written from the study's own DAG: the same output patterns, constraints and
inputs, its input functions reduced to look-ups of literal files; no params, logs, benchmarks,
resources, messages or environments, no config and no code of this project. Each runs in an empty
folder, so that every job is to be done. The two take turns; medians are printed.

`--grow` times studies of about 1,000, 5,000 and 20,000 jobs instead, once each: studies/paper_shape.yaml with
more training seeds; and draws docs/images/dag_size.svg.
"""

import argparse
import contextlib
import io
import json
import os
import re
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
SEEDS = (18, 105, 431)
"""Training seeds of each arm of paper_shape.yaml with which it has about 1,000, 5,000 and 20,000 jobs."""
FIGURE = ROOT / "docs" / "images" / "dag_size.svg"
Taken = dict[str, list[float]]
"""By way (own, bare): elapsed seconds, seconds of the processor, peak memory in MB, jobs."""


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


def timed(command: list[str], start_in: Path, folder: Path) -> tuple[float, float, float, int]:
    """Run a dry-run; return its seconds, its processor's seconds, its peak MB, and how many jobs it lists."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*command, "--directory", str(folder)], cwd=start_in, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        said.seek(0)
        text = said.read()
    total = re.search(r"^total\s+(\d+)", text, re.MULTILINE)
    if status or total is None:
        sys.exit(f"{' '.join(command)} failed:\n{text}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, int(total.group(1))


def compare(name: str, overlays: list[Path], folder: Path, runs: int) -> Taken:
    """Time a study and its bare DAG in turn, print a row, and return the medians."""
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
    results: dict[str, list[tuple[float, ...]]] = {"own": [], "bare": []}
    if runs > 1:
        for way in ways.values():
            timed(*way)  # compiled files and caches are there from now on
    for _ in range(runs):
        for name_of_way, way in ways.items():
            results[name_of_way].append(timed(*way))
    medians = {
        way: [statistics.median(column) for column in zip(*taken, strict=True)]
        for way, taken in results.items()
    }
    (wall, used, memory, jobs), (bare_wall, bare_used, bare_memory, bare_jobs) = medians.values()
    if jobs != bare_jobs:
        sys.exit(f"{name}: {jobs} jobs, but {bare_jobs} in the bare DAG")
    print(
        f"{name:8} {jobs:6.0f} {wall:9.2f} {bare_wall:7.2f} {wall / bare_wall:6.2f}x"
        f" {used:9.2f} {bare_used:7.2f} {used / bare_used:6.2f}x {memory:9.0f} {bare_memory:7.0f}"
        f" {memory / bare_memory:6.2f}x",
        flush=True,
    )
    return medians


def grown(seeds: int, folder: Path) -> Path:
    """Write and return studies/paper_shape.yaml with as many training seeds in each arm."""
    import yaml

    study = yaml.safe_load((ROOT / "studies" / "paper_shape.yaml").read_text())
    for arm in study["subliminal"]["arms"]:
        arm["seeds"] = list(range(1, seeds + 1))
    (folder / "grown.yaml").write_text(yaml.safe_dump(study))
    return folder / "grown.yaml"


def draw(taken: list[Taken]) -> None:
    """Draw seconds and memory by the number of jobs."""
    import altair as alt
    import polars as pl

    from unspoken.figures import theme

    ways = {"own": "this workflow", "bare": "bare DAG of the same files"}
    rows = pl.DataFrame(
        [
            {"way": ways[way], "jobs": jobs, "seconds": wall, "memory": memory / 1000}
            for one in taken
            for way, (wall, _, memory, jobs) in one.items()
        ]
    )
    ratios = [one["own"][0] / one["bare"][0] for one in taken]
    color = alt.Color("way:N", sort=list(ways.values()), legend=alt.Legend(title=None, orient="bottom"))
    panels = [
        alt.Chart(rows, width=theme.COLUMN - 60, height=120)
        .mark_line(point=True)
        .encode(
            alt.X("jobs:Q", title="Jobs of the study", axis=alt.Axis(tickCount=4)),
            alt.Y(f"{name}:Q", title=title),
            color,
            shape=alt.Shape("way:N", sort=list(ways.values()), legend=None),
        )
        for name, title in (("seconds", "Elapsed time (s)"), ("memory", "Peak memory (GB)"))
    ]
    title = f"A dry-run takes {min(ratios):.1f} to {max(ratios):.1f} times as long as that of a bare DAG"
    alt.hconcat(*panels).properties(title=title).save(FIGURE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grow", action="store_true", help="time larger and larger studies, once each")
    grow = parser.parse_args().grow
    runs = 1 if grow else RUNS
    print(f"Medians of {runs} in turn, seconds and MB; load before: {os.getloadavg()[0]:.1f}")
    print(
        f"{'':15} {'elapsed':>9} {'bare':>7} {'ratio':>7} {'processor':>9} {'bare':>7} {'ratio':>7}"
        f" {'memory':>9} {'bare':>7} {'ratio':>7}"
    )
    taken = []
    for name in map(str, SEEDS) if grow else STUDIES:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made).resolve()
            overlays = [grown(int(name), folder)] if grow else STUDIES[name]
            taken.append(compare(name, overlays, folder, runs))
    if grow:
        draw(taken)


if __name__ == "__main__":
    main()
