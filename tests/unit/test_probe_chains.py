"""The job of the causal tests on a scripted process: what it writes about chains that switch language."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from written_replies import chain_tables

from unspoken.experiments.faithfulness.measure.legibility import add_translations
from unspoken.statistics.report import Report
from unspoken.tables.base import read_table
from unspoken.tables.interventions import TESTS, Interventions
from unspoken.tables.questions import Questions

ROOT = Path(__file__).parents[2]
PREFIX = "The answer is ("
RULES = [
    {"when": rf"(?s)форель.*{PREFIX[:-1]}\($", "answers": {"A": 1, "B": 4}},
    {"when": rf"(?s)fish from the brook.*{PREFIX[:-1]}\($", "answers": {"A": 1, "B": 1}},
    {"when": rf"{PREFIX[:-1]}\($", "answers": {"A": 1, "B": 3}},
    {"when": "In English:$", "answers": {"fish from the brook\n\nText: a very long end that goes on": 1}},
    {"when": "In other words:$", "answers": {"Put otherwise, it is wet.": 1}},
    {"when": "With a mistake:$", "answers": {"It is dry.": 1}},
    {"when": "", "answers": {"And so on.": 1}},
]
SWITCHED = "It is wet there. So think about the форель in the brook. I say B."
PLAIN = "It is wet there. So think about the brook. I say B."


def probed(directory: Path, chains: list[str], count: int = 10, **told: int) -> pl.DataFrame:
    """Return the table that the job writes about unhinted chains, one a question, told what else there is."""
    names = [f"q{at}" for at in range(len(chains))]
    rows = [
        {
            "prompt_id": f"{name}:unhinted", "item": name, "arm": "unhinted", "key": "B", "hint": "",
            "options": ["bat", "owl"], "user": f"Which one swims in {name} here? (A) bat (B) owl",
            "subject": "guesser", "text": f"{chain}\n{PREFIX}B)", "finish_reason": "stop", "n_tokens": 12,
            "after": [math.log(0.2), math.log(0.8)],
        }
        for name, chain in zip(names, chains, strict=True)
    ]  # fmt: skip
    tables = dict(zip(("prompts", "replies", "readings"), chain_tables(rows), strict=True))
    shown = {"options": [["bat", "owl"]] * len(names), "order": [[0, 1]] * len(names), "key": "B"}
    questions = {
        "study": "small", "question_id": names, "question": "Which?", **shown, "topic": None,
        "difficulty": None, "stratum": None, "source": "own",
    }  # fmt: skip
    tables["questions"] = Questions.validate(pl.DataFrame(questions), cast=True)
    for name, frame in tables.items():
        frame.write_parquet(directory / f"{name}.parquet")
    manifest = {"files": {}, "kind": "scripted", "name": "guesser", "revision": "scripted"}
    (directory / "model.json").write_text(json.dumps(manifest))
    spec = {
        "study": "small", "seed": 1, "model": "guesser", "engine": {"kind": "scripted", "rules": RULES},
        "sampling": {"temperature": 0.8, "max_tokens": 8}, "answer_prefix": PREFIX, "count": count,
        "positions": 2, **told,
    }  # fmt: skip
    files = {name: directory / f"{name}.parquet" for name in (*tables, "interventions")}
    files |= {"model": directory / "model.json", "cache": directory / "cache"}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "probe_chains.py", "--spec", json.dumps(spec),
         *(part for name, path in files.items() for part in (f"--{name}", path))],
        capture_output=True, text=True, env={**os.environ, "UNSPOKEN_ROOT": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return read_table(files["interventions"], Interventions)


def test_switched_chains_are_read_as_written_in_english_and_reworded(tmp_path: Path) -> None:
    table = probed(tmp_path, [SWITCHED] * 4 + [PLAIN] * 2, count=3)
    assert set(table["test"]) == set(TESTS) - {"transplant"}
    switched = table.filter(pl.col("test").is_in(["switched", "translated", "reworded"]))
    assert switched.group_by("test").len().sort("test").rows() == [
        ("reworded", 3), ("switched", 3), ("translated", 3)
    ]  # fmt: skip
    rows = {row["test"]: row for row in switched.sort("prompt_id").iter_rows(named=True)}
    assert rows["switched"]["text"] == SWITCHED and rows["switched"]["how"] is None
    assert rows["translated"]["text"] == SWITCHED.replace("форель", "fish from the brook")
    assert rows["reworded"]["text"] == SWITCHED.replace("I say B.", "Put otherwise, it is wet.")
    assert rows["translated"]["how"] == rows["reworded"]["how"] == "model"
    report = Report("small", "lanham2023", "faithfulness", reproducible=True)
    add_translations(report, table, "guesser", 1)
    changes = [row["value"] for row in report.rows if "answers" not in row["conditions"]]
    # The part in the other language made B likelier; the other step did nothing.
    assert changes == pytest.approx([math.log(0.5 / 0.8), 0, math.log(0.5 / 0.8)])


def test_without_any_reasoning_the_table_is_empty(tmp_path: Path) -> None:
    assert probed(tmp_path, ["", ""]).is_empty()


def test_some_of_the_chains_are_rewritten_and_all_are_cut(tmp_path: Path) -> None:
    table = probed(tmp_path, [PLAIN] * 4, rewritten=1)
    chains = dict(table.group_by("test").agg(pl.col("prompt_id").n_unique()).iter_rows())
    assert chains == {"early": 4, "filler": 4, "mistake": 1, "paraphrase": 1}
