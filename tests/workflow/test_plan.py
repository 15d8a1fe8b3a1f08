"""`make plan`: the jobs are Snakemake's own, each with a cost, and their sum is near what a run took."""

from pathlib import Path

import pytest

from unspoken.cost.amounts import Amounts
from unspoken.cost.estimate import Estimates
from unspoken.cost.jobs import planned_jobs
from unspoken.cost.measured import jobs_in
from unspoken.cost.schedule import scheduled
from unspoken.cost.work import read_facts
from unspoken.store import open_store
from unspoken.study.front_door import plan_of_files

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)
STATED = {rule.split()[0] for rule in FACTS["rules"]}
BY_MODEL = {"finetune_starts", "generate_replies", "judge_replies", "monitor_chains", "probe_chains"}
TOOK = {"default": 56 * 60 + 1, "test": 60 + 51 + 71 / 2 + 68 / 2 + 41 / 2}
"""Seconds of complete runs from nothing on two cores (docs/times.md); of the test study before it had the
rooms of lengths, rewards, misalignment and harm, and half of the seconds that their jobs take a processor."""


@pytest.mark.parametrize(
    "name",
    [
        "default",
        "test",
        "laptop",
        "laptop_faithfulness",
        "laptop_reinforcement",
        "paper_shape",
        "misalignment",
        "adapters",
    ],
)
def test_each_job_of_a_study_has_a_cost(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    overlays = [] if name == "default" else [Path("studies", f"{name}.yaml")]
    plan = plan_of_files(ROOT, overlays)
    jobs = planned_jobs(overlays, cores=2)
    assert {job.rule for job in jobs} <= STATED | BY_MODEL
    assert len({job.key for job in jobs}) == len(jobs)
    estimates = [Estimates(Amounts(plan, FACTS)).of(job, 2) for job in jobs]
    assert [one.job.key for one in estimates if not one.known] == []
    seconds = scheduled(estimates, 2, 1, **FACTS["run"]).seconds
    if name in TOOK:
        assert TOOK[name] / 1.5 < seconds < TOOK[name] * 1.5


def test_the_store_has_what_was_stated_of_each_job(built_study):
    file = built_study / "results/studies/test/unspoken.duckdb"
    with open_store(file) as store:
        stated = {
            rule for (rule,) in store.execute("FROM jobs SELECT rule WHERE stated_seconds > 0").fetchall()
        }
    assert {"build_organism", "probe_traits", "draw_figure"} <= stated
    jobs = jobs_in(file)  # without those so quick that the cache must have answered them
    assert jobs["stated_seconds"].min() > 0
    assert set(jobs.filter(rule="build_organism")["models"]) == {"organism"}
