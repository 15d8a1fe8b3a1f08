"""What is measured by stratum and between models: planted differences come back, and gates close."""

import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from test_chain_tests import changed, table, trial

from unspoken.chains.causal import vestigial_shares
from unspoken.experiments.faithfulness.measure.model_contrasts import add_model_contrasts
from unspoken.experiments.faithfulness.measure.samples import METRICS, Metric, Samples, gap_between
from unspoken.experiments.faithfulness.measure.strata import add_strata
from unspoken.experiments.faithfulness.tables.trials import Trials
from unspoken.statistics.report import Report
from unspoken.tables.interventions import Interventions
from unspoken.tables.measurements import Measurements
from unspoken.verdicts.judge import Judge

EACH, STEPS = 40, 4
STRATA = ["knowledge", "needed"]
PAPERS = ("chen2025", "turpin2023", "lanham2023")
Rows = list[dict[str, Any]]


def answered(subject: str, at: int, stratum: str, right: bool, bare: bool, **fields: Any) -> Rows:
    """Return the replies to one question whose key is A: with a chain, and what is read without one."""
    answer, direct = ("A" if one else "B" for one in (right, bare))
    shared = {"subject": subject, "stratum": stratum, "direct": direct, "unhinted_answer": answer}
    return [
        trial(at, answer=answer, n_tokens=60, **shared, **fields),
        trial(at, "sham", answer=answer, n_tokens=60, **shared),
    ]


def hinted(subject: str, at: int, stratum: str, moved: bool, says: bool, **fields: Any) -> dict[str, Any]:
    """Return the reply to one question under a hint to B, which moves the answer or not."""
    return trial(
        at, "hint", kind="metadata", wording="w", target="B", subject=subject, stratum=stratum,
        answer="B" if moved else "A", at_risk=True, switched=moved, sham_moved=False, mentions=says,
        relies=says, n_tokens=60, **fields,
    )  # fmt: skip


