"""One script measures every experiment: it loads the measure of a room by name, and gives it its files."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl

from unspoken.statistics.report import Report, pooled_groups
from unspoken.tables.base import read_table
from unspoken.tables.measure import Groups
from unspoken.tables.measurements import Measurements

ROOT = Path(__file__).parents[2]
ROOM = """
import polars as pl
from unspoken.statistics.intervals import t_interval
from unspoken.statistics.report import Report

def measured(files, spec):
    rates = pl.concat([pl.read_parquet(path) for path in files["moods"]])
    report = Report(spec["study"], "paper2026", spec["experiment"], reproducible=True)
    report.add(
        t_interval(rates["rate"].to_numpy()), metric="mood", unit="probability", kind="estimate",
        subject=report.group("all", "both models", ["one", "two"]), conditions={"n": len(files["moods"])},
        replicate="question", n_samples=rates.height, role="finding",
    )
    return [report]
"""


def test_a_room_of_any_name_is_measured(tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text(ROOM)
    for name, rate in (("one", 0.5), ("two", 0.7)):
        (tmp_path / name).mkdir()
        pl.DataFrame({"rate": [rate]}).write_parquet(tmp_path / name / "moods.parquet")
    spec = {"measure": "room", "experiment": "moods", "study": "small"}
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "measure.py", "--spec", json.dumps(spec), "--threads", "1",
         "--tables", "one/moods.parquet", "two/moods.parquet",
         "--measurements", "measurements.parquet", "--groups", "groups.parquet"],
        cwd=tmp_path, check=True, env={"PYTHONPATH": f"{ROOT / 'src'}:{tmp_path}"},
    )  # fmt: skip
    (row,) = read_table(tmp_path / "measurements.parquet", Measurements).to_dicts()
    assert (row["experiment"], row["paper"], row["value"]) == ("moods", "paper2026", 0.6)
    assert row["conditions"] == {"n": "2"}
    groups = read_table(tmp_path / "groups.parquet", Groups)
    assert groups.rows() == [("all", "both models", ["one", "two"])]


def test_a_group_of_two_papers_has_the_members_of_both() -> None:
    first, second = (Report("small", paper, "moods", reproducible=True) for paper in ("a", "b"))
    first.group("all", "models", ["one"])
    second.group("all", "models", ["two"])
    assert pooled_groups([first, second]).rows() == [("all", "models", ["one", "two"])]
