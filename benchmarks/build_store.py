#!/usr/bin/env python
"""Time the store of a large study: build it, ask it what README and docs/store.md ask, and pandas beside it.

A synthetic study of 10 million replies, each with what the filter did with it, a million
measurements and a million answers, in the Parquet files that the stages write. What
`scripts/build_store.py` does with tables of this size is timed: hash the files, check the
measurements, write the store. Then the queries, five times each. The same tables 50 times smaller are
given as JSON lines to pandas, which must give equal answers; its time is scaled by rows. Each step
is a process of its own, so that its peak memory is its own, and all keep to two cores.
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
from pathlib import Path
from typing import Any

import synthetic_study

ROOT = Path(__file__).parents[1]
ASKED_IN = "".join((ROOT / page).read_text() for page in ("README.md", "docs/store.md"))
QUERIES = re.findall(r"```sql\n(.*?)```", ASKED_IN, flags=re.DOTALL)
ROWS, SMALLER, RUNS = 10_000_000, 50, 5
TABLES = dict.fromkeys(("replies", "filter_audit", "measurements", "answers"), SMALLER)
TABLES |= dict.fromkeys(("subjects", "claims", "verdicts"), 1)
"""By how much each table of the small study is smaller than that of the large one."""


def make(folder: Path) -> None:
    """Write a study into a folder that is named after its number of replies."""
    synthetic_study.write_study(folder, int(folder.name))


def build(folder: Path) -> dict[str, Any]:
    """Build a study's store as `scripts/build_store.py` does."""
    from unspoken.files import sha256_of_file
    from unspoken.store import Source, write_store
    from unspoken.tables.base import read_table
    from unspoken.tables.measurements import Measurements
    from unspoken.yaml_files import read_keys

    start = time.perf_counter()
    comments = read_keys(ROOT / "resources" / "store.yaml")
    for path in folder.glob("*.parquet"):
        sha256_of_file(path)
    hashed = time.perf_counter()
    names = ("replies", "answers", "measurements")
    sources = {name: Source(sorted(folder.glob(f"{name}-*"))) for name in names}
    audited = sorted(folder.glob("kept-*")) + sorted(folder.glob("dropped-*"))
    sources["filter_audit"] = Source(audited, ["reply_id", "subject", "prompt_id", "rule"])
    for path in sources["measurements"].paths:
        read_table(path, Measurements)
    checked = time.perf_counter()
    frames = {"subjects": synthetic_study.subjects()} | synthetic_study.claims_and_verdicts()
    rows = write_store(folder / "store.duckdb", "synthetic", sources, frames, comments)
    end = time.perf_counter()
    parts = {"hash": hashed - start, "check": checked - hashed, "write": end - checked}
    return {"seconds": end - start, "parts": parts, "rows": rows}


def ask(folder: Path) -> dict[str, Any]:
    """Ask a store each query, `RUNS` times; return the seconds and the answers."""
    from unspoken import open_store

    start = time.perf_counter()
    with open_store(folder / "store.duckdb") as connection:
        opened = time.perf_counter() - start
        seconds: list[list[float]] = []
        used: list[list[float]] = []
        rows = []
        for query in QUERIES:
            seconds.append([])
            used.append([])
            for _ in range(RUNS):
                start, before = time.perf_counter(), time.process_time()
                answer = connection.execute(query).fetchall()
                seconds[-1].append(time.perf_counter() - start)
                used[-1].append(time.process_time() - before)
            rows.append(answer)
    return {"opened": opened, "seconds": seconds, "used": used, "rows": rows}


def export(folder: Path) -> None:
    """Write the tables of a store as JSON lines."""
    from unspoken import open_store

    with open_store(folder / "store.duckdb") as connection:
        for name in TABLES:
            connection.execute(f"COPY {name} TO '{folder / name}.jsonl' (FORMAT json)")


def specificity(tables: dict[str, Any]) -> Any:
    rows = tables["measurements"]
    conditions = rows["conditions"].str
    wanted = (rows["metric"] == "specificity") & (rows["unit"] == "log_odds") & (rows["ci_method"] == "t")
    wanted &= (conditions["scorer"] == "choice") & (conditions["questions"] == "held_out")
    found = rows[wanted]
    found = found.assign(arm=found["conditions"].str["arm"])
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
    rows = tables["filter_audit"]
    ruled = rows[rows["rule"].notna()]
    joined = ruled.merge(tables["subjects"], left_on="subject", right_on="subject_id")
    return joined.groupby(["model", "trait", "rule"], dropna=False).size().reset_index()


def answers(tables: dict[str, Any]) -> Any:
    sampled = tables["answers"][tables["answers"]["kind"] == "sampled"]
    students = tables["subjects"][tables["subjects"]["kind"] == "student"]
    joined = sampled.merge(students, left_on="subject", right_on="subject_id")
    counted = joined.groupby(["subject", "prompt", "answer"]).size().reset_index(name="times")
    return counted.sort_values("times", ascending=False).head(20)[["times"]]


def texts(tables: dict[str, Any]) -> Any:
    teachers = tables["subjects"].query("kind == 'teacher'")[["subject_id", "trait"]]
    joined = tables["replies"].merge(teachers, left_on="subject", right_on="subject_id")
    return joined[["prompt", "reply", "temperature", "seed", "trait"]].head(10)


