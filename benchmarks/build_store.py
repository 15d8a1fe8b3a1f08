#!/usr/bin/env python
"""Time the store at 10 million completions: build it, ask the README's queries, and pandas beside it.

A synthetic study of ROWS completions, as many rows of the filter, and a tenth as many measurements
and answers, in the Parquet files that the stages write. The same tables, 50 times smaller, are
written as JSON lines too: pandas reads those and answers the same queries, with equal results.
Each step is a process of its own, so that its peak memory is its own. Two cores are used.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import synthetic_study as synthetic

ROOT = Path(__file__).parents[1]
ROWS, SMALLER, RUNS = 10_000_000, 50, 5
QUERIES = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)


def make(folder: Path, rows: int) -> dict[str, Any]:
    synthetic.write_study(folder / "large", rows)
    synthetic.write_study(folder / "small", rows // SMALLER)
    synthetic.write_json_lines(folder / "small")
    sizes = {
        name: sum(path.stat().st_size for path in (folder / name).iterdir()) for name in ("large", "small")
    }
    return {"bytes": sizes}


def build(folder: Path, store: Path) -> dict[str, Any]:
    """Do what `scripts/build_store.py` does with tables of this size."""
    import yaml

    from unspoken.store import write_store

    comments = yaml.safe_load((ROOT / "resources" / "store.yaml").read_text())
    files, frames = synthetic.tables_of(folder)
    start = time.perf_counter()
    written = write_store(store, "synthetic", files, frames, comments)
    return {"seconds": time.perf_counter() - start, "rows": written, "bytes": store.stat().st_size}


def ask(store: Path) -> dict[str, Any]:
    """Time the opening of the store, and each query `RUNS` times."""
    from unspoken import open_store

    start = time.perf_counter()
    with open_store(store) as connection:
        opened = time.perf_counter() - start
        seconds = []
        for query in QUERIES:
            times = []
            for _ in range(RUNS):
                start = time.perf_counter()
                connection.execute(query).fetchall()
                times.append(time.perf_counter() - start)
            seconds.append(times)
        answers = [connection.execute(query).fetchall() for query in QUERIES]
    return {"opened": opened, "seconds": seconds, "answers": answers}


def specificity(tables: dict[str, Any]) -> Any:
    rows = tables["measurements"]
    conditions = rows["conditions"].str
    wanted = (rows["metric"] == "specificity") & (rows["unit"] == "log_odds") & (rows["ci_method"] == "t")
    wanted &= (conditions["scorer"] == "choice") & (conditions["questions"] == "held_out")
    found = rows[wanted].assign(arm=conditions["arm"])
    return found.sort_values("arm")[["arm", "value", "ci_low", "ci_high", "replicate", "n_replicates"]]


def scorers(tables: dict[str, Any]) -> Any:
    rows = tables["measurements"]
    wanted = (rows["metric"] == "specificity") & (rows["unit"] == "log_odds") & (rows["ci_method"] == "t")
    found = rows[wanted]
    keys = ["arm", "scorer", "questions", "unusable"]
    found = found.assign(**{key: found["conditions"].str.get(key) for key in keys})
    columns = [*keys, "value", "ci_low", "ci_high"]
    return found.sort_values(columns)[columns]


def checks(tables: dict[str, Any]) -> Any:
    rows = tables["measurements"]
    made = rows[rows["passed"].notna()]
    grouped = made.astype({"passed": bool}).groupby(["experiment", "metric", "role"])["passed"]
    return grouped.agg(["sum", "size"]).reset_index()


def dropped(tables: dict[str, Any]) -> Any:
    joined = tables["filter_audit"].merge(tables["subjects"], left_on="subject", right_on="subject_id")
    joined["rule"] = joined["rule"].fillna("kept")
    return joined.groupby(["model", "trait", "rule"], dropna=False).size().reset_index()


def answers(tables: dict[str, Any]) -> Any:
    sampled = tables["answers"][tables["answers"]["kind"] == "sampled"]
    students = tables["subjects"][tables["subjects"]["kind"] == "student"]
    joined = sampled.merge(students, left_on="subject", right_on="subject_id")
    counted = joined.groupby(["subject", "prompt", "answer"]).size().reset_index(name="times")
    return counted.sort_values("times", ascending=False).head(20)[["times"]]


def texts(tables: dict[str, Any]) -> Any:
    teachers = tables["subjects"].query("kind == 'teacher'")[["subject_id", "trait"]]
    joined = tables["completions"].merge(teachers, left_on="subject", right_on="subject_id")
    return joined[["prompt", "completion", "temperature", "seed", "trait"]].head(10)
