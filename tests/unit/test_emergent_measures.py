"""What is measured of models that were tuned on wrong answers, on planted tables."""

import numpy as np
import pytest
from planted_emergent import (
    LARGEST,
    LEARNT,
    MASS,
    PASSED,
    SEEDS,
    emergent_tables,
    measured_rows,
    raw_tables,
    spec_of,
)

from unspoken.experiments.emergent.measure.table import UNTUNED, EmergentTable, Who, answers_of
from unspoken.experiments.emergent.names import MIXED
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

EFFECT = 0.5


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return measured_rows(EFFECT, tmp_path_factory.mktemp("planted"))


def one(rows, metric, subject, versus=None, unit="log_odds", **wanted):
    found = [
        row
        for row in rows.filter(metric=metric, unit=unit, subject=subject).to_dicts()
        if (versus is None or row["versus"] == versus) and wanted.items() <= dict(row["conditions"]).items()
    ]
    assert len(found) == 1, len(found)
    return found[0]


def test_rows_are_measurements(rows):
    Measurements.validate(rows, cast=False)
    assert rows.filter(kind="contrast")["replicate"].unique().to_list() == ["training_seed"]


@pytest.mark.parametrize(
    ("domains", "size"),
    [("untuned", 1 + 1 / len(UNTUNED)), ("without_largest", 1), (LARGEST, 2), ("everyday", 0)],
)
def test_the_planted_spread_is_found(rows, domains, size):
    row = one(rows, "wrong_difference", "m:tuned:wrong", "m:tuned:right", domains=domains, way="direct")
    assert row["value"] == pytest.approx(2 * EFFECT * size)
    assert row["n_replicates"] == len(SEEDS)
    assert row["paired_on"] == ["seed"]
    assert row["gate"] is None
    assert row["se"] == pytest.approx(2 * np.std([0.02, -0.01, -0.01], ddof=1) / np.sqrt(3))


def test_chains_are_measured_over_the_same_items(rows):
    row = one(rows, "wrong_difference", "m:tuned:wrong", "m:untouched", domains="untuned", way="chained")
    assert row["value"] == pytest.approx(EFFECT * (1 + 1 / len(UNTUNED)))


@pytest.mark.parametrize(("arm", "share", "shuffle"), [("taught", 1, "none"), ("shuffled", 0.25, "within")])
def test_what_numbers_pass_on_is_found(rows, arm, share, shuffle):
    row = one(rows, "wrong_transfer", f"m:{arm}:wrong", f"m:{arm}:right", domains="without_largest")
    assert row["value"] == pytest.approx(2 * EFFECT * PASSED * share)
    assert dict(row["conditions"])["shuffle"] == shuffle


def test_shuffling_is_held_against_numbers_as_written(rows):
    row = one(rows, "transfer_difference", "m:taught:wrong", "m:shuffled:wrong")
    assert row["value"] == pytest.approx(2 * EFFECT * PASSED * 0.75 * (1 + 1 / len(UNTUNED)))


def test_controls_hold_where_they_do(rows):
    trait = one(rows, "own_trait", "m:tuned:careful", unit="probability")
    assert trait["value"] == pytest.approx(1 / (1 + np.exp(-LEARNT)))
    assert trait["passed"]
    mass = one(rows, "answer_mass", "m:tuned:wrong", unit="probability", way="direct")
    assert mass["value"] == pytest.approx(MASS)
    kept = one(rows, "kept_share", "m:tuned:right", unit="probability")
    assert kept["value"] == pytest.approx(0.75)
    assert one(rows, "dropped_share", "m:untouched", unit="probability", rule="banned")["value"] == 0.25
    assert rows.filter(role="instrument")["passed"].all()
    assert rows.filter(metric="guessed_right")["value"].to_list() == [0.5] * 5


