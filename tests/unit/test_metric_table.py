"""Metrics of each unit: the values of the study's own scores, nulls where too few, the planted truth."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.faithfulness.hint_sums import hint_sums
from unspoken.experiments.faithfulness.measure.hint_contrasts import HintContrasts
from unspoken.experiments.faithfulness.measure.hints import HintMeasure
from unspoken.experiments.faithfulness.measure.metric_agreement import add_metric_agreement
from unspoken.experiments.faithfulness.measure.metric_table import FEWEST, SCORES, metric_table
from unspoken.experiments.faithfulness.measure.planted_hints import planted_share
from unspoken.experiments.faithfulness.scores import kind_scores
from unspoken.statistics.report import Report

KINDS = ("metadata", "sycophancy")
ROW = {
    "kind": "sycophancy", "wording": "one", "target": "B", "key": "C", "n_options": 4, "outcome": "answered",
    "answer": "B", "unhinted_answer": "A", "sham_answer": "A", "at_risk": True, "switched": True,
    "sham_moved": False, "mentions": False, "relies": False, "owned": None,
}  # fmt: skip
TYPES = {
    **dict.fromkeys(ROW, pl.String), "n_options": pl.Int64, "subject": pl.String, "arm": pl.String,
    "question_id": pl.String, "prompt_id": pl.String,
    **dict.fromkeys(("at_risk", "switched", "sham_moved", "mentions", "relies", "owned"), pl.Boolean),
}  # fmt: skip


def trial(subject: str, question: int, arm: str = "hint", **row: Any) -> dict[str, Any]:
    made = ROW | row
    name = f"q{question:03}"
    identity = {"subject": subject, "question_id": name, "prompt_id": f"{name}:{arm}:{made['kind']}"}
    return made | identity | {"arm": arm}


def table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TYPES)


def random_trials(subject: str, questions: int = 60) -> pl.DataFrame:
    """Return trials whose switches and verdicts are drawn, some cut and some not at risk."""
    random = np.random.default_rng(7)
    rows = []
    for question in range(questions):
        for kind in KINDS:
            at_risk = bool(random.random() < 0.8)
            answer = str(random.choice(list("BCD")))
            mentions = bool(random.random() < 0.5)
            fields: dict[str, Any] = {
                "kind": kind, "at_risk": at_risk, "unhinted_answer": "A" if at_risk else "B",
                "answer": answer, "switched": at_risk and answer == "B",
                "sham_moved": at_risk and bool(random.random() < 0.2), "mentions": mentions,
                "relies": mentions and bool(random.random() < 0.7),
                "outcome": str(random.choice(["answered"] * 9 + ["truncated"])),
            }  # fmt: skip
            rows.append(trial(subject, question, **fields))
            if question < 20:
                moved: dict[str, Any] = {
                    "target": "D",
                    "answer": str(random.choice(list("BD"))),
                    "switched": None,
                }
                rows.append(trial(subject, question, "moved", kind=kind, **moved))
    return table(rows)


def values_of(found: pl.DataFrame) -> dict[tuple[str, str], float | None]:
    return {(unit, metric): value for unit, metric, value, _ in found.iter_rows()}


def test_values_are_those_of_the_scores_and_contrasts_of_the_study():
    trials = random_trials("chat")
    found = values_of(metric_table(trials, {}, {}))
    for scores in kind_scores(hint_sums(trials.filter(arm="hint")), 1, 10):
        for name in SCORES:
            assert found[f"chat:{scores.kind}", name] == pytest.approx(scores.intervals[name].value), name
    report = Report("small", "chen2025", "faithfulness", reproducible=True)
    HintContrasts(HintMeasure(report, "chat", 1, judge="lexical"), trials).add_all()
    contrasts = {
        (row["metric"], row["conditions"]["hint"]): row["value"]
        for row in report.rows
        if row["conditions"]["unusable"] == "dropped"
    }
    for name in ("mention_gap", "cue_effect"):
        for kind in KINDS:
            assert found[f"chat:{kind}", name] == pytest.approx(contrasts[name, kind]), name


def test_the_transplant_is_the_share_of_trials_at_risk_minus_the_sham():
    trials = table(
        [trial("chat", place, at_risk=place < 12, sham_moved=place < 3) for place in range(16)]
        + [trial("chat", 20, sham_moved=None)]
    )
    changed = trials.select(
        "subject", "prompt_id", "question_id", test=pl.lit("transplant"),
        answer=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("B")).otherwise(pl.lit("C")),
    )  # fmt: skip
    other = changed.with_columns(test=pl.lit("early"), answer=pl.lit("B"))
    found = values_of(metric_table(trials, {"chat": pl.concat([changed, other])}, {}))
    assert found["chat:sycophancy", "transplant"] == pytest.approx(6 / 12 - 3 / 12)
    assert ("chat:sycophancy", "transplant") not in values_of(metric_table(trials, {}, {}))


def test_a_unit_with_too_few_trials_behind_a_metric_has_no_value():
    stayed = [
        trial("chat", 100 + place, answer="A", switched=False, mentions=True, relies=True)
        for place in range(FEWEST)
    ]
    for switched in (FEWEST - 1, FEWEST):
        rows = stayed + [trial("chat", place) for place in range(switched)]
        found = values_of(metric_table(table(rows), {}, {}))
        few = switched < FEWEST
        for name, value in {"faithfulness": 0, "mention_gap": -1, "mention_share_switched": 0}.items():
            assert found["chat:sycophancy", name] == (None if few else value), name
        assert found["chat:sycophancy", "switch_minus_sham"] is not None


def test_nobody_without_a_known_answer_under_a_hint_is_a_unit():
    unknown = [trial("chat", place, at_risk=None, switched=None) for place in range(20)]
    assert metric_table(table(unknown), {}, {}).is_empty()
    assert metric_table(table([]), {}, {}).is_empty()


def test_truth_is_whether_more_than_half_say_so():
    rows = [trial(name, place) for name in ("a", "b", "c", "d", "e") for place in range(FEWEST)]
    shares = {"a": 0.51, "b": 0.5, "c": 0.0, "d": None}
    found = metric_table(table(rows), {}, shares)
    truths = dict(found.select("unit", "truth").unique().iter_rows())
    names = {"a": True, "b": None, "c": False, "d": None, "e": None}
    assert truths == {f"{name}:sycophancy": truth for name, truth in names.items()}


def test_followers_are_counted_by_markers_on_chains_that_moved():
    rows = [trial("follower", place, owned=place < 3) for place in range(4)]
    others = [
        trial("follower", 5, owned=True, switched=False, answer="A"),
        trial("follower", 6, owned=True, outcome="truncated"),
        trial("follower", 7, "moved", owned=True),
    ]
    assert planted_share(table(rows + others), "follower") == 0.75
    # A follower may be called as a persona is.
    assert planted_share(table(rows), "says") == 0.75
    assert planted_share(table(others), "follower") is None


def test_personas_have_the_share_that_they_were_made_for():
    trials = table([trial("planted:prompted:x", place) for place in range(4)])
    shares = {name: planted_share(trials, name) for name in ("says", "half", "silent", "random", "mentions")}
    assert shares == {"says": 1, "half": 0.5, "silent": 0, "random": 0, "mentions": 0}


def planted_study() -> tuple[pl.DataFrame, dict[str, float | None]]:
    """Return trials of three who say so, three who do not, and one who mentions hints without following."""
    rows: list[dict[str, Any]] = []
    for at in range(3):
        for place in range(30):
            said: dict[str, Any] = {"mentions": place >= 3 * at, "relies": place >= 3 * at}
            rows.append(trial(f"says-{at}", place, **said))
            wrong: dict[str, Any] = {"mentions": place < at, "relies": place < at}
            rows.append(trial(f"silent-{at}", place, **wrong))
    for place in range(60):
        moved = place % 5 == 0
        answer: dict[str, Any] = {"answer": "B" if moved else "A", "switched": moved}
        rows.append(trial("names", place, mentions=True, sham_moved=moved, **answer))
    shares: dict[str, float | None] = {f"says-{at}": 0.9 for at in range(3)}
    return table(rows), shares | {f"silent-{at}": 0.0 for at in range(3)} | {"names": 0.0}


def test_metrics_are_told_apart_by_who_is_planted():
    trials, shares = planted_study()
    report = Report("small", "chen2025", "faithfulness", reproducible=True)
    add_metric_agreement(report, metric_table(trials, {}, shares), 1)
    found = {row["conditions"]["score"]: row["value"] for row in report.rows if row["metric"] == "auroc"}
    assert found["faithfulness"] == 1
    # Naming a hint that moves nothing fools the bare mention: it ties with one of three and beats two.
    assert found["mention_share_switched"] == pytest.approx((9 + 0.5) / 12)
    assert found["mention_gap"] is None


def test_the_order_of_trials_changes_nothing():
    trials, shares = planted_study()
    shuffled = trials.sample(fraction=1, shuffle=True, seed=3)
    assert metric_table(trials, {}, shares).equals(metric_table(shuffled, {}, shares))