def study(subject: str = "m", **shares: float) -> Rows:
    """Return 40 questions of either stratum: knowledge is right without a chain, what needs one is not.

    `shares` change what is right: knowledge, needed, bare (needed, without a chain), moved, says.
    """
    share = {"knowledge": 0.7, "needed": 0.7, "bare": 0.2, "moved": 0.5, "says": 0.5} | shares
    rows = []
    for at in range(2 * EACH):
        stratum, part = STRATA[at // EACH], (at % EACH) / EACH
        right = part < share[stratum]
        bare = part < (share["bare"] if stratum == "needed" else share["knowledge"])
        rows += answered(subject, at, stratum, right, bare)
        # Every other question is moved to one that says so, so that shares do not depend on each other.
        moved, says = (at * 7 % EACH) / EACH < share["moved"], (at * 3 % EACH) / EACH < share["says"]
        if right:
            rows.append(hinted(subject, at, stratum, moved, moved and says))
    return rows


def cut(subject: str, needs: dict[str, int]) -> Rows:
    """Return early answers: chains of a stratum need so many of their four steps; 0.7 of them state A."""
    rows = []
    for at in range(2 * EACH):
        stated, needed = "A" if (at % EACH) / EACH < 0.7 else "B", needs[STRATA[at // EACH]]
        rows += [
            changed(at, "early", step, stated if step >= needed else "C", subject=subject, original=stated)
            for step in range(STEPS + 1)
        ]
    return rows


def reports() -> dict[str, Report]:
    return {paper: Report("s", paper, "faithfulness", reproducible=True) for paper in PAPERS}


def whole(made: dict[str, Report]) -> pl.DataFrame:
    """Return all rows, checked, with their conditions as columns."""
    found = pl.concat([report.measurements() for report in made.values()])
    Measurements.validate(found)
    named = {name for report in made.values() for name in report.groups()["subject_id"]}
    assert {*found["subject"], *found["versus"].drop_nulls()} <= named
    names = ("stratum", "between", "unusable", "arm", "test", "hint")
    return found.with_columns(pl.col("conditions").map.get(name).alias(name) for name in names)


def by_stratum(rows: Rows, tests: Rows | None = None) -> pl.DataFrame:
    made = reports()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        changes = None if tests is None else table(tests, Interventions)
        add_strata(made, table(rows, Trials), changes, "m", STRATA, 1)
    return whole(made)


def one(found: pl.DataFrame, metric: str, **wanted: Any) -> dict[str, Any]:
    """Return the only row, unusable answers dropped."""
    rows = found.filter(metric=metric, **{"unusable": "dropped", **wanted})
    assert rows.height == 1, rows
    return rows.to_dicts()[0]


def test_what_a_chain_adds_is_given_by_stratum_and_between_strata():
    found = by_stratum(study())
    gains = {
        name: one(found, "accuracy", kind="contrast", subject="m:unhinted", stratum=name) for name in STRATA
    }
    assert gains["knowledge"]["value"] == 0
    assert gains["needed"]["value"] == pytest.approx(0.5)
    assert all(row["gate"] is None and row["versus"] == "m:direct" for row in gains.values())
    assert gains["needed"]["paired_on"] == ["question"] and gains["needed"]["n_replicates"] == EACH
    gap = one(found, "uplift", kind="contrast")
    assert (gap["subject"], gap["versus"], gap["stratum"]) == ("m:needed", "m:knowledge", "needed")
    assert gap["value"] == pytest.approx(0.5)
    assert gap["ci_low"] > 0 and gap["p"] < 0.01 and gap["paired_on"] == []


def test_every_estimate_of_a_stratum_is_of_its_questions_alone():
    found = by_stratum(study(needed=0.9, bare=0.3))
    for stratum, right, bare in (("knowledge", 0.7, 0.7), ("needed", 0.9, 0.3)):
        rates = {
            arm: one(found, "accuracy", kind="estimate", subject=f"m:{arm}", stratum=stratum)
            for arm in ("unhinted", "direct")
        }
        assert rates["unhinted"]["value"] == pytest.approx(right)
        assert rates["direct"]["value"] == pytest.approx(bare)
        assert rates["unhinted"]["n_replicates"] == EACH
        assert rates["unhinted"]["ci_method"] == "wilson"
    moved, says = (
        {s: one(found, name, kind="estimate", stratum=s)["value"] for s in STRATA}
        for name in ("switch_rate", "faithfulness")
    )
    asked = pl.DataFrame(study(needed=0.9, bare=0.3)).filter(arm="hint")
    for stratum in STRATA:
        own = asked.filter(stratum=stratum)
        assert moved[stratum] == pytest.approx(own["switched"].mean())
        assert says[stratum] == pytest.approx(own.filter("switched")["mentions"].mean())


def test_what_answers_need_of_their_chains_is_given_by_stratum():
    found = by_stratum(study(), cut("m", {"knowledge": 0, "needed": 3}))
    for metric, values in {
        "vestigial_share": (1.0, 0.25),
        "post_hoc_share": (1.0, 0.0),
        "area_over_curve": (0.0, 0.625),
    }.items():
        for stratum, value in zip(STRATA, values, strict=True):
            row = one(found, metric, kind="estimate", stratum=stratum)
            assert row["value"] == pytest.approx(value), metric
            assert (row["n_samples"], row["gate"]) == (EACH, None)
        gap = one(found, metric, kind="contrast")
        assert gap["value"] == pytest.approx(values[1] - values[0])
        assert (gap["versus"], gap["arm"]) == ("m:knowledge", "unhinted")


def test_chains_that_are_not_read_as_they_state_close_the_gate_of_what_is_read_by_force():
    rows = [row | {"forced": "C"} if row["arm"] == "unhinted" else row for row in study()]
    tests = [row | {"original_forced": "C"} for row in cut("m", {"knowledge": 0, "needed": 3})]
    found = by_stratum(rows, tests)
    assert (
        one(found, "accuracy", kind="contrast", subject="m:unhinted", stratum="needed")["gate"] == "agreement"
    )
    assert one(found, "uplift", kind="contrast")["gate"] == "agreement"
    for metric in ("area_over_curve", "post_hoc_share", "vestigial_share"):
        assert set(found.filter(metric=metric)["gate"]) == {"agreement"}
    # What replies state is read from them in any case.
    assert one(found, "switch_rate", kind="contrast")["gate"] is None


@pytest.mark.parametrize(
    ("shares", "gate"),
    [({"needed": 0.3, "bare": 0.2}, "floor"), ({"needed": 1.0, "bare": 0.99}, "ceiling")],
)
def test_accuracies_at_chance_or_at_the_top_close_the_gate_of_their_stratum(shares: dict, gate: str):
    found = by_stratum(study(**shares))
    gates = {
        row["stratum"]: row["gate"]
        for row in found.filter(metric="accuracy", unusable="dropped", versus="m:direct").to_dicts()
    }  # fmt: skip
    assert gates == {"knowledge": None, "needed": gate}
    assert one(found, "uplift", kind="contrast")["gate"] == gate


def test_replies_without_an_answer_are_dropped_or_failures():
    rows = study(bare=0.5)
    lost = [
        row | {"answer": None, "free": None, "forced": "A", "outcome": "unparsed"}
        if (row["arm"], row["stratum"]) == ("unhinted", "needed") and int(row["question_id"][1:]) % 2
        else row
        for row in rows
    ]  # fmt: skip
    found = by_stratum(lost)
    told = {"kind": "estimate", "subject": "m:unhinted", "stratum": "needed"}
    dropped, failure = (one(found, "accuracy", unusable=how, **told) for how in ("dropped", "failure"))
    assert (dropped["n_samples"], failure["n_samples"], failure["n_missing"]) == (20, 40, 20)
    assert failure["value"] == pytest.approx(dropped["value"] / 2)
    assert (
        one(found, "accuracy", kind="contrast", subject="m:unhinted", stratum="needed")["gate"] == "missing"
    )


def test_chains_that_fix_their_answer_early_have_vestigial_steps():
    cuts = {"early": [1, 1, 1], "late": [0, 0, 1], "last": [0, 1, 0], "back": [1, 0, 1], "lost": [None, 1, 1]}
    matches = pl.DataFrame(
        [
            {"question_id": name, "test": "early", "step": step, "steps": 2, "match": match}
            for name, row in cuts.items()
            for step, match in enumerate(row)
        ],
        schema_overrides={"match": pl.Boolean},
    )
    found = dict(vestigial_shares(matches).rows())
    # The whole chain, read by force, may be another than it states: then no step is vestigial.
    assert found == {"early": 1.0, "late": 0.0, "last": 0.0, "back": 0.0, "lost": 1.0}


# Two models


def compared(first: Rows, other: Rows, tests: dict[str, Rows] | None = None) -> pl.DataFrame:
    made = reports()
    changes = {name: table(rows, Interventions) for name, rows in (tests or {}).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_model_contrasts(made, table(first + other, Trials), changes, ["a", "b"], STRATA, 1)
    return whole(made)


def test_models_are_compared_question_by_question_on_all_and_by_stratum():
    found = compared(study("a", needed=0.9, bare=0.6), study("b", needed=0.5, bare=0.2))
    told = {"kind": "contrast", "between": "models", "subject": "a:unhinted", "versus": "b:unhinted"}
    for stratum, gap in ((None, 0.2), ("knowledge", 0.0), ("needed", 0.4)):
        rows = found.filter(pl.col("stratum").eq_missing(pl.lit(stratum)))
        row = one(rows, "accuracy", **told)
        assert row["value"] == pytest.approx(gap)
        assert (row["paired_on"], row["gate"]) == (["question"], None)
        assert row["n_replicates"] == EACH * (2 if stratum is None else 1)
    needed = found.filter(stratum="needed")
    assert one(needed, "uplift", **told)["value"] == pytest.approx(0.0)
    assert one(needed, "chain_tokens", **told)["value"] == 0
    tokens = one(needed, "chain_tokens", **told)
    assert tokens["unit"] == "tokens" and tokens["ci_low"] is None


def test_pairing_by_question_narrows_the_interval():
    # Both models are right on the same questions, but for a few.
    found = compared(study("a", needed=0.8), study("b", needed=0.7))
    row = one(found.filter(stratum="needed"), "accuracy", subject="a:unhinted")
    unpaired = 1.96 * np.sqrt((0.8 * 0.2 + 0.7 * 0.3) / EACH)
    assert row["value"] == pytest.approx(0.1)
    assert row["ci_high"] - row["ci_low"] < unpaired


def test_questions_that_one_model_alone_was_asked_do_not_count():
    few = [row for row in study("b") if int(row["question_id"][1:]) % 2]
    row = one(compared(study("a"), few).filter(pl.col("stratum").is_null()), "accuracy", subject="a:unhinted")
    assert row["n_replicates"] == EACH


def test_causal_tests_of_both_models_are_compared():
    tests = {"a": cut("a", {"knowledge": 0, "needed": 3}), "b": cut("b", {"knowledge": 0, "needed": 1})}
    found = compared(study("a"), study("b"), tests).filter(stratum="needed")
    assert one(found, "vestigial_share")["value"] == pytest.approx(0.25 - 0.75)
    alone = compared(study("a"), study("b"), {"a": tests["a"]})
    assert alone.filter(metric="area_over_curve").is_empty()


def test_models_at_chance_are_not_compared():
    bad = {"knowledge": 0.25, "needed": 0.25, "bare": 0.25}
    found = compared(study("a", **bad), study("b", **bad))
    assert set(found.filter(metric="accuracy", subject="a:unhinted")["gate"]) == {"floor"}


# What reads these rows, and how sure they are


def test_a_claims_test_reads_none_of_them_unless_it_names_their_condition():
    rows = pl.concat([by_stratum(study()), compared(study("a"), study("b"))])
    judge = Judge(rows.select(Measurements.column_names()), {})

    def read(subject: str, versus: str, **conditions: str) -> int:
        test: dict[str, Any] = {
            "experiment": "faithfulness", "metric": "accuracy", "unit": "accuracy", "subject": subject,
            "versus": versus, "conditions": {"unusable": "dropped", **conditions},
        }  # fmt: skip
        return len(judge.rows_of({"id": "X-01", "kind": "direction", "test": test}, test))

    assert read("*:unhinted", "*") == 0
    assert read("*:unhinted", "*:direct", stratum="needed") == 1
    assert read("*:unhinted", "*", between="models") == 1
    assert read("*:unhinted", "*", between="models", stratum="needed") == 1


TABLES = 250


@pytest.mark.parametrize("metric", [METRICS[0], METRICS[3]], ids=lambda metric: metric.name)
@pytest.mark.parametrize("same", [True, False], ids=["same questions", "other questions"])
def test_gaps_cover_and_rarely_find_what_is_not_there(metric: Metric, same: bool):
    rng, covered, false = np.random.default_rng(5), 0, 0
    names = [f"q{at:02}" for at in range(35)]
    others = names if same else [f"r{at:02}" for at in range(35)]
    for _ in range(TABLES):
        hard = rng.uniform(-0.3, 0.3, (2, 35))
        hard[1] = hard[0] if same else hard[1]
        hits = rng.random((2, 35)) < 0.6 + hard
        without = np.zeros((2, 35)) if metric.share else rng.random((2, 35)) < 0.4 + hard
        values = hits.astype(float) - without
        first, other = (
            pl.DataFrame({"question_id": asked, "value": row})
            for asked, row in zip((names, others), values, strict=True)
        )
        found = gap_between(first, other, metric, int(rng.integers(2**31)))
        assert found.ci_low is not None and found.ci_high is not None and found.p is not None
        covered += found.ci_low <= 0 <= found.ci_high
        false += found.p < 0.05
    assert 0.91 * TABLES <= covered <= 0.99 * TABLES
    assert false < 0.07 * TABLES


def test_samples_of_no_reply_are_none():
    empty = Samples(table([], Trials), None)
    assert empty.rows.is_empty()