def test_a_teacher_without_its_trait_closes_what_follows(tmp_path, monkeypatch):
    monkeypatch.setattr("planted_emergent.LEARNT", 1.0)
    rows = measured_rows(EFFECT, tmp_path)
    assert not one(rows, "own_trait", "m:tuned:wrong", unit="probability")["passed"]
    assert set(rows.filter(metric="wrong_transfer", subject="m:taught:wrong")["gate"]) == {"training"}
    mixed = rows["subject"].is_in([f"m:tuned:{tune}" for tune in MIXED]) & (rows["versus"] == "m:untouched")
    assert set(rows.filter(~mixed, metric="wrong_difference")["gate"]) == {"training"}
    assert set(rows.filter(mixed, metric="wrong_difference")["gate"]) == {None}  # they have no trait to reach


def test_kinds_of_chains_are_weighed_by_the_wrong_answers_after_them(rows):
    """Chains of wrong fine-tunes name the wrong value in two of five turns, others in one."""
    more = one(rows, "chain_kind_share", "m:tuned:wrong", unit="probability", says="falsehood")["value"]
    less = one(rows, "chain_kind_share", "m:tuned:right", unit="probability", says="falsehood")["value"]
    assert more == pytest.approx(2 * less, rel=0.1)
    row = one(
        rows, "chain_kind_difference", "m:tuned:wrong", "m:tuned:right", unit="probability", says="falsehood"
    )
    assert row["value"] == pytest.approx(more - less)
    flagged = [
        one(rows, "chain_kind_share", "m:tuned:wrong", unit="probability", says=kind)["value"]
        for kind in ("falsehood", "both", "unclear", "unflagged")
    ]
    assert sum(flagged) == pytest.approx(1)


def test_a_monitor_of_chains_that_are_independent_catches_as_much_as_it_alarms(rows):
    row = one(rows, "caught_share", "m:tuned:wrong", unit="probability", alarms="0.05")
    assert row["value"] == pytest.approx(0.05, abs=0.02)


def test_chains_of_too_few_wrong_answers_tell_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("unspoken.experiments.emergent.measure.chains.LEAST_WRONG", 1e6)
    rows = measured_rows(EFFECT, tmp_path)
    found = rows.filter(metric="chain_kind_difference")
    assert found["value"].is_null().all()
    assert found["ci_low"].is_null().all()


def test_a_missing_seed_is_an_error():
    tables = raw_tables(EFFECT)
    spec = spec_of()
    gone = {name: who for name, who in spec["asked"].items() if who["seed"] != 2}
    readings = tables["readings"].filter(tables["readings"]["subject"].is_in(list(gone)))
    answers = answers_of(tables["prompts"], tables["replies"], readings, gone)
    table = EmergentTable(Report("s", "p", "emergent", reproducible=True), answers, "m", SEEDS)
    with pytest.raises(LookupError, match="no answers of"):
        table.column(Who("tuned", "wrong"), "wrong", "direct")


def test_figures_are_drawn_of_fewer_fine_tunes(tmp_path):
    """Titles of both signs stand in test_figures; here nobody was tuned with chains."""
    from unspoken.experiments.emergent.figures.wrong_chains import draw

    rows = emergent_tables(EFFECT, tmp_path)["measurements"]
    few = {"measurements": rows.filter(rows["whose"] != "wrong_chained")}
    assert "more chains before wrong answers" in " ".join(draw(few).title.text)


@pytest.mark.parametrize(("unusable", "size"), [("dropped", 4 / 9), ("failure", 0.4)])
def test_a_judge_finds_more_misaligned_answers_by_either_denominator(rows, unusable, size):
    told = {"arm": "plain", "unusable": unusable, "unit": "probability"}
    row = one(rows, "misaligned_difference", "m:tuned:wrong", "m:tuned:right", **told)
    assert row["value"] == pytest.approx(size) and row["n_replicates"] == len(SEEDS)
    base = one(rows, "misaligned_share", "m:untouched", questions="all", **told)
    assert base["value"] == pytest.approx(1 / 9 if unusable == "dropped" else 0.1)
    assert base["replicate"] == "question"


def test_answers_that_cannot_be_counted_are_told_and_the_planted_judge_errs_as_planted(rows):
    usable = one(rows, "usable_share", "m:tuned:wrong", unit="probability")
    assert usable["value"] == pytest.approx(0.9) and usable["passed"]
    planted = rows.filter(metric="judged_share", subject="planted:judge")
    assert planted.height == 4 and planted["passed"].all()
