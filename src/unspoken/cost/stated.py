"""What resources/throughputs.yaml states of jobs that ran, beside which their measured costs stand."""

from ast import literal_eval
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.cost.amounts import Amounts
from unspoken.cost.estimate import Estimates, StatedCost
from unspoken.cost.work import read_facts
from unspoken.study.front_door import study_texts
from unspoken.study.plan import Plan
from unspoken.study.study import Study

GONE = (AssertionError, AttributeError, KeyError, StopIteration, TypeError, ValueError)
"""What a plan raises when it is asked about a job that the study does not have, or not any more."""


def _stated(
    estimates: Estimates, rule: str, wildcards: str | None, threads: float | None
) -> StatedCost | None:
    """Return what is stated of a job, or None for a job that nobody knows."""
    if wildcards is None or threads is None:
        return None
    try:
        return estimates.stated(rule, literal_eval(wildcards), int(threads))
    except GONE:
        return None


def with_stated_costs(jobs: pl.DataFrame, study: dict[str, Any], root: Path) -> pl.DataFrame:
    """Return jobs with what is stated of each (models, seconds, memory) in place of their wildcards.

    `jobs` has rule, wildcards (as Snakemake's benchmarks write them) and threads. All three are null, and
    never 0, for a job whose rule nothing is stated of, and for one that the study does not have any more.
    """
    estimates = Estimates(
        Amounts(Plan(Study.model_validate(study), study_texts(root), root), read_facts(root))
    )
    stated = [_stated(estimates, *job) for job in jobs.select("rule", "wildcards", "threads").iter_rows()]
    return jobs.drop("wildcards").with_columns(
        models=pl.Series([cost and cost.models for cost in stated], dtype=pl.String),
        stated_seconds=pl.Series([cost and cost.seconds for cost in stated], dtype=pl.Float64),
        stated_memory_mb=pl.Series([cost and cost.memory_mb for cost in stated], dtype=pl.Float64),
    )
