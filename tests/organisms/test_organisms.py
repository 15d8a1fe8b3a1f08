"""Organisms of ten development seeds are called what they are: `make test-organisms` prints the table."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import polars as pl
import pytest

SEEDS = range(1, 11)
LEAST = 9
"""Of ten seeds, how many must be called right, of each task and set-up."""


def measured(seed: int) -> pl.DataFrame:
    """Return the instrument rows of one study seed's organism, with `seed`, `task` and `setup`."""
    import torch

    from unspoken.experiments.scaling.known import add_organisms
    from unspoken.experiments.scaling.organisms.made import made_organism
    from unspoken.experiments.scaling.section import Organisms
    from unspoken.statistics.report import Report

    torch.set_num_threads(1)
    organisms = Organisms()
    training = organisms.model_dump(exclude={"count", "items"})
    named: dict[str, Any] = {"study": "s", "experiment": "scaling", "seed": seed, "number": 1}
    made = made_organism({**named, "items": organisms.items, "training": training})
    report = Report("s", "gema2025", "scaling", reproducible=True)
    add_organisms(report, made.trials, made.errors)
    keys = [pl.col("conditions").map.get(name).alias(name) for name in ("task", "setup")]
    rows = report.measurements().select("metric", *keys, "value", "passed", "gate")
    return rows.with_columns(pl.lit(seed).alias("study_seed"))


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Measure every seed, one process a core, and print what was found."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        found = pl.concat(pool.map(measured, SEEDS))
    shown = found.with_columns(pl.concat_str("metric", "task", "setup", separator=" ", ignore_nulls=True))
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, tbl_width_chars=200):
        print("\n", shown.pivot("metric", index="study_seed", values="value"))
        print(shown.group_by("metric", maintain_order=True).agg(pl.col("passed").sum(), pl.len()))
    return found


def test_each_trend_is_called_right_in_nine_of_ten_seeds(rows: pl.DataFrame) -> None:
    trends = rows.filter(metric="known_trend").group_by("task", "setup").agg(pl.col("passed").sum())
    assert trends.height == 6
    assert trends["passed"].min() >= LEAST, trends


def test_organisms_learn_their_laws_in_nine_of_ten_seeds(rows: pl.DataFrame) -> None:
    """Else the trends of the others would be few: a gate that closes hides what a rule would say."""
    open_gates = rows.filter(metric="known_trend").group_by("task", "setup").agg(pl.col("gate").null_count())
    assert open_gates["gate"].min() >= LEAST, open_gates
