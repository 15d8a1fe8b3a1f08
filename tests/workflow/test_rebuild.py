"""`make rebuild` says how to make a measurement again: what it prints is done here, for three rows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from flow import RESULTS, ROOT

from unspoken.store import open_store

EXPERIMENTS = ("theorem", "mnist", "mnist")
COMMAND = re.compile(r"^    \.venv/bin/snakemake (.*)$", re.MULTILINE)


def said(store: Path, measurement: str, study_file: Path) -> subprocess.CompletedProcess[str]:
    """Return what the command says of a measurement."""
    command = [
        sys.executable,
        "-m",
        "unspoken.rebuild",
        measurement,
        "--store",
        store,
        "--study-file",
        study_file,
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def rows(built_study: Path) -> list[dict]:
    """Return measurements of small experiments, drawn from the middle of the store."""
    query = "SELECT * FROM measurements WHERE experiment = ? AND reproducible ORDER BY hash(measurement_id)"
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        found = {name: store.sql(query, params=[name]).pl().to_dicts() for name in set(EXPERIMENTS)}
    return [found[name].pop() for name in EXPERIMENTS]


def test_three_rows_are_made_again(built_study: Path, rows: list[dict], tmp_path: Path) -> None:
    store = built_study / RESULTS / "unspoken.duckdb"
    for row in rows:
        told = said(store, row["measurement_id"], tmp_path / "rebuilt.json").stdout
        assert "bit by bit" in told
        # As printed, but for the folder: this checkout is the version already.
        words = shlex.split(COMMAND.search(told)[1])  # type: ignore[index]
        words[words.index("--cores") + 1] = "2"
        words[words.index("--directory") + 1] = str(tmp_path / "rebuilt")
        subprocess.run([sys.executable, "-m", "snakemake", *words], cwd=ROOT, check=True, timeout=600)
        made = pl.read_parquet(tmp_path / "rebuilt" / words[0])
        (again,) = made.filter(measurement_id=row["measurement_id"]).to_dicts()
        assert again == {name: row[name] for name in again}


def test_an_unknown_measurement_is_said(built_study: Path, tmp_path: Path) -> None:
    told = said(built_study / RESULTS / "unspoken.duckdb", "0123", tmp_path / "rebuilt.json")
    assert told.returncode == 1
    assert told.stderr.strip() == (
        "no measurement 0123 in the store; its ids are in measurements.measurement_id"
    )


def test_the_version_and_the_lock_are_in_the_store(built_study: Path) -> None:
    with open_store(built_study / RESULTS / "unspoken.duckdb") as store:
        ((version, lock),) = store.sql("SELECT version, lock FROM studies").fetchall()
    assert re.fullmatch("[0-9a-f]{64}", lock)
    assert (version is None) == (not (ROOT / ".git").exists())
    assert version is None or re.fullmatch("[0-9a-f]{40}(-dirty)?", version)
