"""Every job of every shipped study is what it was before experiments moved to rooms, but for one table.

The jobs before (golden/jobs.jsonl.xz) have no digests of code. A study or text that is edited on purpose
makes some of them outdated: then their rows are edited there, or this test has done its work and goes. Jobs
of rooms that came later have `since`, the room: they are as when they came, and the table is not theirs.
"""

import json
import lzma
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flow import ROOT
from golden_table import FILES, PARAMS, PATHS, RULES

BEFORE = Path(__file__).with_name("golden") / "jobs.jsonl.xz"
STUDIES = ["paper", "default", "paper_shape", "test", "laptop", "laptop_faithfulness"]
CODE = {"code", "drawn"}
TEXTS = {"measured", "rendered", "wordings", "texts"}
"""Digests of code and texts that jobs of later rooms have beside."""
Job = dict[str, Any]


@pytest.fixture(scope="module")
def before() -> dict[str, list[Job]]:
    jobs = [json.loads(line) for line in lzma.decompress(BEFORE.read_bytes()).splitlines()]
    return {study: [job for job in jobs if job["study"] == study] for study in STUDIES}


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Job]]:
    folder = tmp_path_factory.mktemp("jobs")
    command = [sys.executable, Path(__file__).with_name("dump_jobs.py"), folder, ROOT, *STUDIES]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    lines = {study: (folder / f"{study}.jsonl").read_text().splitlines() for study in STUDIES}
    return {study: [json.loads(line) for line in found] for study, found in lines.items()}


USED: Counter[Any] = Counter()
"""Rows of the table that some job needed."""


def place_of(job: Job) -> str:
    return next(iter(job["outputs"]), job["rule"])


def place_now(job: Job) -> str:
    return place_of(job) if "since" in job else new_path(place_of(job))


def new_path(path: str) -> str:
    for pattern, replacement, _ in PATHS:
        path, changed = re.subn(pattern, replacement, path)
        USED[pattern] += changed
    return path


def without_code(params: dict[str, Any] | None) -> dict[str, Any]:
    kept = {key: value for key, value in (params or {}).items() if key not in CODE}
    if isinstance(kept.get("engine"), dict):
        kept["engine"] = {key: value for key, value in kept["engine"].items() if key != "code"}
    return kept


def different_files(rule: str, kind: str, old: list[str], new: list[str]) -> list[str]:
    """Return what differs in the inputs or outputs of a job, in words."""
    expected = {new_path(path) for path in old}
    said = [f"{kind}: {path} is gone" for path in sorted(expected - set(new))]
    for path in sorted(set(new) - expected):
        rows = [
            row
            for row in FILES
            if rule in row.rules.split() and row.kind == kind and re.search(row.pattern, path)
        ]
        USED.update(rows)
        said += [] if rows else [f"{kind}: {path} is new"]
    return said


def different_params(rule: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what differs in the params of a job, in words."""
    expected, rows = dict(old), [row for row in PARAMS if rule in row.rules.split()]
    for row in rows:
        for key in row.replaces:
            USED[row] += expected.pop(key, None) is not None
    for row in rows:
        if row.key is not None and row.key in new:
            value = row.value(old) if callable(row.value) else row.value
            USED[row] += row.key not in expected or expected[row.key] != value
            expected[row.key] = value
    keys = sorted(key for key in {*expected, *new} if expected.get(key, USED) != new.get(key, USED))
    return [f"params: {key} was {expected.get(key)!r}, is {new.get(key)!r}" for key in keys]


def later_differences(old: Job, new: Job) -> list[str]:
    """Return what differs in a job of a room that came later, in words."""
    keys = ("rule", "inputs", "outputs", "params", "threads")
    now = new | {"params": kept_of_later(new["params"])}
    return [
        f"{old['rule']} of {place_of(old)}: {key} was {old[key]!r}, is {now[key]!r}"
        for key in keys
        if old[key] != now[key]
    ]


def kept_of_later(params: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in without_code(params).items() if key not in TEXTS}


def differences(old: Job, new: Job) -> list[str]:
    """Return what differs in a job, in words."""
    if "since" in old:
        return later_differences(old, new)
    rule = RULES.get(old["rule"], (old["rule"],))[0]
    said = [] if new["rule"] == rule else [f"rule: {new['rule']} in place of {rule}"]
    for kind in ("inputs", "outputs"):
        said += different_files(rule, kind, old[kind], new[kind])
    said += different_params(rule, without_code(old["params"]), without_code(new["params"]))
    if old["threads"] != new["threads"]:
        said.append(f"threads: {old['threads']}, now {new['threads']}")
    return [f"{old['rule']} of {place_of(old)}: {one}" for one in said]


@pytest.fixture(scope="module")
def found(before: dict[str, list[Job]], now: dict[str, list[Job]]) -> dict[str, list[str]]:
    """What differs in the jobs of each study, in words."""
    said: dict[str, list[str]] = {}
    for study in STUDIES:
        maker = {path: job for job in now[study] for path in job["outputs"] or [job["rule"]]}
        pairs = [(old, maker.get(place_now(old))) for old in before[study]]
        said[study] = [f"nothing makes {place_of(old)}" for old, new in pairs if new is None]
        said[study] += [one for old, new in pairs if new for one in differences(old, new)]
        said[study] += ["more jobs than before"] * (len(now[study]) > len(pairs))
        USED.update(old["rule"] for old in before[study])
    return said


@pytest.mark.parametrize("study", STUDIES)
def test_every_job_is_what_it_was(study: str, found: dict[str, list[str]]) -> None:
    assert found[study] == []


def test_every_row_of_the_table_is_needed(found: dict[str, list[str]]) -> None:
    """A row that nothing needs allows what did not happen."""
    rows = [*RULES, *(pattern for pattern, _, _ in PATHS), *FILES, *PARAMS]
    assert [row for row in rows if not USED[row]] == []


def test_no_job_writes_beside_the_model_of_another(now: dict[str, list[Job]]) -> None:
    """A manifest has every file beside it: one that another job makes anew would count as damaged."""
    for study, jobs in now.items():
        models = [(path, job) for job in jobs for path in job["outputs"] if path.endswith("/model.json")]
        makers = {Path(path).parent: job for path, job in models}
        beside = [
            path for job in jobs for path in job["outputs"] if makers.get(Path(path).parent, job) is not job
        ]
        assert makers and beside == [], study