def verdicts(tables: dict[str, Any]) -> Any:
    cited = tables["claims"][["claim_id", "cited"]].drop_duplicates()
    joined = tables["verdicts"].merge(cited, on="claim_id")
    joined["waiting"] = joined["outcome"].isna()
    columns = ["cited", "claim_id", "fidelity", "outcome", "verdict", "subject", "estimate", "lo", "hi"]
    return joined.sort_values(["waiting", "claim_id", "subject"])[[*columns, "reason"]]


ASKED = [specificity, checks, dropped, answers, verdicts, scorers, texts]
SCALES = [1 if function is verdicts else SMALLER for function in ASKED]


def pandas(folder: Path) -> dict[str, Any]:
    """Read JSON lines with pandas and answer what the queries ask, once each."""
    from pandas import read_json

    tables, read = {}, {}
    for name in TABLES:
        start = time.perf_counter()
        tables[name] = read_json(folder / f"{name}.jsonl", lines=True, dtype=False)
        read[name] = time.perf_counter() - start
    seconds, rows = [], []
    for function in ASKED:
        start = time.perf_counter()
        answer = function(tables)
        seconds.append(time.perf_counter() - start)
        rows.append(answer.astype(object).where(answer.notna(), None).to_numpy().tolist())
    return {"read": read, "seconds": seconds, "rows": rows}


STEPS = {step.__name__: step for step in (make, build, export, ask, pandas)}


def run(step: str, folder: Path) -> dict[str, Any]:
    """Run a step as a process; return what it returns, its `peak` MiB, its `processor` seconds."""
    command = [sys.executable, __file__, "--step", step, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the step {step} failed")
    returned = json.loads(said) or {}
    return returned | {"peak": usage.ru_maxrss / 1024, "processor": usage.ru_utime + usage.ru_stime}


def essence(place: int, rows: list[list[Any]]) -> Any:
    """Return what must be equal of an answer: without order, and of what LIMIT takes at will the rest."""
    if ASKED[place] is texts:
        return len(rows)
    if ASKED[place] is answers:
        return [row[-1] for row in rows]
    rounded = [[f"{value:.9g}" if isinstance(value, float) else str(value) for value in row] for row in rows]
    return sorted(rounded)


def compare(folder: Path, rows: int) -> None:
    large, small = folder / str(rows), folder / str(rows // SMALLER)
    load = os.getloadavg()[0]
    run("make", large)
    run("make", small)
    size = sum(path.stat().st_size for path in large.iterdir())
    built = run("build", large)
    asked = run("ask", large)
    run("build", small)
    run("export", small)
    by_store, by_pandas = run("ask", small), run("pandas", small)
    for place, query in enumerate(QUERIES):
        if essence(place, by_store["rows"][place]) != essence(place, by_pandas["rows"][place]):
            sys.exit(f"store and pandas answer differently:\n{query}")

    print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    print("rows: " + ", ".join(f"{name} {count:,}" for name, count in built["rows"].items()))
    print(f"Parquet {size / 1e6:,.0f} MB, store {(large / 'store.duckdb').stat().st_size / 1e6:,.0f} MB")
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in built["parts"].items())
    print(f"build {built['seconds']:.1f} s ({parts}), of the processor {built['processor']:.1f} s;", end="")
    print(f" peak {built['peak']:,.0f} MiB\n")
    medians, used = ([statistics.median(times) for times in asked[name]] for name in ("seconds", "used"))
    scaled = [seconds * scale for seconds, scale in zip(by_pandas["seconds"], SCALES, strict=True)]
    print(f"{'ms':12} {'rows':>7} {'store':>7} {'first':>7} {'processor':>10} {'pandas, scaled':>15}")
    for function, answer, times, *milliseconds in zip(
        ASKED, asked["rows"], asked["seconds"], medians, used, scaled, strict=True
    ):
        store, processor, slow = (1000 * value for value in milliseconds)
        print(f"{function.__name__:12} {len(answer):7,} {store:7.0f} {1000 * times[0]:7.0f}", end="")
        print(f" {processor:10.0f} {slow:15,.0f}")
    read = sum(seconds * TABLES[name] for name, seconds in by_pandas["read"].items())
    theirs, ours = read + sum(scaled), asked["opened"] + sum(medians)
    print(f"\npandas on {rows // SMALLER:,} replies, from JSON lines, scaled by rows ({SMALLER}x):")
    print(
        f"reads {read:,.0f} s and asks {sum(scaled):,.0f} s; peak, not scaled, {by_pandas['peak']:,.0f} MiB"
    )
    print(f"to read and ask, against opening and asking the store: {ours:7.2f} s {theirs / ours:8,.0f}x")
    whole = ours + built["seconds"]
    print(f"the same against building it, opening and asking:      {whole:7.2f} s {theirs / whole:8,.1f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS, help="replies of the large study")
    parser.add_argument("--step", nargs=2, help="be one of the processes that are measured")
    given = parser.parse_args()
    if given.step:
        step, folder = given.step
        print(json.dumps(STEPS[step](Path(folder))))
        return
    if len(QUERIES) != len(ASKED):
        sys.exit(f"README.md and docs/store.md have {len(QUERIES)} queries, and pandas knows {len(ASKED)}")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.rows)


if __name__ == "__main__":
    main()
