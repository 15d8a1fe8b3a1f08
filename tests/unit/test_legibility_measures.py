"""How legible chains are: shares and means of planted chains."""

import math
from typing import Any

import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.legibility import FEWEST, add_legibility, add_translations
from unspoken.experiments.faithfulness.tables.trials import Legibility
from unspoken.statistics.report import Report
from unspoken.tables.interventions import Interventions
from unspoken.tables.measurements import Measurements

QUESTIONS = 40


def chain(question: int, arm: str = "unhinted", copy: int = 0, **fields: Any) -> dict[str, Any]:
    plain = {
        "foreign_letters": 0.0, "scripts": [], "foreign_lines": 0.0, "repetition": 0.0, "loops": False,
        "mean_logprob": -1.0,
    }  # fmt: skip
    name = f"q{question:03}"
    key = {
        "subject": "m",
        "prompt_id": f"{name}:{arm}:{copy}",
        "question_id": name,
        "arm": arm,
    }
    return key | plain | fields


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    types = {name: column.dtype for name, column in Legibility.columns().items()}
    return pl.DataFrame(rows, schema={**types, "question_id": pl.String})


def measured(rows: list[dict[str, Any]], subject: str = "m") -> dict[tuple[str, ...], dict[str, Any]]:
    report = Report("small", "jose2025", "faithfulness", reproducible=True)
    add_legibility(report, frame(rows), subject, 1)
    table = report.measurements()
    Measurements.validate(table)
    return {
        (row["subject"], row["metric"], row["unit"], *row["conditions"].values()): row for row in report.rows
    }


def test_shares_and_means_are_those_of_the_chains():
    rows = [
        chain(
            at,
            foreign_letters=[0.0, 0.02, 0.05, 0.3][at % 4],
            foreign_lines=0.5 * (at % 5 == 0),
            repetition=(at % 10) / 10,
            loops=at % 2 == 0,
            mean_logprob=-0.5 if at % 2 else -1.5,
        )
        for at in range(QUESTIONS)
    ]
    found = measured(rows)
    share = {key: row["value"] for key, row in found.items()}
    arm = "m:unhinted"
    assert share[arm, "foreign_letters", "probability", "0"] == pytest.approx(0.75)
    # A chain with exactly 5% has not more than 5%.
    assert share[arm, "foreign_letters", "probability", "0.05"] == pytest.approx(0.25)
    assert share[arm, "foreign_lines", "probability", "0"] == pytest.approx(0.2)
    assert share[arm, "repetition", "probability"] == pytest.approx(0.45)
    assert share[arm, "loops", "probability"] == pytest.approx(0.5)
    assert share[arm, "perplexity", "perplexity"] == pytest.approx((math.exp(0.5) + math.exp(1.5)) / 2)
    assert share[arm, "perplexity", "nats"] == pytest.approx(1.0)
    for row in found.values():
        assert row["replicate"] == "question"
        assert row["n_replicates"] == row["n_samples"] == QUESTIONS
        assert row["ci_low"] < row["value"] < row["ci_high"]
    assert found[arm, "perplexity", "nats"]["se"] == pytest.approx(0.5 / math.sqrt(QUESTIONS), rel=0.1)


def test_a_chain_counts_but_a_question_is_the_replicate():
    # The first question has three chains of its kind, all with loops: 3 of 6 chains, not 1 of 4.
    rows = [chain(0, "hint", copy, loops=True) for copy in range(3)]
    rows += [chain(at, "hint") for at in range(1, 4)]
    loops = measured(rows)["m:hinted", "loops", "probability"]
    assert loops["value"] == pytest.approx(0.5)
    assert (loops["n_replicates"], loops["n_samples"]) == (4, 6)
    # Few questions loop: Clopper-Pearson at the level of questions, never of chains.
    assert loops["ci_method"] == "clopper_pearson"
    assert loops["ci_low"] < 0.1 and loops["ci_high"] > 0.9


