"""The slope of the uplift in a study: pairs by question, few models, and the check on planted tables."""

import time
from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.uplift import (
    COVERAGE,
    MODELS,
    QUESTIONS,
    RATES,
    SLOPES,
    TABLES,
    add_uplift,
    planted_answers,
    subject_rates,
)
from unspoken.experiments.faithfulness.uplift import TOO_FEW, paired_accuracies, uplift_slope
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements


def answers_of(subject: str, direct: Any, reasoned: Any) -> list[dict[str, Any]]:
    """Return replies to questions whose key is B: right where 1, wrong where 0, unparsed where None."""
    letters = {1: "B", 0: "A", None: None}
    return [
        {"subject": subject, "question_id": f"q{at:03}", "arm": "unhinted", "kind": None, "wording": None,
         "target": None, "key": "B", "n_options": 4, "outcome": "unparsed" if second is None else "answered",
         "answer": letters[second], "free": letters[second], "forced": letters[second] or "B",
         "direct": letters[first]}
        for at, (first, second) in enumerate(zip(direct, reasoned, strict=True))
    ]  # fmt: skip


def rates_of(trials: list[dict[str, Any]]) -> pl.DataFrame:
    frame = pl.DataFrame(trials, schema_overrides=dict.fromkeys(("kind", "wording", "target"), pl.String))
    return pl.concat([subject_rates(frame, name) for name in sorted(frame["subject"].unique())])


def pool_rates(direct: np.ndarray, reasoned: np.ndarray, closed: bool = False) -> pl.DataFrame:
    """Return rates, [models, questions], as `subject_rates` has them; NaN counts as wrong in `failure`."""
    model, question = (at.ravel() for at in np.indices(direct.shape))
    dropped = pl.DataFrame(
        {"subject": [f"m{at:02}" for at in model], "question_id": [f"q{at:03}" for at in question],
         "answers": "stated", "unusable": "dropped", "direct": direct.ravel(),
         "reasoned": reasoned.ravel(), "closed": closed}
    )  # fmt: skip
    return pl.concat([dropped, dropped.fill_nan(0).with_columns(unusable=pl.lit("failure"))])


def measured(rates: pl.DataFrame, seed: int = 1) -> pl.DataFrame:
    report = Report("small", "lanham2023", "faithfulness", reproducible=True)
    add_uplift(report, rates, seed)
    table = report.measurements()
    Measurements.validate(table)
    named = {*table["subject"], *table["versus"].drop_nulls()}
    assert named == set(report.groups()["subject_id"])
    return table


def reasons(table: pl.DataFrame) -> set[str | None]:
    return set(table.filter(metric="uplift_slope").select(pl.col("conditions").map.get("reason")).to_series())


class TestMeasure:
    def test_rates_are_paired_by_question(self):
        trials = answers_of("m", [1, 0, 1, None], [1, 1, None, 1])
        trials += [row | {"arm": "hint", "kind": "metadata", "target": "A"} for row in trials]
        every = rates_of(trials).sort("unusable", "question_id")
        assert every.schema == pl.Schema(RATES)
        # After a chain that states no answer B is read; after the others what they state.
        assert not every["closed"].any() and every.filter(answers="forced")["reasoned"].to_list() == [1] * 6
        found = every.filter(answers="stated")
        # The last question has no direct answer: it was asked in one way alone.
        assert found["question_id"].to_list() == ["q000", "q001", "q002"] * 2
        dropped, failure = found.filter(unusable="dropped"), found.filter(unusable="failure")
        assert dropped["direct"].to_list() == failure["direct"].to_list() == [1, 0, 1]
        assert dropped["reasoned"].to_list()[:2] == [1, 1] and np.isnan(dropped["reasoned"][2])
        assert failure["reasoned"].to_list() == [1, 1, 0]

    @pytest.mark.parametrize("models", [0, 1, 4])
    def test_a_study_of_few_models_says_that_it_has_no_slope(self, models: int):
        answers = ([0, 1, 1, 0] * 8, [1, 1, 0, 1] * 8)
        rates = [rates_of(answers_of(f"m{at}", *answers)) for at in range(models)]
        table = measured(pl.concat([pl.DataFrame(schema=RATES), *rates]))
        rows = table.filter(metric="uplift_slope")
        # Of stated answers, and by the forced letter where any was read; each with the unusable twice.
        count = 4 if models else 2
        assert rows.height == count and reasons(table) == {TOO_FEW}
        assert rows["value"].null_count() == rows["ci_low"].null_count() == count
        assert rows["n_replicates"].to_list() == [models] * count
        assert rows["n_samples"].to_list() == [2 * 32 * models] * count

    def test_one_model_whose_letters_are_not_what_it_states_closes_the_gate(self):
        direct, reasoned = (one[0].astype(float) for one in planted_answers(0.25, 1, seed=5))
        for closed, gate in ((False, None), (True, "agreement")):
            model = pool_rates(direct[:1], reasoned[:1], closed=closed)
            others = pool_rates(direct, reasoned).filter(pl.col("subject") != "m00")
            rows = measured(pl.concat([model, others])).filter(metric="uplift_slope")
            assert rows["gate"].to_list() == [gate] * 2

    def test_a_pool_of_models_has_its_planted_slope(self):
        direct, reasoned = (one[0].astype(float) for one in planted_answers(0.25, 1, seed=5))
        expected, _ = uplift_slope(paired_accuracies(direct, reasoned))
        reasoned[0, 0] = np.nan
        # The last model has too few questions for the pool, unless what cannot be read counts as wrong.
        unread = np.where(np.arange(QUESTIONS) < 20, 1, np.nan)
        rates = pool_rates(np.vstack([direct, direct[:1]]), np.vstack([reasoned, unread]))
        table = measured(rates)
        rows = table.filter(metric="uplift_slope").sort(pl.col("conditions").map.get("unusable"))
        assert reasons(table) == {None}
        dropped, failure = rows.to_dicts()
        assert dropped["ci_low"] < -0.75 < dropped["ci_high"]
        assert dropped["value"] == pytest.approx(expected.value, abs=0.05)
        assert (dropped["n_replicates"], failure["n_replicates"]) == (MODELS, MODELS + 1)
        assert (dropped["n_samples"], dropped["n_missing"]) == (2 * (MODELS * QUESTIONS - 1), 2 * 61)
        assert (failure["n_samples"], failure["n_missing"]) == (2 * (MODELS + 1) * QUESTIONS, 0)
        assert (dropped["subject"], dropped["versus"]) == ("pool:unhinted", "pool:direct")
        assert dropped["replicate"] == "base"

    def test_the_order_of_rows_does_not_matter(self):
        rates = pool_rates(*(one[0].astype(float) for one in planted_answers(0.5, 1, seed=6)))
        assert measured(rates).equals(measured(rates.sample(fraction=1, shuffle=True, seed=1)))

    @pytest.mark.parametrize("seed", [1, 11])
    def test_the_check_holds_and_is_cheap(self, seed: int):
        start = time.process_time()
        rows = measured(pl.DataFrame(schema=RATES), seed).filter(role="instrument")
        assert time.process_time() - start < 2
        assert rows["passed"].all() and rows.height == 2 * len(SLOPES)
        truths = rows.select(pl.col("conditions").map.get("truth")).to_series()
        assert set(truths) == {"-1", "-0.75", "-0.5", "-0.25", "0"}
        assert (rows["n_samples"] + rows["n_missing"] == TABLES).all()
        coverage = rows.filter(metric="uplift_slope_coverage")["value"]
        assert coverage.is_between(*COVERAGE).all()
