#!/usr/bin/env python
"""Judge every claim of the registry on the study's measurements: fidelity, outcome, verdict."""

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger("judge_claims")


def claim_rows(papers: list[dict[str, Any]]) -> "pl.DataFrame":
    """Return the registry as a table, one published value a row."""
    import polars as pl

    from unspoken.files import canonical_json

    rows = []
    for paper in papers:
        for claim in paper["claims"]:
            asked = claim["published_n"] or {"n": None, "of": None}
            fields = {
                "claim_id": claim["id"], "location": claim["where"], "model_class": claim["class"],
                "published_n": asked["n"], "published_n_of": asked["of"],
                "test": claim["test"] and canonical_json(claim["test"]),
                **{name: paper[name] for name in ("paper", "cited", "title", "year", "url", "pillar")},
            }  # fmt: skip
            rows += [
                {
                    **claim, **fields, "value_index": place, "value_of": value["of"],
                    "value": value["value"], "bound": value["bound"], "value_low": value["low"],
                    "value_high": value["high"], "interval_kind": value["interval"],
                    "value_text": value["text"], "unit": value["unit"],
                }
                for place, value in enumerate(claim["values"], 1)
            ]  # fmt: skip
    texts = ("definition", "value_of", "bound", "interval_kind", "value_text", "correction", "test",
             "reason", "lacks", "read", "unread", "published_n_of")  # fmt: skip
    schema: dict[str, Any] = dict.fromkeys(texts, pl.String)
    schema |= {"subject_models": pl.List(pl.String), "conflicts_with": pl.List(pl.String)}
    schema |= dict.fromkeys(("value", "value_low", "value_high"), pl.Float64)
    schema |= dict.fromkeys(("published_n", "year", "value_index", "tier"), pl.Int64)
    table = pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)
    return table.with_columns(pl.col("read").str.to_date())


def experiment_of(path: Path, results: Path) -> str:
    """Return the experiment whose file this is: the first folder below the results."""
    inside = path.relative_to(results).parts if path.is_relative_to(results) else ()
    if len(inside) < 2:
        sys.exit(f"judge_claims: {path} does not lie in the folder of an experiment below {results}")
    return inside[0]


def first_time(table: Path, columns: dict[str, str]) -> str | None:
    """Return when the first row of a table was made, null without rows; `columns` tell it, by table."""
    import polars as pl

    if table.stem not in columns:
        sys.exit(f"judge_claims: {table}: the study does not say which column of '{table.stem}' dates it")
    time: str | None = pl.scan_parquet(table).select(pl.col(columns[table.stem]).min()).collect().item()
    return time


def earliest_times(job: Job) -> dict[str, str]:
    """Return, by experiment, when the first of its data was made: answers, texts, trained subjects."""
    from unspoken.files import read_json

    results = Path(job.spec["results"])
    found: dict[str, list[str | None]] = {}
    for path in job.made:
        times = found.setdefault(experiment_of(path, results), [])
        times.append(first_time(path, job.spec["dated"]))
    for listing in job.subjects:
        times = found.setdefault(experiment_of(listing, results), [])
        times.extend(row["created_at"] for row in read_json(listing))
    known = {experiment: [time for time in times if time] for experiment, times in found.items()}
    return {experiment: min(times) for experiment, times in known.items() if times}


def main() -> None:
    job = start_job(
        __doc__ or "",
        ("claims", "verdicts"),
        lists=("measurements", "groups", "models", "subjects", "asked", "made"),
    )
    import polars as pl

    from unspoken.registry.load import claims_files, read_papers
    from unspoken.subject_tables import model_rows, models_under, subject_rows
    from unspoken.tables import verdicts as tables
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measurements import Measurements
    from unspoken.verdicts.judge import Judge, judged
    from unspoken.verdicts.registration import registered_claims

    spec = job.spec
    files = claims_files(Path(os.environ["UNSPOKEN_ROOT"]), spec["files"])
    papers = [paper.model_dump(mode="json", by_alias=True) for paper in read_papers(files)]
    claims = [claim | {"paper": paper["paper"]} for paper in papers for claim in paper["claims"]]
    models = model_rows(job.models, spec["classes"])
    subjects = subject_rows([*job.subjects, *job.asked], job.groups, models)
    measurements = pl.concat([read_table(path, Measurements) for path in job.measurements])
    judge = Judge(measurements, models_under(subjects, models), spec["guards"], spec["primary"])
    rows = judged(claims, judge, spec["study"])
    known = registered_claims(claims, spec["registration"], spec["facts"], earliest_times(job))
    for row in rows:
        if row.get("outcome") is not None:
            row["registered"] = "registered" if row["claim_id"] in known else "exploratory"
    columns = {name: column.dtype for name, column in tables.Verdicts.columns().items()}
    write_table(pl.DataFrame(rows, schema=columns), job.verdicts, tables.Verdicts)
    write_table(claim_rows(papers), job.claims, tables.Claims)
    ran = {row["claim_id"] for row in rows if row.get("outcome") is not None}
    log.info("%d claims of %d papers; %d ran, %d registered", len(claims), len(papers), len(ran), len(known))


if __name__ == "__main__":
    main()