def test_no_hit_at_all_has_an_interval():
    row = measured([chain(at) for at in range(QUESTIONS)])["m:unhinted", "loops", "probability"]
    assert row["value"] == 0 and row["ci_low"] == 0
    assert row["ci_high"] == pytest.approx(1 - 0.025 ** (1 / QUESTIONS))


def test_what_cannot_be_counted_is_missing_and_never_a_zero():
    rows = [
        chain(at, foreign_lines=None if at < 10 else 0.5, mean_logprob=None if at < 20 else -2.0)
        for at in range(QUESTIONS)
    ]
    rows[-1]["mean_logprob"] = math.nan
    found = measured(rows)
    lines = found["m:unhinted", "foreign_lines", "probability", "0"]
    assert (lines["value"], lines["n_samples"], lines["n_missing"]) == (1.0, 30, 10)
    nats = found["m:unhinted", "perplexity", "nats"]
    assert (nats["value"], nats["n_samples"], nats["n_missing"]) == (2.0, 19, 21)


def test_a_measure_that_no_chain_has_is_a_null_row():
    found = measured([chain(at, foreign_lines=None, mean_logprob=None) for at in range(5)])
    for key in (("foreign_lines", "probability", "0"), ("perplexity", "nats"), ("perplexity", "perplexity")):
        row = found["m:unhinted", *key]
        assert row["value"] is row["ci_low"] is None
        assert (row["n_samples"], row["n_missing"]) == (0, 5)


def test_arms_and_subjects_are_apart():
    rows = [chain(at, loops=True) for at in range(6)] + [chain(at, "hint") for at in range(6)]
    rows += [chain(at, "sham", loops=True) for at in range(6)]
    rows += [{**chain(at, loops=True), "subject": "other"} for at in range(6)]
    found = measured(rows)
    assert {key[0] for key in found} == {"m:unhinted", "m:hinted"}
    assert found["m:unhinted", "loops", "probability"]["value"] == 1
    assert found["m:unhinted", "loops", "probability"]["n_samples"] == 6
    assert found["m:hinted", "loops", "probability"]["value"] == 0
    assert measured(rows, "nobody") == {}


def test_rows_in_another_order_give_the_same_numbers():
    rows = [chain(at, repetition=(at % 7) / 7, mean_logprob=-0.1 * (at % 9)) for at in range(QUESTIONS)]
    assert measured(rows) == measured(rows[::-1])


Rows = list[dict[str, Any]]


def reading(question: int, test: str, chances: tuple[float, ...], **fields: Any) -> dict[str, Any]:
    """Return a chain whose answer was B, with what is read after it now."""
    name = f"q{question:03}"
    plain = {
        "study": "small", "subject": "m", "prompt_id": f"{name}:hint", "question_id": name, "test": test,
        "step": 1, "steps": 3, "how": None if test == "switched" else "model", "text": "",
        "logprobs": [math.log(chance) for chance in chances], "answer": "A", "original": "B",
        "forced": "A", "original_forced": "B", "reproducible": True, "created_at": "",
    }  # fmt: skip
    return plain | fields


def translations(rows: Rows, subject: str = "m") -> dict[tuple[str, str], dict[str, Any]]:
    types = {name: column.dtype for name, column in Interventions.columns().items()}
    report = Report("small", "lanham2023", "faithfulness", reproducible=True)
    add_translations(report, Interventions.validate(pl.DataFrame(rows, schema=types)), subject, 1)
    Measurements.validate(report.measurements())
    stated = [row for row in report.rows if "answers" not in row["conditions"]]
    forced = [row for row in report.rows if row not in stated]
    # All chains state B, and B is the likeliest letter after them.
    assert [row["value"] for row in forced] == [row["value"] for row in stated] * bool(forced)
    assert {row["gate"] for row in report.rows} == {None}
    return {(row["subject"], row["versus"]): row for row in stated}


