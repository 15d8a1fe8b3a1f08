"""One study of one organism under two engines, in which everything is generated and asked twice.

The model `here` is answered by transformers, the model `served` by a server: the same files. Prompted
teachers of both write numbers, these are filtered, and students of `here` learn from either; then all
are probed, and measured into one store.
"""

import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from flow import ROOT

from unspoken.models.manifest import write_manifest
from unspoken.store import open_store

RESULTS = Path("results/studies/twice")
STORE, OVERLAY = RESULTS / "unspoken.duckdb", "twice.yaml"
NUMBERS = RESULTS / "subliminal/served/teachers/1-of-1/replies.parquet"
NUMBERS_LOG = RESULTS / "logs/generate_replies/subliminal/served/teachers/1-of-1.log"
TEACHERS, COMPLETIONS = ("owl",), 1600
SAMPLES = 82
"""Answers of a subject to each of 50 questions: with two subjects 8,200, see `distance_bound`."""


def write_study(model: dict[str, Any], files: Path, engine: dict[str, Any], directory: Path) -> Path:
    """Write the study and the files of its two models into a directory; return the overlay.

    `model` is an organism's section of a study, `files` its folder, `engine` what serves it.
    """
    section = {"kind": "organism", **model}
    for name in ("here", "served"):
        folder = directory / "results/models" / name
        shutil.copytree(files, folder)
        write_manifest(folder / "model.json", name, section, revision="test", synthetic=True)
    study = {
        "study": "twice",
        "experiments": ["subliminal"],
        "traits": list(TEACHERS),
        "models": {"here": section, "served": section | {"engine": engine}},
        "subliminal": {
            "models": ["served", "here"],
            "teacher": {"method": "prompted", "training": None},
            "numbers": {"completions": COMPLETIONS},
            "rows": 64,
            "student": {"epochs": 1},
            "probe": {
                "samples": SAMPLES, "samples_after_numbers": 0, "max_tokens": 1, "carrier_rows": 2,
            },
            "arms": [
                {"name": "here", "objective": "tokens", "models": ["here"]},
                {"name": "served", "objective": "tokens", "models": ["here"], "initialisation": "ring"},
            ],
        },
    }  # fmt: skip
    overlay = directory / OVERLAY
    overlay.write_text(json.dumps(study))
    return overlay


def rows_kept(directory: Path) -> int:
    """Return how many completions of the server are in the completion cache."""
    about = (directory / "results/cache/completions").glob("*/about.json")
    folders = [path.parent for path in about if json.loads(path.read_text())["engine"] == "endpoint"]
    return sum(pl.read_parquet(shard).height for one in folders for shard in one.glob("[!.]*.parquet"))


def interrupted(overlay: Path, interrupt: Callable[[], None]) -> str:
    """Let the server's teachers write numbers, interrupt them at the first rows, return what is said."""
    directory = overlay.parent
    command = [sys.executable, "-m", "snakemake", NUMBERS, "--cores", "1", "--directory", directory]
    with (directory / "said").open("wb") as said:
        run = subprocess.Popen([*command, "--configfile", overlay], cwd=ROOT, stdout=said, stderr=said)
    while not rows_kept(directory):
        assert run.poll() is None, (directory / "said").read_text()
        time.sleep(0.01)
    interrupt()
    assert run.wait(timeout=300) == 1
    return (directory / "said").read_text()


def files_with(text: str, directory: Path) -> list[Path]:
    """Return the files below a directory that hold a text."""
    return [path for path in directory.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def answers_of_both(directory: Path) -> pl.DataFrame:
    """Return all answers of the base and of prompted teachers: `model` says by which engine.

    `teacher` is the trait, or `base`.
    """
    with open_store(directory / STORE) as store:
        return store.sql(
            "SELECT a.*, s.model, coalesce(s.trait, 'base') AS teacher "
            "FROM answers a JOIN subjects s ON a.subject = s.subject_id WHERE s.kind IN ('base', 'prompted')"
        ).pl()


def furthest_choices(answers: pl.DataFrame) -> float:
    """Return the largest difference of a choice's log-probability between the engines, in nats."""
    key = ["teacher", "prompt_id", "answer"]
    choices = answers.filter(kind="choice")
    pairs = choices.filter(model="here").join(choices.filter(model="served"), on=key, validate="1:1")
    assert pairs.height == choices.height / 2 > 0
    return float((pairs["logprob"] - pairs["logprob_right"]).abs().max())


def distance_bound(answers: pl.DataFrame) -> tuple[float, int, int]:
    """Return a bound on how far the server's draws are from the exact law, the draws, and those needed.

    The law of (teacher, word), all other answers as one word, is the mean of the exact probabilities
    over questions. Let T be half the sum of |share - p| over n draws. One draw changes T by at most
    1/n and T is convex, so with McDiarmid's inequality the distance of the server's own law is at most
    T + sqrt(ln(20) / 2n), but for a chance of 0.05. If that law is p, T is at most its mean plus the
    same again, but for the same chance, and its mean at most half the sum of sqrt(p (1-p) / n): so
    n draws are enough to show a bound of 0.05 with power 0.95.
    """
    law = (
        answers.filter(kind="choice", model="here")
        .group_by("teacher", "answer")
        .agg(p=pl.col("logprob").exp().mean() / answers["teacher"].n_unique())
    )
    rest = law.group_by("teacher").agg(p=1 / answers["teacher"].n_unique() - pl.col("p").sum())
    law = pl.concat([law, rest.with_columns(answer=pl.lit("other"))], how="diagonal")
    drawn = answers.filter(kind="sampled", model="served").with_columns(
        answer=pl.when(pl.col("answer").is_in(law["answer"].implode()))
        .then(pl.col("answer"))
        .otherwise(pl.lit("other"))
    )
    shares = drawn.group_by("teacher", "answer").agg(share=pl.len() / drawn.height)
    both = law.join(shares, on=["teacher", "answer"], how="left").fill_null(0.0)
    distance = float((both["share"] - both["p"]).abs().sum()) / 2
    mean = sum(math.sqrt(max(p * (1 - p), 0)) for p in both["p"]) / 2
    needed = math.ceil(((mean + math.sqrt(2 * math.log(20))) / 0.05) ** 2)
    return distance + math.sqrt(math.log(20) / (2 * drawn.height)), drawn.height, needed


def kept_shares(directory: Path) -> dict[str, float]:
    """Return the share of number completions that pass the filter, by model."""
    with open_store(directory / STORE) as store:
        return dict(
            store.sql(
                "SELECT s.model, avg((f.rule IS NULL)::INTEGER) FROM filter_audit f "
                "JOIN subjects s ON f.subject = s.subject_id GROUP BY ALL"
            ).fetchall()
        )
