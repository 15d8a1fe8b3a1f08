"""The planted tables and the power table: each rule says of them what it should."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from unspoken.experiments.scaling.planted import (
    BUDGETS,
    TABLES,
    add_planted,
    agreeing_draws,
    planted_calls,
    planted_trials,
)
from unspoken.experiments.scaling.power import FLAT_ITEMS, add_power
from unspoken.experiments.scaling.tables import Trials
from unspoken.statistics.report import Report
from unspoken.tables.base import checked
from unspoken.tables.measurements import Measurements


@pytest.mark.parametrize("name", TABLES)
def test_planted_trials_are_trials(name):
    trials = checked(planted_trials(name, 1), Trials, Path(name))
    assert trials["item"].n_unique() == TABLES[name].items
    assert set(trials["budget"]) == set(BUDGETS)


@pytest.mark.parametrize("name", TABLES)
def test_every_planted_table_is_called_what_it_is(name):
    table = TABLES[name]
    said = [planted_calls(name, seed) for seed in range(4)]
    assert Counter(one["study"] for one in said)[table.study] >= 3
    assert sum(one["paper"] in table.paper for one in said) >= 2


def test_accuracies_are_as_planted_whatever_the_correlation():
    for alike in (0.0, 0.9):
        _, uniform = agreeing_draws((20_000, 2), alike, np.random.default_rng(1))
        right = uniform < 0.7
        assert right.mean(axis=0) == pytest.approx(0.7, abs=0.015)
        agreement = (right[:, 0] == right[:, 1]).mean()
        assert (agreement > 0.85) == (alike > 0.5)


@pytest.mark.heavy
def test_instruments_of_a_study():
    report = Report("s", "p", "scaling", reproducible=True)
    add_planted(report, 1)
    add_power(report, 1)
    found = checked(report.measurements(), Measurements, Path("measurements"))
    failed = found.filter(~found["passed"]).select("metric", "conditions", "value")
    assert failed.is_empty(), failed
    flat = next(
        row["value"] for row in found.iter_rows(named=True)
        if dict(row["conditions"]).get("items") == str(FLAT_ITEMS)
        and dict(row["conditions"]).items() >= {"called": "flat", "rule": "study"}.items()
    )  # fmt: skip
    assert flat >= 0.9
