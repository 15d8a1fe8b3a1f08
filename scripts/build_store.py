#!/usr/bin/env python
"""Build the store: import every table of the study into one DuckDB file."""

import logging
import os
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger("build_store")
INPUTS = ("models", "subjects", "asked", "groups", "measurements", "claims", "verdicts", "tables")
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


def workflow_version(root: Path) -> str | None:
    """Return the commit of the workflow, with -dirty where files differ from it; null outside git."""
    if not (root / ".git").exists():
        return None
    asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


def study_row(study: dict[str, Any], root: Path) -> "pl.DataFrame":
    """Return the row of the study: its name, seed and configuration, and what builds its store."""
    import polars as pl

    from unspoken.files import canonical_json, digest_of, sha256_of_file

    row = {
        "study": study["study"],
        "seed": study["seed"],
        "digest": digest_of(study),
        "config": canonical_json(study),
        "version": workflow_version(root),
        "lock": sha256_of_file(root / "envs" / "cpu.lock"),
    }
    return pl.DataFrame([row], schema_overrides={"version": pl.String})


def main() -> None:
    job = start_job(__doc__, ("store",), lists=INPUTS)
    from unspoken.cost.stated import with_stated_costs
    from unspoken.provenance import provenance_rows
    from unspoken.store import Source, sources_of, write_store
    from unspoken.subject_tables import model_rows, subject_rows
    from unspoken.tables.base import read_table
    from unspoken.tables.measurements import Measurements
    from unspoken.yaml_files import read_keys

    spec, root = job.spec, Path(os.environ["UNSPOKEN_ROOT"])
    study = spec["study"]
    models = model_rows(job.models, {name: model["classes"] for name, model in study["models"].items()})
    imported = [path for name in INPUTS for path in getattr(job, name)]
    frames = {
        "studies": study_row(study, root),
        "models": models,
        "subjects": subject_rows([*job.subjects, *job.asked], job.groups, models),
        "jobs": with_stated_costs(benchmark_rows(Path(spec["benchmarks"])), study, root),
        "provenance": provenance_rows(imported, spec["makers"], {name: version(name) for name in PACKAGES}),
    }
    for path in job.measurements:
        read_table(path, Measurements)  # checked at the door; DuckDB imports the files
    sources = sources_of(job.tables, spec["tables"])
    sources |= {name: Source(getattr(job, name)) for name in ("measurements", "claims", "verdicts")}
    comments = read_keys(root / "resources" / "store.yaml")
    written = write_store(job.store, study["study"], sources, frames, comments)
    for table, rows in written.items():
        log.info("%s: %d rows", table, rows)


if __name__ == "__main__":
    main()
