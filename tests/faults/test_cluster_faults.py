"""Faults of a cluster. Each test's first line says what goes wrong and what then happens."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cluster import HERE, Cluster, checkout_for, submitted
from flow import wait_until

MODEL = Path("results/models/organism-slow")
# Long enough to be caught at work, on any machine.
ORGANISM = {"kind": "organism", "seed": 1, "steps": 300}


class Run:
    """Snakemake on the cluster, in the background, on one job that takes its time."""

    def __init__(self, checkout: Path, *arguments: str, quick: bool = True) -> None:
        self.said = checkout / "said"
        launcher = [str(HERE / "quick_snakemake.py")] if quick else ["-m", "snakemake"]
        command = [sys.executable, *launcher, str(MODEL / "model.json"), "--profile", "profiles/slurm"]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [*command, "--configfile", "slow.yaml", *arguments], cwd=checkout, stdout=said, stderr=said
            )

    def text(self) -> str:
        return self.said.read_text()

    def ends(self, code: int, seconds: int = 400) -> str:
        """Wait for the end and its exit code; return all that Snakemake said."""
        assert self.process.wait(timeout=seconds) == code, self.text()
        return self.text()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the project with a study of one slow job."""
    made = checkout_for(tmp_path / "checkout")
    (made / "slow.yaml").write_text(yaml.safe_dump({"models": {"organism-slow": ORGANISM}}))
    return made


@pytest.fixture(autouse=True)
def empty_queue(cluster: Cluster) -> Iterator[None]:
    """Leave no job to the next test."""
    yield
    slurm("scancel", "--user=root")
    wait_until(lambda: not slurm("squeue", "--noheader"), "the queue is empty")


def slurm(*command: str) -> str:
    """Return what a command of SLURM prints."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout.strip()


def at_work(checkout: Path) -> tuple[str, str]:
    """Wait until the job trains its model; return its number and node."""
    log = checkout / "results/logs/build_organism/organism-slow.log"
    wait_until(lambda: log.exists() and log.stat().st_size, "the job is at work")
    job, node = slurm("squeue", "--noheader", "--states=R", "--format=%i %N").split()
    return job, node


def is_whole(checkout: Path) -> bool:
    """Return whether the model is there, as its manifest says, and nothing half-written beside it."""
    from unspoken.models.manifest import checked_model

    checked_model(checkout / MODEL / "model.json")
    return not [path for path in (checkout / MODEL).iterdir() if path.name.startswith(".")]


def test_a_node_goes_down(cluster: Cluster, checkout: Path) -> None:
    """A node goes down in mid-job: SLURM ends the job, Snakemake submits it again, the run completes."""
    run = Run(checkout)
    job, node = at_work(checkout)
    slurm("scontrol", "update", f"nodename={node}", "state=down", "reason=fault")
    said = run.ends(0)
    slurm("scontrol", "update", f"nodename={node}", "state=resume")
    assert len(submitted(said)) == 2
    assert cluster.finished()[int(job)].state == "NODE_FAIL"
    assert is_whole(checkout)


def test_snakemake_is_interrupted(cluster: Cluster, checkout: Path) -> None:
    """Ctrl-C: the jobs are cancelled, nothing half-written stays, the same command completes."""
    run = Run(checkout)
    job, _ = at_work(checkout)
    run.process.send_signal(signal.SIGINT)
    run.ends(1)
    wait_until(lambda: not slurm("squeue", "--noheader"), "the job is cancelled")
    assert not (checkout / MODEL / "model.json").exists()
    again = Run(checkout).ends(0)
    assert len(submitted(again)) == 1
    assert is_whole(checkout)
    assert cluster.finished()[int(job)].state == "CANCELLED"


def test_snakemake_is_killed(cluster: Cluster, checkout: Path) -> None:
    """Snakemake dies: its jobs go on, a run meanwhile refuses and names them, a later one takes theirs."""
    run = Run(checkout)
    job, _ = at_work(checkout)
    slurm("scontrol", "suspend", job)  # or it could end before the next run looks
    run.process.kill()
    run.process.wait()
    unlock = [sys.executable, "-m", "snakemake", "--unlock"]
    subprocess.run(unlock, cwd=checkout, check=True)
    refused = Run(checkout).ends(1)
    assert f"Jobs of an earlier run of this folder are in SLURM's queue: {job}." in refused
    assert f"scancel {job}" in refused
    assert not submitted(refused)
    slurm("scontrol", "resume", job)
    wait_until(lambda: not slurm("squeue", "--noheader"), "the job has ended", 300)
    subprocess.run(unlock, cwd=checkout, check=True)
    assert not submitted(Run(checkout).ends(0))
    assert is_whole(checkout)


def test_slurmctld_restarts(cluster: Cluster, checkout: Path) -> None:
    """The controller restarts between two checks: the job goes on, and the run completes."""
    run = Run(checkout, quick=False)
    job, _ = at_work(checkout)
    cluster.stop_controller()
    cluster.start_controller()
    said = run.ends(0)
    assert list(submitted(said)) == [int(job)]
    assert is_whole(checkout)


def test_slurmctld_is_away_when_it_is_asked(cluster: Cluster, checkout: Path) -> None:
    """The controller is away at a check: the run waits in vain, as `make status` says; Ctrl-C and again."""
    run = Run(checkout)
    at_work(checkout)
    cluster.stop_controller()
    wait_until(lambda: "MinJobAge=None" in run.text(), "the run has asked")
    cluster.start_controller()
    wait_until(lambda: not slurm("squeue", "--noheader"), "the job has ended", 300)
    status = [sys.executable, "-m", "unspoken.status"]
    told = subprocess.run(status, cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert "SLURM holds none of its jobs, or does not answer." in told
    assert run.process.poll() is None
    run.process.send_signal(signal.SIGINT)
    run.ends(1)
    Run(checkout).ends(0)
    assert is_whole(checkout)


def test_a_job_exceeds_its_time(cluster: Cluster, checkout: Path) -> None:
    """A job runs out of time: SLURM ends it, it is submitted again with more, the run completes."""
    run = Run(checkout, "--set-resources", "build_organism:runtime=1 if attempt == 1 else 30")
    job, _ = at_work(checkout)
    slurm("scancel", "--full", "--signal=STOP", job)  # or it could end in time
    said = run.ends(0)
    first, second = submitted(said)
    assert cluster.finished()[first].state == "TIMEOUT"
    assert cluster.finished()[second].state == "COMPLETED"
    assert is_whole(checkout)


def test_a_job_exceeds_its_memory(cluster: Cluster, checkout: Path) -> None:
    """A job takes more memory than it asked for: it is ended, submitted again with more, and completes."""
    cluster.down()
    cluster.up(MEMORY_LIMITS="1")
    said = Run(checkout, "--set-resources", "build_organism:mem_mb=500 if attempt == 1 else 2500").ends(0)
    assert len(submitted(said)) == 2
    assert "Error in rule build_organism" in said
    assert is_whole(checkout)
