"""What jobs ask of a cluster: each of the paper study its memory and time, each with a large model a GPU."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flow import ROOT

from unspoken.study.front_door import plan_of_files

LARGE = ("hub", "local")
"""Kinds of models that want a GPU."""
USES = {
    "generate_replies", "probe_traits", "probe_chains", "judge_replies", "finetune_students",
    "finetune_starts", "train_by_reward", "ask_subjects", "monitor_chains",
}  # fmt: skip
READS = {"build_store", "judge_claims"}
"""Rules of jobs that ask or train a model, and of those that read its description alone."""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The jobs of the paper study as the cluster's profile would submit them."""
    folder = tmp_path_factory.mktemp("submitted")
    script = Path(__file__).with_name("dump_jobs.py")
    command = [sys.executable, script, "--profile", "slurm", folder, ROOT, "paper"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    told = [json.loads(line) for line in (folder / "paper.jsonl").read_text().splitlines()]
    return [job for job in told if job["outputs"]]


@pytest.fixture(scope="module")
def large() -> set[str]:
    """The description of each large model of the paper study."""
    study = plan_of_files(ROOT, [ROOT / "studies" / "paper.yaml"]).study
    chosen = (name for name, model in study.models.items() if model.kind in LARGE)
    return {f"results/models/{name}/model.json" for name in chosen}


def test_every_job_has_memory_and_time(jobs: list[dict[str, Any]]) -> None:
    assert {"make_items", "read_trials", "generate_replies"} <= {job["rule"] for job in jobs}
    for job in jobs:
        asked = job["resources"]
        assert asked["mem_mb"] > 0 and asked["runtime"] > 0, job
        assert asked["slurm_account"], job


def test_jobs_with_a_large_model_have_a_gpu_and_no_others_have_one(
    jobs: list[dict[str, Any]], large: set[str]
) -> None:
    with_one = [job for job in jobs if large & set(job["inputs"])]
    assert {job["rule"] for job in with_one} == USES | READS
    for job in jobs:
        asks = job in with_one and job["rule"] in USES
        assert (job["resources"].get("gpu", 0) > 0) == asks, job
