"""How many times slower and larger the jobs of a store were than stated."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.cost.estimate import ANY, Factors
from unspoken.store import open_store

REUSED = 0.25
"""A job that asks a model and took less than this share of what is stated took its rows from the cache."""
EVIDENCE = 600
"""Stated seconds of jobs that ask no model: with fewer nothing is said of other rules' jobs."""
SAMPLED = 5
"""Seconds below which Snakemake may have looked at a job's memory before it was used."""
ASKING = ("generate_replies", "probe_traits", "probe_chains", "judge_replies")
_COLUMNS: dict[str, Any] = {
    "rule": pl.String, "job": pl.String, "models": pl.String, "seconds": pl.Float64,
    "stated_seconds": pl.Float64, "max_rss_mb": pl.Float64, "stated_memory_mb": pl.Float64,
}  # fmt: skip


def jobs_in(store: Path) -> pl.DataFrame:
    """Return a store's jobs of which something was stated, without those that the cache answered.

    None of a store that an earlier version built. Raises duckdb.Error or OSError for a file that is no store.
    """
    with open_store(store) as connection:
        jobs = pl.DataFrame(connection.table("jobs").to_arrow_table())
    if "stated_seconds" not in jobs.columns:
        return pl.DataFrame(schema=_COLUMNS)
    jobs = jobs.select(list(_COLUMNS)).drop_nulls(["seconds", "stated_seconds"])
    cached = pl.col("rule").is_in(ASKING) & (pl.col("seconds") < REUSED * pl.col("stated_seconds"))
    return jobs.filter(~cached)


def slower(jobs: pl.DataFrame) -> Factors:
    """Return how many times longer jobs took than stated, by rule and class of models.

    Under (ANY, ANY) that of all jobs which ask no model, where they are EVIDENCE enough.
    """
    sums = jobs.group_by("rule", "models").agg(pl.col("seconds", "stated_seconds").sum())
    found = {(rule, kind): took / stated for rule, kind, took, stated in sums.iter_rows()}
    others = jobs.filter(~pl.col("rule").is_in(ASKING))
    if others["stated_seconds"].sum() >= EVIDENCE:
        found[ANY, ANY] = float(others["seconds"].sum()) / float(others["stated_seconds"].sum())
    return found


def larger(jobs: pl.DataFrame) -> Factors:
    """Return how many times more memory the largest jobs took than stated, by rule and class."""
    seen = jobs.filter(pl.col("seconds") > SAMPLED).drop_nulls("max_rss_mb")
    most = seen.group_by("rule", "models").agg(pl.col("max_rss_mb", "stated_memory_mb").max())
    return {(rule, kind): took / stated for rule, kind, took, stated in most.iter_rows()}
