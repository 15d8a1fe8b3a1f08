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
    """Return every subject: base models, trained ones, those of the answers, and groups."""
    import polars as pl

    from unspoken.files import canonical_json, read_json

    trained: list[dict[str, Any]] = []
    for listing in job.subjects:
        for row in read_json(listing):
            fields = {name: row[name] for name in row if name not in ("weights", "fraction")}
            adapter = row["adapter"] and canonical_json(row["adapter"])
            trained.append(fields | {"adapter": adapter})
    bases = models.select(subject_id="model", model="model").with_columns(kind=pl.lit("base"))
    groups = [pl.read_parquet(path).with_columns(kind=pl.lit("group")) for path in job.groups]
    listed = [bases, pl.DataFrame(trained, infer_schema_length=None), *groups]
    known = pl.concat([frame for frame in listed if frame.height], how="diagonal_relaxed")
    named = [pl.read_parquet(path, columns=["subject", "system"]).unique() for path in job.answers]
    for path in job.measurements:
        pairs = pl.read_parquet(path, columns=["subject", "versus"])
        named += [pairs.select("subject"), pairs.select(subject="versus")]
    missing = (
        pl.concat(named, how="diagonal")
        .unique()
        .drop_nulls("subject")
        .join(known, left_on="subject", right_on="subject_id", how="anti")
        .sort("subject")
    )
    parts = pl.col("subject").str.split(":")
    others = missing.unique("subject", keep="first", maintain_order=True).select(
        subject_id="subject",
        kind=pl.when(pl.col("subject").str.contains("@")).then(pl.lit("interpolated"))
        .when(pl.col("system").is_not_null()).then(pl.lit("prompted")).otherwise(pl.lit("group")),
        model=parts.list.first(),
        trait=pl.when(pl.col("system").is_not_null()).then(parts.list.last()),
        system="system",
    )  # fmt: skip
    return pl.concat([known, others], how="diagonal_relaxed").sort("subject_id")


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
        lists=("models", "subjects", "groups", "measurements", "completions", "kept", "dropped",
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
