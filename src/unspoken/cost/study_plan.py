"""The whole of `make plan`: a study's jobs with what they take, what is there, and what claims it tests."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unspoken.cost.amounts import Amounts
from unspoken.cost.estimate import Estimate, Estimates, Factors
from unspoken.cost.holding import Holding, holdings_of
from unspoken.cost.jobs import planned_jobs
from unspoken.cost.measured import jobs_in, larger, slower
from unspoken.cost.power import Power, claims_within_reach, power_of, spreads_of
from unspoken.cost.schedule import Schedule, scheduled
from unspoken.engines.cache_summary import CACHE, cached_subjects
from unspoken.registry.load import claims_files, read_claims
from unspoken.study.plan import Plan


@dataclass(frozen=True)
class RuleCost:
    """What the jobs of one rule take together; memory is that of the largest job."""

    rule: str
    jobs: int
    to_run: int
    completions: int
    generated: float
    trained: float
    core_hours: float
    gpu_hours: float
    memory_mb: float
    stored_mb: float
    unknown: int
    """Jobs of which nobody states what they take: they are in no sum."""
    measured: bool


@dataclass(frozen=True)
class StudyPlan:
    """All that `make plan` prints."""

    study: str
    cores: int
    gpus: int
    rules: list[RuleCost]
    whole: Schedule
    left: Schedule
    """What Snakemake would run now."""
    completions: int
    """Completions that jobs still to run ask for, and how many of them the cache may have."""
    cached: int
    sources: list[str]
    claims: list[Power]
    holdings: list[Holding]


def default_stores(plan: Plan) -> list[Path]:
    """Return the stores that may know this machine: the study's own, then the default study's."""
    stores = [Path(plan.results) / "unspoken.duckdb", Path("results/unspoken.duckdb")]
    return [store for store in dict.fromkeys(stores) if store.is_file()]


def rule_costs(estimates: Sequence[Estimate], to_run: set[tuple[str, ...]]) -> list[RuleCost]:
    """Return the costs by rule, in the order in which the rules first come."""
    by_rule: dict[str, list[Estimate]] = defaultdict(list)
    for one in estimates:
        by_rule[one.job.rule].append(one)
    return [
        RuleCost(
            rule,
            len(jobs),
            sum(one.job.key in to_run for one in jobs),
            sum(sum(one.work.asked.values()) for one in jobs),
            sum(one.work.generated for one in jobs),
            sum(one.work.trained for one in jobs),
            sum(one.seconds * one.cores for one in jobs) / 3600,
            sum(one.seconds * one.job.gpus for one in jobs) / 3600,
            max(one.memory_mb for one in jobs),
            sum(one.work.stored for one in jobs) / 1e6,
            sum(not one.known for one in jobs),
            all(one.measured for one in jobs),
        )
        for rule, jobs in by_rule.items()
    ]


def reusable(estimates: Iterable[Estimate], held: Mapping[str, int]) -> int:
    """Return how many completions of the jobs the cache may have: at most, by subject.

    Whether a row is the very one decides its prompt, its sampling and its seed, which are known
    when the job renders them.
    """
    wanted: dict[str, int] = {}
    for one in estimates:
        for subject, count in one.work.asked.items():
            wanted[subject] = wanted.get(subject, 0) + count
    return sum(min(count, held.get(subject, 0)) for subject, count in wanted.items())


def study_plan(
    plan: Plan, overlays: Sequence[Path], cores: int, gpus: int, stores: Sequence[Path]
) -> StudyPlan:
    """Return what a study will take on so many cores and GPUs, and what it can show.

    Speeds and spreads come from the first of `stores` that has them, else from
    resources/throughputs.yaml. Raises SnakemakeError where Snakemake cannot plan the study.
    """
    facts = plan.costs
    amounts = Amounts(plan, facts)
    slow: Factors = {}
    large: Factors = {}
    sources = []
    for store in reversed(stores):
        jobs = jobs_in(store)
        slow, large = slow | slower(jobs), large | larger(jobs)
        sources += [f"{jobs.height} jobs of {store}"] * (not jobs.is_empty())
    known = Estimates(amounts, slow, large)
    estimates = [known.of(job, cores) for job in planned_jobs(overlays, cores)]
    left = {job.key for job in planned_jobs(overlays, cores, all_jobs=False)}
    pending = [one for one in estimates if one.job.key in left]
    held = dict(cached_subjects(CACHE).group_by("subject").agg(pl.col("completions").sum()).iter_rows())
    claims = read_claims(claims_files(plan.root, plan.study.claims))
    spreads = spreads_of(stores, plan, facts)
    return StudyPlan(
        plan.study.study,
        cores,
        gpus,
        rule_costs(estimates, left),
        scheduled(estimates, cores, gpus, **facts["run"]),
        scheduled(pending, cores, gpus, **facts["run"]),
        sum(sum(one.work.asked.values()) for one in pending),
        reusable(pending, held),
        [*reversed(sources), f"resources/throughputs.yaml ({facts['measured']})"],
        power_of(plan, claims, spreads),
        holdings_of(plan, claims_within_reach(plan, claims), spreads),
    )
