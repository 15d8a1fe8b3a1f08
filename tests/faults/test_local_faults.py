"""Faults of one machine. Each test's first line says what goes wrong and what then happens."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from flow import ROOT, snakemake, wait_until

from unspoken.findings import reproducible_digest
from unspoken.store import StoreError, open_store

RESULTS = Path("results/studies/faulty")
STORE = RESULTS / "unspoken.duckdb"
ORGANISMS = {f"organism-tiny-{seed}": {"kind": "organism", "seed": seed, "steps": 60} for seed in (1, 2)}
STUDY = {
    "study": "faulty",
    "experiments": ["theorem"],
    "models": ORGANISMS,
    "theorem": {"models": [*ORGANISMS], "step_sizes": [1.0e-2, 1.0e-4], "seeds": 2},
}
ANEW = ("--forcerun", "step_theorem")
"""Makes the run read the models, and measure again."""
WEIGHTS = Path("results/models/organism-tiny-1/model.safetensors")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which a small study was built; nobody changes it."""
    directory = tmp_path_factory.mktemp("built")
    (directory / "study.yaml").write_text(yaml.safe_dump(STUDY))
    snakemake("store", "--configfile", directory / "study.yaml", directory=directory, cores=2)
    return directory


@pytest.fixture
def place(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the built study that a test may harm."""
    return Path(shutil.copytree(built, tmp_path / "place"))


def command(place: Path, *targets: str) -> list[str]:
    """Return the command line that makes targets of the study."""
    program = [sys.executable, "-m", "snakemake", *targets, "--cores", "1"]
    return [*program, "--directory", str(place), "--configfile", str(place / "study.yaml")]


def failed(place: Path, *targets: str) -> str:
    """Make targets, which must fail; return all that is said."""
    done = subprocess.run(
        command(place, *targets), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    return done.stdout


def told(place: Path, module: str) -> subprocess.CompletedProcess[str]:
    """Return what a module of the project says in a folder."""
    return subprocess.run(
        [sys.executable, "-m", module], cwd=place, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip


def jobs_of(snakemake: int) -> list[psutil.Process]:
    """Return the processes of the jobs that build an organism under a Snakemake."""
    below = psutil.Process(snakemake).children(recursive=True)
    return [one for one in below if "build_organism.py" in " ".join(one.cmdline()[:3])]


def made(place: Path, *options: str) -> tuple[int, str]:
    """Make the store; return the number of its measurements that a rebuild repeats, and their digest."""
    snakemake("store", "--configfile", place / "study.yaml", *options, directory=place)
    with open_store(place / STORE) as store:
        return reproducible_digest(store)


def test_a_model_file_is_corrupted(built: Path, place: Path) -> None:
    """A model's file is damaged: the job that reads it says so, and the model is made again."""
    content = bytearray((place / WEIGHTS).read_bytes())
    content[-100] ^= 255
    (place / WEIGHTS).write_bytes(content)
    said = failed(place, "store", *ANEW)
    assert "model.safetensors" in said
    manifest = str((WEIGHTS).with_name("model.json"))
    assert f"delete {manifest} and run again" in said
    (place / manifest).unlink()
    assert made(place, *ANEW) == made(built)


def test_the_store_is_damaged(built: Path, place: Path) -> None:
    """The store is damaged: opening it says so, and it is made again from the study's tables."""
    content = (place / STORE).read_bytes()
    (place / STORE).write_bytes(content[: len(content) // 3])
    with pytest.raises(StoreError, match="delete it"):
        open_store(place / STORE)
    (place / STORE).unlink()
    assert made(place) == made(built)


def test_two_snakemakes_at_once(place: Path) -> None:
    """A second Snakemake is started in a folder at work: it refuses, and the first completes."""
    slow = STUDY | {"models": ORGANISMS | {"organism-slow": {"kind": "organism", "seed": 3, "steps": 300}}}
    (place / "study.yaml").write_text(yaml.safe_dump(slow))
    model = "results/models/organism-slow/model.json"
    with subprocess.Popen(command(place, model), cwd=ROOT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as first:  # fmt: skip
        log = place / RESULTS / "logs/build_organism/organism-slow.log"
        wait_until(lambda: log.exists() and log.stat().st_size, "the job is at work")
        assert "LockException" in failed(place, model)
        held = told(place, "unspoken.locks")
        assert held.returncode == 2
        assert f"process {first.pid}" in held.stderr
        assert "build_organism organism-slow" in told(place, "unspoken.status").stdout
        assert first.wait(timeout=300) == 0
    assert (place / model).exists()


def test_a_job_is_killed_while_it_writes(built: Path, place: Path) -> None:
    """A job is killed (as the kernel does for memory): no output, and the same command completes."""
    shutil.rmtree((place / WEIGHTS).parent)
    with subprocess.Popen(command(place, "store", *ANEW), cwd=ROOT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as run:  # fmt: skip
        wait_until(lambda: jobs_of(run.pid), "a job has begun")
        time.sleep(3)
        jobs_of(run.pid)[-1].send_signal(signal.SIGKILL)
        assert run.wait(timeout=120) == 1
    assert not (place / WEIGHTS).with_name("model.json").exists()
    assert made(place, *ANEW) == made(built)


def test_the_results_are_read_only(place: Path) -> None:
    """The results folder is read-only: no job is run, and the files are named."""
    if os.geteuid() != 0:
        pytest.skip("a read-only mount needs root")
    results = str(place / "results")
    subprocess.run(["mount", "--bind", results, results], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", results], check=True)
        assert "Write-protected output files" in failed(place, "store", *ANEW)
    finally:
        subprocess.run(["umount", results], check=True)
    assert made(place, *ANEW)


def test_clocks_disagree(built: Path, place: Path) -> None:
    """A node's clock is a day ahead: what exists stays; a job on a file from tomorrow ends, and names it."""
    tomorrow = time.time() + 86400
    for path in ("models/organism-tiny-1/model.json", "studies/faulty/theorem/steps.parquet"):
        os.utime(place / "results" / path, (tomorrow, tomorrow))
    said = snakemake("store", "--configfile", place / "study.yaml", directory=place)
    assert "Nothing to be done" in said
    assert "has older modification time" in failed(place, "store", *ANEW)
    os.utime(place / "results/models/organism-tiny-1/model.json")
    assert made(place, *ANEW) == made(built)
