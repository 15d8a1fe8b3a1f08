"""Snakemake killed in the middle: its jobs end with it, and the next run completes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flow import snakemake

SNAKEFILE = """
import os, sys
shell.prefix(f"set -euo pipefail; export UNSPOKEN_RUNNER={os.getpid()}; ")

rule all:
    input: expand("out/{name}.txt", name=["a", "b"])

rule work:
    output: text="out/{name}.txt"
    log: "out/{name}.log"
    params: python=sys.executable
    shell: "{params.python} work.py --text {output.text} &> {log}"
"""

# Writes all the time, to a file of its own and to its output, and so does a child. It ends when
# nobody holds it up any more.
SCRIPT = """
import subprocess, sys, time
from pathlib import Path
from unspoken.files import written_whole
from unspoken.jobs import start_job

CHILD = "import time\\nwhile True: print(1, flush=True); time.sleep(0.02)"
job = start_job("work", ("text",))
beat = job.text.with_suffix(".beat").open("a")
child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=beat)
try:
    with written_whole(job.text) as temporary, temporary.open("w") as file:
        for step in range(9):
            print(step, file=file, flush=True)
        while Path("hold").exists():
            print("held", file=beat, flush=True)
            time.sleep(0.02)
finally:
    child.kill()
"""
WHOLE = "".join(f"{step}\n" for step in range(9))


@pytest.fixture
def workflow(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "work.py").write_text(SCRIPT)
    (tmp_path / "out").mkdir()
    yield tmp_path
    (tmp_path / "hold").unlink(missing_ok=True)  # of a test that failed: its jobs end now


def started(folder: Path) -> subprocess.Popen[bytes]:
    """Start Snakemake in a group of its own; return it when both jobs are writing, and held up."""
    (folder / "hold").touch()
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--rerun-incomplete"],
        cwd=folder,
        start_new_session=True,
        stderr=(folder / "run.log").open("wb"),
    )
    deadline = time.monotonic() + 30
    while len(list((folder / "out").glob(".*.txt"))) < 2:
        assert run.poll() is None, (folder / "run.log").read_text()
        assert time.monotonic() < deadline, "the jobs did not start"
        time.sleep(0.01)
    return run


def alive(folder: Path) -> list[str]:
    """Return the commands that still run in a folder."""
    return [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cwd", "cmdline", "status"])
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def check_lock(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unspoken.locks"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def completed(folder: Path) -> str:
    """Run Snakemake as `make results` does; return what it said."""
    lock = check_lock(folder)
    assert lock.returncode == 0, lock.stderr
    return snakemake("--rerun-incomplete", directory=folder, root=folder, cores=2)


@pytest.mark.parametrize("to_group", [False, True], ids=["alone", "group"])
@pytest.mark.parametrize("kill", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_nothing_writes_on_and_a_rerun_completes(workflow: Path, kill: str, to_group: bool) -> None:
    run = started(workflow)
    (os.killpg if to_group else os.kill)(run.pid, signal.Signals[kill])
    if kill != "SIGKILL" and not to_group:
        (workflow / "hold").unlink()  # Snakemake lets its running jobs finish before it ends
    run.wait(timeout=20)
    deadline = time.monotonic() + 2
    while alive(workflow):
        assert time.monotonic() < deadline, alive(workflow)
        time.sleep(0.02)
    left = contents(workflow)
    time.sleep(0.3)
    assert contents(workflow) == left
    (workflow / "hold").unlink(missing_ok=True)
    assert "Error" not in completed(workflow)
    after = contents(workflow)
    assert after["a.txt"] == after["b.txt"] == WHOLE.encode()
    assert not [name for name in after if name.startswith(".")], "temporaries are left"


def test_lock_stays_while_its_holder_lives(workflow: Path) -> None:
    run = started(workflow)
    held = check_lock(workflow)
    assert held.returncode == 2
    assert f"process {run.pid}" in held.stderr and "since" in held.stderr
    assert "Traceback" not in held.stderr
    assert any((workflow / ".snakemake/locks").iterdir())
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert any((workflow / ".snakemake/locks").iterdir()), "no stale lock: nothing is tested"
    assert check_lock(workflow).returncode == 0
    assert not (workflow / ".snakemake/locks").exists()


def test_lock_stays_while_another_machine_may_hold_it(tmp_path: Path) -> None:
    for name in ("locks/0.input.lock", "unspoken-runs/elsewhere.77"):
        (tmp_path / ".snakemake" / name).parent.mkdir(parents=True)
        (tmp_path / ".snakemake" / name).touch()
    held = check_lock(tmp_path)
    assert held.returncode == 2 and "process 77 on elsewhere" in held.stderr
    (tmp_path / ".snakemake/unspoken-runs/elsewhere.77").unlink()
    assert check_lock(tmp_path).returncode == 0
    assert not (tmp_path / ".snakemake/locks").exists()
