"""Trends of known truth: what is called right, what a gate closes, and reasoners that follow a script."""

import json
from pathlib import Path

import polars as pl
import pytest
from lawful_organisms import errors_of, lawful_trials

from unspoken.asking.completing import asked_in_turn
from unspoken.asking.replying import replied
from unspoken.engines.base import Sampling
from unspoken.engines.scripted import ScriptedEngine
from unspoken.experiments.scaling.items import Items, made_items
from unspoken.experiments.scaling.known import add_known_trends, add_organisms, known_of, law_gaps
from unspoken.experiments.scaling.organisms.laws import TRUTHS
from unspoken.experiments.scaling.prompts import rendered
from unspoken.experiments.scaling.tables import Trials
from unspoken.experiments.scaling.trends.baselines import baselines
from unspoken.experiments.scaling.trials import scored_replies, trials_of
from unspoken.statistics.report import Report
from unspoken.study.front_door import plan_of_files
from unspoken.subjects import base_subject
from unspoken.tables.base import checked, write_table
from unspoken.tables.measurements import Measurements

ROOT = Path(__file__).parents[2]


def measured(trials, errors):
    report = Report("s", "gema2025", "scaling", reproducible=True)
    add_organisms(report, trials, errors)
    found = checked(report.measurements(), Measurements, Path("measurements"))
    keys = [pl.col("conditions").map.get(name).alias(name) for name in ("task", "setup", "truth")]
    return found.with_columns(*keys)


@pytest.mark.parametrize("seed", range(3))
def test_organisms_that_follow_their_laws_are_called_right(seed):
    found = measured(checked(lawful_trials(seed=seed), Trials, Path("trials")), errors_of())
    assert set(found["role"]) == {"instrument"} and found["passed"].all()
    trends = found.filter(metric="known_trend")
    assert dict(trends.select("task", "truth").rows()) == TRUTHS
    signs = dict(trends.select("task", pl.col("value").sign()).rows())
    assert (signs["steps"], signs["notes"]) == (1, -1)
    assert trends["gate"].null_count() == 3 and trends["ci_low"].null_count() == 0
    assert found.filter(metric="law_gap")["value"].max() < 0.05
    assert found.filter(metric="line_error")["value"].to_list() == [0.001, 0.001]


def test_an_organism_far_from_its_law_has_no_known_trend():
    """Notes that do not drift are flat, which is not what the law says: nothing is called of them."""
    trials = lawful_trials()
    steady = pl.when(task="notes").then(1.0).otherwise("score").alias("score")
    found = measured(trials.with_columns(steady), errors_of())
    gap = found.filter(metric="law_gap", task="notes")
    assert gap["value"].item() > 0.3 and not gap["passed"].item()
    row = found.filter(metric="known_trend", task="notes").row(0, named=True)
    assert (row["gate"], row["value"], row["passed"]) == ("training", None, False)
    assert found.filter(metric="known_trend", task="steps")["passed"].item()


def test_errors_of_lines_close_the_gate_of_their_task_alone():
    found = measured(lawful_trials(), errors_of(recall=0.0031))
    assert dict(found.filter(metric="line_error").select("task", "passed").rows()) == {
        "steps": True,
        "recall": False,
    }
    gates = dict(found.filter(metric="known_trend").select("task", "gate").rows())
    assert gates == {"steps": None, "recall": "training", "notes": None}


def test_a_trend_that_is_called_wrong_fails_with_its_gate_open():
    """A hundred items are too few to call anything flat, however well the law is followed."""
    found = measured(lawful_trials(items=100, tasks=("recall",), seed=1), errors_of())
    assert found.filter(metric="law_gap")["passed"].to_list() == [True]
    trend = found.filter(metric="known_trend").row(0, named=True)
    assert (trend["passed"], trend["gate"]) == (False, None) and trend["value"] is not None


