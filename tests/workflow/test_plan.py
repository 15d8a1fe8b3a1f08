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
TOOK = {"default": 29 * 60 + 5 + (508 + 209) / 2, "test": 60 + 51 + (71 + 41) / 2}
"""Seconds of complete runs from nothing on two idle cores (README); of the default study before it had the
rooms of misalignment and of harm, of the test study before it had those of lengths and of rewards; and half
of what their jobs took or, of misalignment and of harm, are stated to take, in seconds."""


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
