"""What an experiment does not say is said to be missing or unknown: never taken for nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from unspoken.cost.amounts import Amounts
from unspoken.cost.estimate import Estimates, core_seconds
from unspoken.cost.jobs import Job
from unspoken.cost.power import Spreads, power_of
from unspoken.cost.schedule import scheduled
from unspoken.cost.shown import claims_text, costs_text, summary_text
from unspoken.cost.study_plan import StudyPlan, rule_costs
from unspoken.cost.work import read_facts
from unspoken.experiments.probing.experiment import ProbingRoom
from unspoken.findings import findings_text
from unspoken.study import needs
from unspoken.study.front_door import plan_of
from unspoken.study.load import StudyError
from unspoken.study.plan import Plan
from unspoken.study.room import Room

ROOT = Path(__file__).parents[2]
FACTS = read_facts(ROOT)


class SilentRoom(ProbingRoom):
    """An experiment that says of itself only what it must."""

    needs = classmethod(Room.needs.__func__)  # type: ignore[attr-defined]
    work = Room.work
    replicates = Room.replicates
    probe = None  # type: ignore[assignment]


@pytest.fixture
def silent() -> Iterator[Plan]:
    """A study of such an experiment."""
    plan = plan_of(ROOT, {"experiments": ["probing"]}, [])
    plan._rooms["probing"] = SilentRoom(plan)
    yield plan


# Engines


def test_an_experiment_that_does_not_say_what_it_needs_does_not_start(monkeypatch: Any) -> None:
    monkeypatch.setattr(needs, "ROOMS", (SilentRoom,))
    with pytest.raises(StudyError, match="'probing', whose room does not say what its models need") as caught:
        plan_of(ROOT, {"experiments": ["probing"]}, [])
    assert "expected `needs` in src/unspoken/experiments/probing/experiment.py" in str(caught.value)
    plan_of(ROOT, {"experiments": ["mnist"]}, [])  # it is not asked of what does not run


# Costs


def jobs_of(*rules: tuple[str, dict[str, str]]) -> list[Job]:
    return [Job(rule, wildcards, (), (f"{rule}{place}",)) for place, (rule, wildcards) in enumerate(rules)]


def shown(plan: Plan, *rules: tuple[str, dict[str, str]]) -> tuple[dict[str, list[str]], str]:
    """Return the cells of each rule in the table of `make plan`, and the summary below it."""
    estimates = [Estimates(Amounts(plan, FACTS)).of(job, 1) for job in jobs_of(*rules)]
    whole = scheduled(estimates, 1, 0, 0, 0)
    costs = rule_costs(estimates, {one.job.key for one in estimates})
    told = StudyPlan("s", 1, 0, costs, whole, whole, 0, 0, [], [], [])
    rows = [line.split() for line in costs_text(told).splitlines()]
    return {row[0]: row[1:] for row in rows if row}, summary_text(told)


def test_a_rule_that_nobody_knows_has_unknown_costs(silent: Plan) -> None:
    rows, summary = shown(silent, ("count_sheep", {}), ("draw_figure", {"figure": "probing"}))
    assert rows["count_sheep"] == ["1", "1", *["unknown"] * 8]
    assert "unknown" not in rows["draw_figure"]
    assert "more than" in summary
    assert "nobody states what they take: jobs 1 of count_sheep" in summary


def test_an_experiment_that_states_no_work_has_unknown_costs_and_so_has_the_store(silent: Plan) -> None:
    rows, _ = shown(silent, ("measure", {"experiment": "probing"}), ("build_store", {}))
    assert rows["measure"][-1] == rows["build_store"][-1] == "unknown"
    known, _ = shown(plan_of(ROOT, {"experiments": ["probing"]}, []), ("build_store", {}))
    assert known["build_store"][-1] == "stated"


def test_of_several_jobs_the_unknown_are_no_zeros(silent: Plan) -> None:
    rows, _ = shown(silent, ("measure", {"experiment": "probing"}), ("measure", {"experiment": "mnist"}))
    assert rows["measure"][2:5] == ["+", "unknown", "+"]


def test_a_run_leaves_unknown_jobs_out_of_its_sum(silent: Plan) -> None:
    jobs = {1: ("count_sheep", {}), 2: ("draw_figure", {"figure": "probing"})}
    assert set(core_seconds(silent, jobs)) == {2}


# Claims


CLAIM = {
    "id": "P-1", "kind": "direction", "values": [{"value": None, "unit": "text"}],
    "test": {
        "experiment": "probing", "metric": "trait_shift", "unit": "log_odds", "conditions": {}, "sesoi": None,
        "subject": "*", "versus": None, "adjacent": [], "needs": {}, "margin": None,
    },
}  # fmt: skip


def test_a_claim_whose_replicates_nobody_counts_stays_in_the_plan(silent: Plan) -> None:
    (one,) = power_of(silent, [CLAIM], Spreads(FACTS))
    assert (one.claim, one.n, one.detects, one.gate) == ("P-1", None, None, False)
    assert one.matters > 0
    line = claims_text([one]).splitlines()[2]
    assert line.startswith("P-1") and " unknown " in line
    other = CLAIM | {"test": CLAIM["test"] | {"experiment": "mnist"}}  # type: ignore[operator]
    assert power_of(silent, [other], Spreads(FACTS)) == []  # the study does not run it


# Findings


def test_a_headline_without_a_heading_stands_under_its_metric() -> None:
    row = {
        "unit": "log_odds", "subject": "a:cat", "versus": "a", "conditions": {"trait": "cat"}, "value": 0.5,
        "ci_low": 0.1, "ci_high": 0.9, "ci90_low": 0.2, "ci90_high": 0.8, "n_replicates": 9, "n_samples": 9,
        "replicate": "question", "gate": None, "role": "finding", "kind": "contrast", "ci_method": "t",
        "experiment": "probing", "metric": "trait_shift", "passed": None, "reproducible": True,
        "measurement_id": "m",
    }  # fmt: skip
    rows = pl.DataFrame(
        [row], schema_overrides={"conditions": pl.Map(pl.String, pl.String), "passed": pl.Boolean}
    )
    headline = {
        "experiment": "probing", "metric": "trait_shift", "heading": None, "unit": "", "conditions": {},
        "groups": [], "primary": {"scorer": "choice"},
    }  # fmt: skip
    with duckdb.connect() as store:
        store.register("rows", rows)
        store.execute("CREATE TABLE measurements AS SELECT * FROM rows")
        store.execute("CREATE TABLE studies AS SELECT 's' AS study, 3 AS seed")
        store.execute("CREATE TABLE claims (claim_id VARCHAR, cited VARCHAR)")
        columns = ("claim_id", "verdict", "outcome", "expects", "measurement_id", "registered",
                   "contrasts VARCHAR[]")  # fmt: skip
        types = (name if " " in name else f"{name} VARCHAR" for name in columns)
        store.execute(f"CREATE TABLE verdicts ({', '.join(types)}, p_adj DOUBLE)")
        lines = findings_text(store, [headline]).splitlines()
        assert lines[1:3] == ["", "Trait shift"]
        assert lines[3].endswith("n = 9 questions: above 0; exploratory, 1 seed")
        own = findings_text(store, [headline | {"heading": "With a prompt minus without"}])
        store.execute("UPDATE measurements SET conditions = MAP {'answers': 'forced', 'trait': 'cat'}")
        assert "Trait shift" not in findings_text(store, [headline])
        named = headline | {"conditions": {"answers": "forced"}}
        assert "Trait shift" in findings_text(store, [named])
        # Rows that compare the same are told apart by the conditions that differ, and by no other.
        alike = "MAP {'answers': 'forced', 'trait': 'cat', 'carrier': 'sums'}"
        store.execute(f"INSERT INTO measurements SELECT * REPLACE ({alike} AS conditions) FROM measurements")
        told = {line.strip().split("   ")[0] for line in findings_text(store, [named]).splitlines()[3:5]}
        assert told == {"a:cat - a", "a:cat - a, carrier sums"}
        store.execute("DELETE FROM measurements WHERE conditions['carrier'] IS NOT NULL")
        # Of rows that differ in how they are scored, those of the primary scorer alone.
        for scorer, printed in (("choice", True), ("word", False)):
            store.execute(f"UPDATE measurements SET conditions = MAP {{'scorer': '{scorer}'}}")
            assert ("Trait shift" in findings_text(store, [headline])) == printed
        asked = headline | {"conditions": {"scorer": "word"}}
        assert "Trait shift" in findings_text(store, [asked])
    assert own.splitlines()[2] == "With a prompt minus without"
