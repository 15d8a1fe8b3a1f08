"""Training on distracted notes: what it trains on, and what is measured of it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from unspoken.experiments.scaling.distracted import add_distracted, slopes
from unspoken.experiments.scaling.organisms.laws import BUDGETS
from unspoken.experiments.scaling.organisms.retrained import distracted_trials, loaded_reasoner, retrained
from unspoken.experiments.scaling.organisms.rows import CLOSE_ID, PROMPT, VOCABULARY, ZERO
from unspoken.experiments.scaling.tables import Distracted
from unspoken.models.organism import save_network, untrained_network
from unspoken.seeds import hashed_seed
from unspoken.statistics.report import Report
from unspoken.tables.base import checked
from unspoken.tables.measurements import Measurements

SIZES = {"hidden_size": 32, "mlp_size": 48, "layers": 2}
RETRAINING = {"kind": "behind", "steps": 3, "rows": 40, "learning_rate": 1e-3}


@pytest.fixture
def network(one_thread):
    return untrained_network(VOCABULARY, SIZES, hashed_seed(1, "reasoner", "weights"))


def test_rows_have_one_kind_of_distractor_and_right_lines_and_answers(network, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "unspoken.experiments.scaling.organisms.retrained.train",
        lambda parameters, shape, steps, **told: seen.extend(batch.tokens for (batch,) in steps),
    )
    retrained(*network, RETRAINING, seed=1)
    rows = torch.cat(seen).numpy()
    assert rows.shape[0] == 3 * 40
    blank = VOCABULARY.ids(["."])[0]
    assert (rows[:, 4:8] == blank).all() and (rows[:, 8] != blank).all()
    replies = rows[:, PROMPT:]
    numbers = replies >= ZERO
    assert (np.where(numbers, replies, rows[:, 3:4]) == rows[:, 3:4]).all()
    assert (replies == CLOSE_ID).sum() == 120


def test_retraining_leaves_the_organism_as_it_was(network, tmp_path):
    parameters, shape = network
    save_network(parameters, shape, VOCABULARY, SIZES, tmp_path)
    after = retrained(parameters, shape, RETRAINING, seed=1)
    again = retrained(parameters, shape, RETRAINING, seed=1)
    before, same = loaded_reasoner(tmp_path)
    assert same == shape
    assert all(torch.equal(before[name], parameters[name]) for name in before)
    assert all(torch.equal(after[name], again[name]) for name in after)
    assert not torch.equal(after["0.down"], before["0.down"])


def test_every_kind_is_asked_under_every_set_up_and_budget(network):
    asked = distracted_trials(*network, 30, np.random.default_rng(1))
    assert asked.height == 2 * (len(BUDGETS) + len(BUDGETS) - 1)
    assert set(asked["asked"]) == {30} and (asked["correct"] <= 30).all()


def planted(organisms=5):
    """Return answers that fall by 0.1 a doubling; after the training not at all, elsewhere by 0.05."""
    rows = []
    for number in range(1, organisms + 1):
        for training, kind in (("before", "a"), ("before", "b"), ("after", "a"), ("after", "b")):
            fall = {"before": 0.1, "after": {"a": 0.0, "b": 0.05}[kind]}[training] + 0.001 * number
            for budget in BUDGETS:
                rate = 0.9 - fall * np.log2(max(budget, 1))
                rows.append((number, training, kind, "asked", budget, kind == "a", round(1000 * rate), 1000))
    return checked(
        pl.DataFrame(rows, schema=Distracted.column_names(), orient="row"), Distracted, Path("distracted")
    )


def measured(distracted):
    report = Report("s", "gema2025", "scaling", reproducible=True)
    add_distracted(report, distracted)
    found = checked(report.measurements(), Measurements, Path("measurements"))
    keys = [pl.col("conditions").map.get(name).alias(name) for name in ("kind", "training")]
    return found.with_columns(*keys)


def test_slopes_are_those_that_were_planted_and_leave_budget_0_out():
    table = planted()
    odd = table.with_columns(correct=pl.when(budget=0).then(0).otherwise("correct"))
    assert slopes(odd).equals(slopes(table))
    first = slopes(table).filter(number=1)
    assert dict(first.select(pl.format("{}-{}", "training", "kind"), "slope").rows()) == {
        "before-a": pytest.approx(-0.101), "before-b": pytest.approx(-0.101),
        "after-a": pytest.approx(-0.001), "after-b": pytest.approx(-0.051),
    }  # fmt: skip


def test_the_change_of_the_trained_kind_is_a_control_and_of_the_other_a_finding():
    table = planted()
    noise = pl.col("correct") + pl.col("number") * pl.when(training="after").then(2).otherwise(0)
    found = measured(table.with_columns(correct=pl.when(budget=8).then(noise).otherwise("correct")))
    changes = found.filter(metric="distracted_slope_change").sort("kind")
    assert changes["kind"].to_list() == ["trained", "untrained"]
    assert changes["value"].to_list() == pytest.approx([0.1, 0.05], abs=0.003)
    assert changes["role"].to_list() == ["positive_control", "finding"]
    assert changes["passed"].to_list() == [True, None]
    assert set(changes["n_replicates"]) == {5} and changes["n_samples"].to_list() == [5 * 2 * 4 * 1000] * 2
    assert found.filter(metric="distracted_slope").height == 4


def test_training_that_changes_nothing_fails_its_control():
    same = planted().with_columns(
        correct=pl.col("correct").filter(training="before").first().over("number", "kind", "budget")
    )
    noise = pl.col("number").hash(seed=1) % 40
    after = pl.when(pl.col("training") == "after", pl.col("budget") == 8).then(noise).otherwise(0)
    found = measured(same.with_columns(correct=(pl.col("correct") - after.cast(pl.Int64))))
    control = found.filter(metric="distracted_slope_change", kind="trained")
    assert control["passed"].to_list() == [False]


def test_a_study_without_organisms_measures_nothing_of_them():
    report = Report("s", "gema2025", "scaling", reproducible=True)
    add_distracted(report, Distracted.create_empty())
    assert report.rows == []
