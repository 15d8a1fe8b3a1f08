"""What `make status` says of runs."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unspoken.locks import RUNS
from unspoken.status import progress_of, status_text

BAR = "organism-a:teacher:owl:  35%|███▌      | 2520/7200 [00:12<00:20, 230.01row/s]"


def write_record(directory: Path, name: str, **told: object) -> None:
    record = directory / RUNS / name
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"running": [], "failed": [], "on_cluster": False} | told) if told else "")


def test_the_last_bar_of_a_log_is_told_without_its_drawing(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text(f"started\r{BAR.replace('35%', '10%')}\r{BAR}\n")
    assert progress_of(log) == "organism-a:teacher:owl: 2520/7200 (35%), 230.01row/s"
    log.write_text("no bar yet")
    assert progress_of(log) == ""
    assert progress_of(tmp_path / "none.log") == ""


def test_a_live_run_tells_what_it_does_and_what_failed(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(BAR)
    running = [["generate_replies organism-a", time.time() - 12.2, "a.log"]]
    write_record(
        tmp_path, f"{socket.gethostname()}.{os.getpid()}", state="3 of 9 jobs done", running=running,
        failed=[["draw_figure dose", "b.log"]],
    )  # fmt: skip
    first, runs, failed = status_text(tmp_path).splitlines()
    assert first.startswith(f"Snakemake, process {os.getpid()} on {socket.gethostname()}: 3 of 9 jobs done")
    bar = "organism-a:teacher:owl: 2520/7200 (35%), 230.01row/s"
    assert runs == f"  runs for 12 s: generate_replies organism-a; {bar}"
    assert failed == "  failed: draw_figure dose; its log: b.log"


def test_a_killed_run_and_one_of_another_machine(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_record(tmp_path, f"{socket.gethostname()}.{ended.pid}", state="1 of 2 jobs done")
    write_record(tmp_path, "elsewhere.77")
    killed, begins = sorted(status_text(tmp_path).splitlines(), key=lambda line: "elsewhere" in line)
    assert killed.endswith("killed. Run it again: it goes on where it was.")
    assert begins == "Snakemake, process 77 on elsewhere: begins"


def test_a_run_whose_jobs_the_cluster_does_not_hold(tmp_path: Path) -> None:
    write_record(
        tmp_path, f"{socket.gethostname()}.{os.getpid()}", state="1 of 2 jobs done", on_cluster=True,
        running=[["train", time.time(), ""]],
    )  # fmt: skip
    assert "end it by Ctrl-C and run it again" in status_text(tmp_path)


@pytest.mark.parametrize("made", [False, True])
def test_where_nothing_runs(made: bool, tmp_path: Path) -> None:
    if made:
        (tmp_path / RUNS).mkdir(parents=True)
    assert status_text(tmp_path).startswith("Nothing runs here.")
