#!/usr/bin/env python
"""Build the store: import every table of the study into one DuckDB file."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger("build_store")


def model_rows(manifests: list[Path], study: dict[str, Any]) -> "pl.DataFrame":
    """Return the models, one a row; their classes are the study's words for them."""
    import polars as pl

    from unspoken.files import canonical_json, read_json

    rows = []
    for path in manifests:
        fields = read_json(path)
        rows.append(
            {
                "model": fields["name"],
                "kind": fields["kind"],
                "revision": fields["revision"],
                "synthetic": fields["kind"] == "organism",
                "classes": study["models"][fields["name"]]["classes"],
                "manifest": canonical_json(fields),
            }
        )
    schema = {"classes": pl.List(pl.String)}
    return pl.DataFrame(rows, schema_overrides=schema)


def subject_rows(job: Job, models: "pl.DataFrame") -> "pl.DataFrame":
    """Return every subject: base models, trained, prompted and moved ones, and groups."""
    import polars as pl

    from unspoken.files import canonical_json, read_json

    listed: list[dict[str, Any]] = []
    for listing in [*job.subjects, *job.asked]:
        for row in read_json(listing):
            if row["kind"] == "base":
                continue
            fields = {name: row[name] for name in row if name not in ("weights", "fraction")}
            listed.append(fields | {"adapter": row["adapter"] and canonical_json(row["adapter"])})
    bases = models.select(subject_id="model", model="model").with_columns(kind=pl.lit("base"))
    groups = [pl.read_parquet(path).with_columns(kind=pl.lit("group")) for path in job.groups]
    frames = [bases, pl.DataFrame(listed, infer_schema_length=None), *groups]
    known = pl.concat([frame for frame in frames if frame.height], how="diagonal_relaxed")
    # A subject that two experiments ask is one.
    return known.unique("subject_id", keep="first", maintain_order=True).sort("subject_id")


def audit_rows(job: Job) -> "pl.DataFrame":
    """Return what the filter did with every completion."""
    import polars as pl

    columns = ["completion_id", "subject", "prompt_id"]
    kept = [pl.read_parquet(path, columns=columns) for path in job.kept]
    dropped = [pl.read_parquet(path, columns=[*columns, "rule"]) for path in job.dropped]
    return pl.concat([*kept, *dropped], how="diagonal_relaxed")


def main() -> None:
    job = start_job(
        __doc__,
        ("store",),
        lists=("models", "subjects", "asked", "groups", "measurements", "completions", "kept", "dropped",
               "answers", "training"),
    )  # fmt: skip
    import polars as pl

    from unspoken.files import canonical_json, digest_of
    from unspoken.store import write_store
    from unspoken.tables.base import read_table
    from unspoken.tables.measurements import Measurements

    spec = job.spec
    study = {
        "study": spec["study"]["study"],
        "seed": spec["study"]["seed"],
        "digest": digest_of(spec["study"]),
        "config": canonical_json(spec["study"]),
    }
    models = model_rows(job.models, spec["study"])
    frames = {
        "studies": pl.DataFrame([study]),
        "models": models,
        "subjects": subject_rows(job, models),
        "measurements": pl.concat([read_table(path, Measurements) for path in job.measurements]),
    }
    if job.kept:
        frames["filter_audit"] = audit_rows(job)
    files = {"completions": job.completions, "answers": job.answers, "training": job.training}
    for table, rows in write_store(job.store, study["study"], files, frames).items():
        log.info("%s: %d rows", table, rows)


if __name__ == "__main__":
    main()