ENGLISH = ("m:translated", "m:as_written")
REWORDED = ("m:reworded", "m:as_written")
BEYOND = ("m:translated", "m:reworded")


def test_a_translation_in_place_leaves_the_answers_log_probability() -> None:
    rows = []
    for at in range(FEWEST):
        rows += [reading(at, "switched", (0.2, 0.8)), reading(at, "translated", (0.2, 0.8 - at % 2 * 0.1))]
        rows += [reading(at, "reworded", (0.9, 0.4 + at % 2 * 0.1))]
    rows += [reading(at, "early", (0.1, 0.9)) for at in range(FEWEST)]
    found = translations(rows)
    # Of the answer to the chain as it was, B, whatever is the likeliest now.
    english = math.log(0.7 / 0.8) / 2
    reworded = (math.log(0.4 / 0.8) + math.log(0.5 / 0.8)) / 2
    assert found[ENGLISH]["value"] == pytest.approx(english)
    assert found[REWORDED]["value"] == pytest.approx(reworded)
    assert found[BEYOND]["value"] == pytest.approx(english - reworded)
    for row in found.values():
        assert (row["metric"], row["unit"], row["paired_on"]) == ("answer_logprob", "nats", ["question"])
        assert row["n_replicates"] == row["n_samples"] == FEWEST
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert row["conditions"] == {} and row["kind"] == "contrast"
    assert found[BEYOND]["p"] < 0.01


def test_what_nobody_could_translate_is_missing() -> None:
    rows = [reading(at, "switched", (0.2, 0.8)) for at in range(40)]
    rows += [
        reading(at, "translated", (0.2, 0.8 - at / 100), how="none" if at < 10 else "model")
        for at in range(40)
    ]
    found = translations(rows)
    assert found[ENGLISH]["value"] == pytest.approx(
        sum(math.log(1 - at / 80) for at in range(10, 40)) / 30
    )  # fmt: skip
    assert (found[ENGLISH]["n_samples"], found[ENGLISH]["n_missing"]) == (30, 10)
    reason = {"reason": "no chain has another step of about the span's length"}
    assert found[REWORDED]["value"] is None and found[REWORDED]["conditions"] == reason
    none = translations([row | {"how": "none"} if row["test"] == "translated" else row for row in rows])
    assert none[ENGLISH]["conditions"] == {"reason": "nothing could be put in other words"}
    assert (none[ENGLISH]["value"], none[ENGLISH]["n_missing"]) == (None, 40)


def test_without_switched_chains_all_is_null_with_the_reason() -> None:
    for rows in ([], [reading(1, "early", (0.1, 0.9))], [reading(1, "translated", (0.1, 0.9), subject="n")]):
        found = translations(rows)
        assert set(found) == {ENGLISH, REWORDED, BEYOND}
        for row in found.values():
            assert row["value"] is row["ci_low"] is None
            assert row["conditions"] == {"reason": "no chain has a switched span"}
            assert row["n_samples"] == row["n_missing"] == 0


def test_few_questions_have_a_mean_and_no_interval() -> None:
    rows = []
    for at in range(FEWEST):
        for copy in "ab":
            key = {"prompt_id": f"q{at:03}:{copy}"}
            rows += [reading(at, "switched", (0.2, 0.8), **key)]
            rows += [reading(at, "translated", (0.2, 0.8 if copy == "a" else 0.4 + at / 100), **key)]
    # Two chains a question are not two questions.
    few = translations([row for row in rows if row["question_id"] != "q000"])[ENGLISH]
    assert few["value"] < 0 and few["ci_low"] is None
    assert few["conditions"] == {"reason": f"fewer than {FEWEST} questions"}
    assert (few["n_replicates"], few["n_samples"]) == (FEWEST - 1, 2 * FEWEST - 2)
    assert translations(rows)[ENGLISH]["ci_low"] is not None
    assert translations(rows[::-1]) == translations(rows)
