"""The entry of every script: its command line, its threads, its end."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unspoken.files import written_whole
from unspoken.lifetime import RUNNER, remove_temporaries, wait_for_end

SHOW = """
import json, os
from unspoken.jobs import start_job
job = start_job("show", ("table",), lists=("answers",))
seen = {"spec": job.spec, "threads": job.threads, "table": str(job.table),
        "answers": [str(path) for path in job.answers], "omp": os.environ["OMP_NUM_THREADS"]}
print(json.dumps(seen))
"""


def script(code: str, *arguments: str, runner: int | None = None) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != RUNNER}
    if runner is not None:
        environment[RUNNER] = str(runner)
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_arguments_arrive() -> None:
    spec = {"rows": 3, "words": ["owl", "a 'quoted' one"]}
    given = ["--spec", json.dumps(spec), "--threads", "2", "--table", "a/t.parquet"]
    out, _ = script(SHOW, *given, "--answers", "x.parquet", "y.parquet").communicate()
    assert json.loads(out) == {
        "spec": spec,
        "threads": 2,
        "table": "a/t.parquet",
        "answers": ["x.parquet", "y.parquet"],
        "omp": "2",
    }


def test_a_missing_file_argument_is_named() -> None:
    job = script(SHOW, "--answers", "x")
    _, errors = job.communicate()
    assert job.returncode == 2 and "--table" in errors


def test_a_job_without_snakemake_runs_and_one_of_a_dead_snakemake_ends() -> None:
    code = SHOW + "\nimport time; time.sleep(0.5); print('end')"
    out, _ = script(code, "--table", "t", "--answers").communicate()
    assert out.endswith("end\n")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    job = script(code, "--table", "t", "--answers", runner=gone.pid)
    out, _ = job.communicate()
    assert job.returncode == 1 and "end" not in out


def test_the_end_of_a_process_nobody_reaped_is_seen() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.2)"])
    start = time.monotonic()
    wait_for_end(zombie.pid)
    assert 0.05 < time.monotonic() - start < 10
    zombie.wait()
    wait_for_end(zombie.pid)


@pytest.mark.parametrize("name", ["table.parquet", "a.b.json", "plain"])
def test_temporaries_of_a_killed_job_go_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with written_whole(path) as temporary:
        temporary.write_text("half")
        copy = temporary.read_text()
    stale = tmp_path / temporary.name
    stale.write_text(copy)
    others = [tmp_path / word for word in (".other.12.parquet", ".table.json", "table.12.parquet")]
    for other in others:
        other.touch()
    remove_temporaries([path], pid=os.getpid() + 1)
    assert stale.exists()
    remove_temporaries([path])
    assert not stale.exists()
    assert path.exists() and all(other.exists() for other in others)
