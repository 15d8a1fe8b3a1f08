"""What each job will take: seconds, memory and a GPU, by throughputs stated or measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unspoken.cost.amounts import Amounts, class_of_job
from unspoken.cost.jobs import Job
from unspoken.cost.work import KINDS, Work, parameters_of
from unspoken.study.plan import Plan

Factors = dict[tuple[str, str], float]
"""By rule and class of models: how many times what is stated, in seconds or in memory."""
ANY = "any"
"""Stands for the class of a job that runs no model."""
MB = 2**20


@dataclass(frozen=True)
class StatedCost:
    """What the stated throughputs say of a job: the class of its models, seconds, memory."""

    models: str
    seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Estimate:
    """What a job will take; `cores` are those it gets, and `seconds` are on these."""

    job: Job
    work: Work
    seconds: float
    cores: int
    memory_mb: float
    known: bool
    """Whether somebody states what it takes; else its numbers are 0 and mean nothing."""
    measured: bool
    """Whether earlier jobs of this rule and class decided its time; else stated throughputs."""


class Estimates:
    """Estimates of the jobs of one study."""

    def __init__(self, amounts: Amounts, slower: Factors | None = None, larger: Factors | None = None):
        """Take the study's amounts, and how many times slower and larger earlier jobs were than stated.

        (ANY, ANY) in `slower` is for rules of which nothing was measured; it says nothing of GPUs.
        """
        self.amounts, self.facts = amounts, amounts.facts
        self.slower, self.larger = slower or {}, larger or {}

    def _entry(self, rule: str, experiment: str | None, kind: str) -> Mapping[str, Any] | None:
        """Return what is stated of a rule: of the experiment's jobs first, of the class, or of its models."""
        rules = self.facts["rules"]
        stated = rules.get(f"{rule} {experiment}") or rules.get(rule) or {}
        return stated.get(kind) or stated.get(ANY) or self.facts["models"].get(kind)

    def stated(self, rule: str, wildcards: Mapping[str, str], cores: int) -> StatedCost | None:
        """Return what is stated of a job on so many cores (or one GPU); None where nobody states it."""
        kind, work = class_of_job(self.amounts, rule, wildcards), self.amounts.of(rule, wildcards)
        entry = self._entry(rule, wildcards.get("experiment"), kind)
        if work is None or entry is None:
            return None
        heavier, light = 1.0, False
        model = self.amounts.model_of(rule, wildcards)
        chosen = self.amounts.plan.study.models.get(model or "")
        if chosen is not None and model is not None and kind != "scripted":
            light = chosen.engine.kind == "transformers"
            if "reference" in entry:
                heavier = parameters_of(model, chosen, self.facts) / entry["reference"]
        amounts = {name: getattr(work, name) for name in KINDS}
        amounts["generated"] *= work.slower
        seconds = sum(amount / entry[name] for name, amount in amounts.items() if name in entry)
        start = entry.get("light", entry["start"]) if light else entry["start"]
        memory = entry["memory"] + entry.get("row_bytes", 0) * work.rows / MB
        return StatedCost(kind, start + heavier * seconds / (1 if kind == "gpu" else cores), memory)

    def of(self, job: Job, cores: int) -> Estimate:
        """Return what a job will take where Snakemake has `cores`: a job never gets more."""
        given = max(1, min(job.threads, cores))
        stated = self.stated(job.rule, job.wildcards, given)
        if stated is None:
            return Estimate(job, Work(), 0.0, given, 0.0, known=False, measured=False)
        key, others = (job.rule, stated.models), self.slower.get((ANY, ANY), 1.0)
        factor = self.slower.get(key, 1.0 if stated.models == "gpu" else others)
        return Estimate(
            job,
            self.amounts.of(job.rule, job.wildcards) or Work(),
            stated.seconds * factor,
            given,
            stated.memory_mb * self.larger.get(key, 1.0),
            known=True,
            measured=key in self.slower,
        )


def core_seconds(
    plan: Plan, jobs: Mapping[int, tuple[str, Mapping[str, str]]]
) -> dict[int, tuple[str, float]]:
    """Return by job its rule and the seconds that are stated of it on one core, or on a GPU.

    `jobs` has rule and wildcards by job; those of which nothing is stated are left out.
    """
    estimates = Estimates(Amounts(plan, plan.costs))
    stated = {key: (rule, estimates.stated(rule, wildcards, 1)) for key, (rule, wildcards) in jobs.items()}
    return {key: (rule, one.seconds) for key, (rule, one) in stated.items() if one is not None}
