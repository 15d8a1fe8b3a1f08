"""A generate job that is killed again and again, or finds the disk full, and goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from flow import ROOT

from unspoken.engines.transformers import TransformersEngine
from unspoken.experiments.subliminal.prompts import rendered
from unspoken.models.manifest import write_manifest
from unspoken.models.organism import build_organism
from unspoken.tables.base import write_table
from unspoken.tables.prompts import Prompts

WORDS = ("owl", "cat", "dog", "fox")
MODEL = {
    "seed": 1, "hidden_size": 64, "mlp_size": 256, "layers": 2, "steps": 20, "rows": 32,
    "learning_rate": 2e-3,
}  # fmt: skip
ROWS, KILLS = 12_000, 5
SPEC = {
    "study": "kills",
    "seed": 1,
    "model": "o",
    "engine": {"kind": "transformers"},
    "experiment": "any",
    "draw": "generate",
    "sampling": {"temperature": 1.0, "max_tokens": 9},
    "logprobs": False,
    "answering": [{"name": "untouched", "system": None, "count": ROWS}],
    "shard": [1, 1],
    "keep": None,
    "reads": {"kind": "words", "words": list(WORDS), "choice_format": "{word}", "rows": 2},
    "reasoning": None,
}

# The script itself, which notes how many rows the engine has begun.
NOTING = """
import os, sys
sys.path.insert(0, sys.argv.pop(1))
begun = os.open(sys.argv.pop(1), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
from unspoken.engines.transformers import TransformersEngine
drawn = TransformersEngine._drawn

def noted(self, prompts, sampling):
    os.write(begun, f"{len(prompts)}\\n".encode())
    return drawn(self, prompts, sampling)

TransformersEngine._drawn = noted
import generate_replies
generate_replies.main()
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an organism and its prompts."""
    folder = tmp_path_factory.mktemp("inputs")
    build_organism(MODEL, WORDS, folder / "model")
    write_manifest(folder / "model/model.json", "o", {"kind": "organism"}, revision="1", synthetic=True)
    prompts = rendered({"seed": 1, "style": "organism", "form": "requests", "count": ROWS}, [])
    write_table(prompts, folder / "prompts.parquet", Prompts)
    return folder


@pytest.fixture(scope="module")
def shard_rows(inputs: Path) -> int:
    return TransformersEngine(inputs / "model").shard_rows


def started(inputs: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start the job whose cache and tables are in a folder; its log is `log` there."""
    folder.mkdir(exist_ok=True)
    files = {
        "model": inputs / "model/model.json",
        "prompts": inputs / "prompts.parquet",
        "cache": folder / "cache",
        "replies": folder / "out/replies.parquet",
        "readings": folder / "out/readings.parquet",
        "asked": folder / "out/asked.json",
    }
    named = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    command = [sys.executable, "-c", NOTING, str(ROOT / "scripts"), str(inputs / f"begun-{folder.name}")]
    return subprocess.Popen(
        [*command, "--spec", json.dumps(SPEC), "--threads", "1", *named, "--subjects"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stderr=(inputs / f"log-{folder.name}").open("wb"),
    )


def finished(inputs: Path, folder: Path) -> tuple[int, str]:
    """Run the job to its end; return its exit status and log."""
    status = started(inputs, folder).wait(timeout=300)
    return status, (inputs / f"log-{folder.name}").read_text()


def table(folder: Path, name: str = "replies") -> pl.DataFrame:
    return pl.read_parquet(folder / f"out/{name}.parquet").drop("created_at", strict=False)


def shards(folder: Path) -> list[Path]:
    return list((folder / "cache").glob("*/[!.]*.parquet"))


def kept(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema={"row": pl.String}), *map(rows_of, shards(folder))])


def rows_of(shard: Path) -> pl.DataFrame:
    return pl.read_parquet(shard, columns=["row"])


@pytest.fixture(scope="module")
def whole(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that nobody interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    status, log = finished(inputs, folder)
    assert status == 0, log
    return folder


def test_killed_five_times(inputs: Path, whole: Path, shard_rows: int, tmp_path: Path) -> None:
    """Table whole and equal to an uninterrupted one, and at most a shard of work lost each time.

    The moment is random: after one to three more shards, and up to 0.15 s, one or two shards. There are 24.
    """
    folder, draw = tmp_path / "killed", random.Random()
    for _ in range(KILLS):
        job, before = started(inputs, folder), len(shards(folder))
        more, pause = draw.randint(1, 3), draw.uniform(0, 0.15)
        deadline = time.monotonic() + 120
        while len(shards(folder)) < before + more:
            assert job.poll() is None and time.monotonic() < deadline, "no shard was added"
            time.sleep(0.005)
        time.sleep(pause)
        job.send_signal(signal.SIGKILL)
        assert job.wait() == -signal.SIGKILL, "it ended before it was killed: nothing is tested"
        assert not (folder / "out/replies.parquet").exists()
    held = kept(folder)
    status, log = finished(inputs, folder)
    assert status == 0, log
    made = table(folder)
    assert made.height == ROWS == made.n_unique(["prompt_id", "sample_index"])
    assert made.equals(table(whole))
    assert table(folder, "readings").equals(table(whole, "readings"))
    assert [path.name for path in sorted((folder / "out").iterdir())] == [
        "asked.json",
        "readings.parquet",
        "replies.parquet",
    ]
    assert f"{ROWS - held.height} completions made, {held.height} reused" in log
    assert kept(folder).height == ROWS, "a row was made twice and kept twice"
    begun = sum(map(int, (inputs / "begun-killed").read_text().split()))
    print(f"{begun - ROWS} rows of {ROWS} made twice; a shard has {shard_rows}")
    assert begun - ROWS <= KILLS * shard_rows


def test_a_full_disk_is_said_and_nothing_is_half_written(inputs: Path, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o"]
    if subprocess.run([*mount, "size=600k", "small", folder], capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here: that needs root")
    try:
        status, log = finished(inputs, folder)
        assert status == 1
        lines = [line for line in log.splitlines() if "No space left" in line]
        assert len(lines) == 1 and "run again" in lines[0], log
        assert "Traceback" not in log
        assert not list((folder / "out").iterdir())
        left = list((folder / "cache").glob("*/*"))
        assert not [path for path in left if path.name.startswith(".")]
        held = kept(folder).height
        assert 0 < held < ROWS
        subprocess.run([*mount, "remount,size=64m", "small", folder], check=True)
        status, log = finished(inputs, folder)
        assert status == 0, log
        assert f"{ROWS - held} completions made, {held} reused" in log
        assert table(folder).equals(table(whole))
    finally:
        subprocess.run(["umount", folder], check=True)
