"""GPUs of one machine: each job holds devices of its own until it ends, however it ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Says what it holds, then waits to be told to end.
JOB = """
import os, sys
from unspoken.engines.base import EngineError
from unspoken.engines.devices import claimed_devices
try:
    claimed = claimed_devices(int(sys.argv[1]))
except EngineError as error:
    sys.exit(f"refused: {error}")
print(",".join(claimed), os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
sys.stdin.read()
"""


@contextmanager
def job(folder, count, visible) -> Iterator[subprocess.Popen]:
    """Run a job; `said` is its line."""
    environment = os.environ | {"TMPDIR": str(folder), "CUDA_VISIBLE_DEVICES": visible}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    run = subprocess.Popen([sys.executable, "-c", JOB, str(count)], env=environment, text=True, **pipes)
    run.said = run.stdout.readline().strip()
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def test_jobs_hold_different_gpus_until_they_end(tmp_path):
    with job(tmp_path, 1, "0,1,2") as first, job(tmp_path, 2, "0,1,2") as second:
        assert first.said == "0 0"
        assert second.said == "1,2 1,2"
        with job(tmp_path, 1, "0,1,2") as third:
            assert third.said == ""
            assert "needs 1 GPUs" in (told := third.stderr.read()) and "0 of 3 are free" in told
            assert "Traceback" not in told
        first.kill()
        first.wait()
        with job(tmp_path, 1, "0,1,2") as fourth:
            assert fourth.said == "0 0"


@pytest.mark.parametrize("visible", ["3", "GPU-1/2/0"])
def test_what_the_scheduler_gave_is_taken_as_it_is(tmp_path, visible):
    with job(tmp_path, 1, visible) as first, job(tmp_path, 1, visible) as second:
        assert first.said == second.said == f"{visible} {visible}"
    assert not list(tmp_path.iterdir())


def test_names_with_slashes_can_be_held(tmp_path):
    with job(tmp_path, 1, "MIG-GPU-a/1/0,MIG-GPU-a/2/0") as first:
        assert first.said == "MIG-GPU-a/1/0 MIG-GPU-a/1/0"


def test_fewer_gpus_than_needed_are_an_error(tmp_path):
    with job(tmp_path, 2, "0") as run:
        assert "needs 2 GPUs (tensor_parallel) and 1 of 1 are free" in run.stderr.read()


def test_no_gpu_holds_nothing(tmp_path):
    with job(tmp_path, 1, "") as run:
        assert run.said == ""
        assert run.poll() is None, "it is no error"
