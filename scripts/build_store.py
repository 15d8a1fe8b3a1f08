#!/usr/bin/env python
"""Build the store: import every table of the study into one DuckDB file."""

import logging
import os
import subprocess
from ast import literal_eval
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger("build_store")
INPUTS = ("models", "subjects", "asked", "groups", "measurements", "claims", "verdicts", "completions",
          "kept", "dropped", "answers", "trials", "training")  # fmt: skip
IMPORTED = ("completions", "answers", "trials", "training", "measurements", "claims", "verdicts")
PACKAGES = ("torch", "transformers", "polars", "duckdb", "numpy", "scipy", "statsmodels", "snakemake")


def benchmark_rows(folder: Path) -> "pl.DataFrame":
    """Return what every finished job took, from Snakemake's benchmark files."""
    import polars as pl

    numbers = {"s": "seconds", "cpu_time": "cpu_seconds", "max_rss": "max_rss_mb", "mean_load": "mean_load",
               "io_in": "io_in_mb", "io_out": "io_out_mb", "threads": "threads"}  # fmt: skip
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        place = path.relative_to(folder).with_suffix("")
        read = pl.read_csv(path, separator="\t", null_values=["-", "NA"]).row(0, named=True)
        finished = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        rows.append(
            {"rule": place.parts[0], "job": "/".join(place.parts[1:]), "finished_at": finished}
            | {name: read.get(column) for column, name in numbers.items()}
            | {"wildcards": read.get("wildcards")}
        )
    texts = dict.fromkeys(("rule", "job", "finished_at", "wildcards"), pl.String)
    return pl.DataFrame(rows, schema=texts | dict.fromkeys(numbers.values(), pl.Float64))


def with_stated_costs(jobs: "pl.DataFrame", study: dict[str, Any], root: Path) -> "pl.DataFrame":
    """Add what resources/throughputs.yaml states of each job, null for jobs that the study has no more."""
    import polars as pl

    from unspoken.cost.amounts import Amounts
    from unspoken.cost.estimate import Estimates, StatedCost
    from unspoken.cost.work import read_facts
    from unspoken.study.front_door import study_texts
    from unspoken.study.plan import Plan
    from unspoken.study.study import Study

    plan = Plan(Study.model_validate(study), study_texts(root), root)
    estimates = Estimates(Amounts(plan, read_facts(root)))
    stated: list[StatedCost | None] = []
    for rule, wildcards, threads in jobs.select("rule", "wildcards", "threads").iter_rows():
        known = wildcards is not None and threads is not None
        try:
            stated.append(estimates.stated(rule, literal_eval(wildcards), int(threads)) if known else None)
        except (AssertionError, KeyError, StopIteration, TypeError):
            stated.append(None)
    return jobs.drop("wildcards").with_columns(
        models=pl.Series([one and one.models for one in stated], dtype=pl.String),
        stated_seconds=pl.Series([one and one.seconds for one in stated], dtype=pl.Float64),
        stated_memory_mb=pl.Series([one and one.memory_mb for one in stated], dtype=pl.Float64),
    )


def workflow_version(root: Path) -> str | None:
    """Return the commit of the workflow, with -dirty where files differ from it; null outside git."""
    if not (root / ".git").exists():
        return None
    asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


def provenance_rows(paths: list[Path], makers: list[list[str]]) -> "pl.DataFrame":
    """Return where each imported file came from: its hash, the rule and code that made it, packages."""
    import polars as pl

    from unspoken.files import sha256_of_file

    packages = {name: version(name) for name in PACKAGES}
    rows = []
    for path in sorted(set(paths)):
        rule, code = next((maker[1:] for maker in makers if fnmatchcase(str(path), maker[0])), (None, None))
        rows.append({"path": str(path), "sha256": sha256_of_file(path), "bytes": path.stat().st_size,
                     "rule": rule, "code": code, "packages": packages})  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"packages": pl.Map(pl.String, pl.String)})


def main() -> None:
    job = start_job(__doc__, ("store",), lists=INPUTS)
    import polars as pl

    from unspoken.files import canonical_json, digest_of, sha256_of_file
    from unspoken.store import write_store
    from unspoken.subject_tables import model_rows, subject_rows
    from unspoken.tables.base import read_table
    from unspoken.tables.measurements import Measurements
    from unspoken.yaml_files import read_keys

    spec, root = job.spec, Path(os.environ["UNSPOKEN_ROOT"])
    study = {
        "study": spec["study"]["study"],
        "seed": spec["study"]["seed"],
        "digest": digest_of(spec["study"]),
        "config": canonical_json(spec["study"]),
        "version": workflow_version(root),
        "lock": sha256_of_file(root / "envs" / "cpu.lock"),
    }
    classes = {name: model["classes"] for name, model in spec["study"]["models"].items()}
    models = model_rows(job.models, classes)
    frames = {
        "studies": pl.DataFrame([study], schema_overrides={"version": pl.String}),
        "models": models,
        "subjects": subject_rows([*job.subjects, *job.asked], job.groups, models),
        "jobs": with_stated_costs(benchmark_rows(Path(spec["benchmarks"])), spec["study"], root),
        "provenance": provenance_rows(
            [path for name in INPUTS for path in getattr(job, name)], spec["makers"]
        ),
    }
    for path in job.measurements:
        read_table(path, Measurements)  # checked at the door; DuckDB imports the files
    files = {name: getattr(job, name) for name in IMPORTED}
    files["filter_audit"] = [*job.kept, *job.dropped]
    comments = read_keys(root / "resources" / "store.yaml")
    written = write_store(job.store, study["study"], files, frames, comments)
    for table, rows in written.items():
        log.info("%s: %d rows", table, rows)


if __name__ == "__main__":
    main()
