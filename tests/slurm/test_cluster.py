"""A study on a cluster: every job goes through sbatch to where it belongs, and the numbers are the same."""

from pathlib import Path

import pytest
import yaml
from cluster import Cluster, checkout_for, on_cluster, submitted
from flow import snakemake

ORGANISMS = {f"organism-tiny-{seed}": {"kind": "organism", "seed": seed, "steps": 60} for seed in (1, 2)}
TINY = Path("results/models/organism-tiny-1")
RESULTS = Path("results/studies/onslurm")
STUDY = {
    "study": "onslurm",
    "experiments": ["theorem", "probing"],
    "models": {
        **ORGANISMS,
        # A model of the user's wants a GPU; these files are the organism's.
        "mine": {"kind": "local", "path": "mine", "engine": {"kind": "transformers"}},
    },
    "theorem": {"models": [*ORGANISMS], "step_sizes": [1.0e-2, 1.0e-4], "seeds": 2},
    "probing": {
        "models": ["mine"],
        "traits": ["owl"],
        "questions": 2,
        "probe": {"samples": 1, "shuffled_orders": 0},
    },
}
LAST = "Measurements that a rebuild repeats bit by bit: "


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return two copies of the project, each with the study and the files of its local model."""
    first = checkout_for(tmp_path_factory.mktemp("places") / "first")
    (first / "tiny.yaml").write_text(yaml.safe_dump({"models": ORGANISMS}))
    snakemake(TINY / "model.json", "--configfile", first / "tiny.yaml", directory=first, root=first)
    (first / TINY).rename(first / "mine")
    (first / "mine" / "model.json").unlink()
    (first / "onslurm.yaml").write_text(yaml.safe_dump(STUDY))
    second = checkout_for(first.parent / "second")
    for name in ("mine", "onslurm.yaml"):
        (second / name).symlink_to(first / name)
    return {"cluster": first, "here": second}


@pytest.fixture(scope="module")
def said(cluster: Cluster, places: dict[str, Path]) -> str:
    """Return what Snakemake said of the study on the cluster."""
    small = ("--set-resources", "probe_traits:mem_mb=2000")  # a node here has less than a model wants
    return on_cluster(places["cluster"], "--configfile", "onslurm.yaml", *small)


def test_every_job_is_in_the_record_of_completed_jobs(cluster: Cluster, said: str) -> None:
    jobs, finished = submitted(said), cluster.finished()
    assert {finished[job].state for job in jobs} == {"COMPLETED"}
    assert set(finished) == set(jobs)
    assert {"build_organism", "probe_traits", "step_theorem", "build_store", "write_report"} < set(
        jobs.values()
    )


def test_jobs_with_gpus_are_on_their_partition_and_no_others(cluster: Cluster, said: str) -> None:
    finished = cluster.finished()
    on_gpus = {rule for job, rule in submitted(said).items() if finished[job].partition == "gpu"}
    assert on_gpus == {"probe_traits"}


def test_small_jobs_go_together(said: str) -> None:
    names = list(submitted(said).values())
    assert [name for name in names if name.startswith("drawing")]
    assert "draw_figure" not in names


def test_a_second_run_submits_nothing(places: dict[str, Path], said: str) -> None:
    again = on_cluster(places["cluster"], "--configfile", "onslurm.yaml")
    assert not submitted(again)
    assert "Nothing to be done" in again


def test_the_digest_is_that_of_a_run_without_a_cluster(places: dict[str, Path], said: str) -> None:
    local = snakemake("--configfile", places["here"] / "onslurm.yaml", directory=places["here"],
                      root=places["here"], cores=2)  # fmt: skip
    digests = [line for text in (said, local) for line in text.splitlines() if line.startswith(LAST)]
    assert len(digests) == 2
    assert digests[0] == digests[1]
    assert not digests[0].startswith(f"{LAST}0,")