def test_the_gap_is_the_largest_over_budgets_and_asks_the_lines_that_are_there():
    trials = lawful_trials(tasks=("notes",))
    moved = pl.when(budget=4).then(0.0).otherwise("score").alias("score")
    whole, worse = (law_gaps(frame)["notes", "asked"] for frame in (trials, trials.with_columns(moved)))
    assert whole < 0.05
    assert worse == pytest.approx(trials.filter(budget=4)["score"].mean(), abs=0.05)
    # Chains that were asked for eight lines and wrote two are held against the law of two.
    short = trials.filter(pl.col("budget").is_in([1, 2]))
    renamed = short.with_columns(budget=pl.when(budget=2).then(8).otherwise("budget"))
    assert law_gaps(renamed) == law_gaps(short)


@pytest.fixture(scope="module")
def reasoners(tmp_path_factory):
    """Trials of both scripted reasoners of studies/scaling_known.yaml, and what the study says of them."""
    place = tmp_path_factory.mktemp("known")
    plan = plan_of_files(ROOT, [ROOT / "config.yaml", ROOT / "studies/scaling_known.yaml"])
    room = plan.of("scaling")
    tasks = room.section.tasks.told()
    items = made_items({"study": "s", "seed": 1, "tasks": tasks})
    write_table(items, place / "items.parquet", Items)
    prompts = rendered(room.rendered_as("all"), [place / "items.parquet"])
    told = room.generated_as("tiring")
    trials = []
    for name in room.models:
        manifest = place / f"{name}.json"
        manifest.write_text(json.dumps({"files": {}, "kind": "scripted", "name": name, "revision": "-"}))
        rules = [rule.model_dump() for rule in plan.study.models[name].rules]
        sampling = Sampling(**told["sampling"], seed=4)
        turns = asked_in_turn(ScriptedEngine(rules), [base_subject(name)], place / "cache", manifest)
        for asked in turns:
            drawn = replied(asked, prompts, sampling, told["reasoning"], 4096)
            replies = pl.concat([made for _, made in drawn])
            told_of = replies.with_columns(study=pl.lit("s"), experiment=pl.lit("scaling"))
            trials.append(trials_of(scored_replies(items, prompts, told_of)))
    return pl.concat(trials), baselines(items), room.section.known


def test_scripted_reasoners_use_the_tokens_that_they_are_made_to_use(reasoners):
    trials, _, _ = reasoners
    used = trials.group_by("subject", "setup", "budget").agg(pl.col("used").unique())
    found = {row[:3]: row[3] for row in used.rows()}
    for budget in (8, 16, 32, 64):
        assert found["tiring", "asked", budget] == found["tiring", "capped", budget] == [budget]
        assert found["deaf", "asked", budget] == [16]
        assert found["deaf", "capped", budget] == [min(budget, 16)]
    assert trials["unread"].count() == 0


@pytest.mark.parametrize("name", ["tiring", "deaf"])
def test_scripted_reasoners_are_called_what_they_are(reasoners, name):
    trials, guessed, known = reasoners
    own = trials.filter(subject=name)
    report = Report("s", "gema2025", "scaling", reproducible=True)
    add_known_trends(report, own, name, known_of(own, known[name]), guessed)
    found = checked(report.measurements(), Measurements, Path("measurements"))
    assert found.height == 2 and found["passed"].all(), found
    # Held against another truth the same trials do not pass.
    other = Report("s", "gema2025", "scaling", reproducible=True)
    add_known_trends(other, own, name, dict.fromkeys(known_of(own, known[name]), "positive"), guessed)
    assert not any(row["passed"] for row in other.rows)


def test_tiring_answers_are_as_often_right_as_the_rules_say(reasoners):
    trials, _, _ = reasoners
    rates = trials.filter(subject="tiring", setup="asked").group_by("budget").agg(pl.col("score").mean())
    found = dict(rates.rows())
    for budget, rate in {0: 0.9, 8: 0.9, 16: 0.8, 32: 0.65, 64: 0.45}.items():
        assert found[budget] == pytest.approx(rate, abs=0.07)
