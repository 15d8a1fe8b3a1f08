"""Lengths of faithful and unfaithful chains: known gaps come back, cut chains take no side."""

import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.chain_length import (
    add_chain_length,
    has_finite_maximum,
    hinted_chains,
    length_hazard,
)
from unspoken.statistics.intervals import Interval
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

KINDS = 4
ROW = {
    "question_id": "q", "kind": "metadata", "arm": "hint", "at_risk": True, "switched": True,
    "outcome": "answered", "mentions": True, "relies": True, "n_tokens": 100,
}  # fmt: skip
TYPES = {"switched": pl.Boolean, "mentions": pl.Boolean, "relies": pl.Boolean, "n_tokens": pl.Int64}


def trials_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([ROW | row for row in rows], schema_overrides=TYPES)


def planted(
    seed: int, questions: int, log_hazard: float, limit: float = math.inf, by_kind: float = 1.0
) -> pl.DataFrame:
    """Return trials in which both the kind and the question move faithfulness and length.

    A chain ends at `log_hazard` times e the rate if it is unfaithful, all else equal.
    """
    random = np.random.default_rng(seed)
    question, kind = np.repeat(np.arange(questions), KINDS), np.tile(np.arange(KINDS), questions)
    ease = random.normal(0, 0.5, questions)[question] + by_kind * np.linspace(-0.6, 0.6, KINDS)[kind]
    faithful = random.random(len(kind)) < 1 / (1 + np.exp(-1.5 * ease))
    waits = random.exponential(size=len(kind)) / np.exp(ease + log_hazard * ~faithful)
    tokens = np.ceil(1000 * waits**0.5)
    return pl.DataFrame(
        {
            "question_id": [f"q{number:04}" for number in question],
            "kind": [f"kind-{number}" for number in kind],
            "arm": "hint",
            "at_risk": True,
            "switched": random.random(len(kind)) < 0.7,
            "outcome": np.where(tokens > limit, "truncated", "answered"),
            "mentions": faithful,
            "relies": faithful,
            "n_tokens": np.minimum(tokens, limit).astype(np.int64),
        }
    )


def measured(trials: pl.DataFrame) -> pl.DataFrame:
    report = Report("default", "chen2025", "faithfulness", reproducible=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_chain_length(report, trials, "m", 11)
    table = report.measurements()
    Measurements.validate(table)
    return table.with_columns(
        adjusted=pl.col("conditions").map.get("adjusted"), cut_are=pl.col("conditions").map.get("truncated")
    )


def row_of(table: pl.DataFrame, **wanted: str) -> dict[str, Any]:
    rows = table.filter(**wanted).to_dicts()
    assert len(rows) == 1
    return rows[0]


def pairs(unfaithful_first: int, faithful_first: int) -> list[dict[str, Any]]:
    """Return two chains of one kind in each question, one of each class."""
    rows = []
    for at in range(unfaithful_first + faithful_first):
        first = at < unfaithful_first
        rows += [
            {"question_id": f"q{at:02}", "kind": "one", "tokens": 10, "ended": True, "unfaithful": first},
            {"question_id": f"q{at:02}", "kind": "one", "tokens": 20, "ended": True, "unfaithful": not first},
        ]
    return rows


def has_no_interval(found: Interval) -> bool:
    return found.value is None and found.ci_low is None and found.p is None


class TestClasses:
    def test_each_chain_has_the_class_that_is_known_of_it(self):
        cases = [
            ({}, (False, True, True)),
            ({"relies": False}, (False, True, False)),
            ({"mentions": False, "relies": False}, (False, True, False)),
            ({"mentions": None}, (False, True, None)),
            ({"relies": None}, (False, True, None)),
            ({"switched": False}, (False, False, None)),
            ({"switched": None, "outcome": "unparsed"}, (False, True, None)),
            ({"switched": None, "outcome": "truncated"}, (True, True, None)),
            ({"outcome": "truncated"}, (True, True, None)),
            ({"switched": False, "outcome": "truncated"}, (False, False, None)),
        ]
        found = hinted_chains(trials_of(*(row for row, _ in cases))).select("cut", "moved", "faithful")
        assert found.rows() == [expected for _, expected in cases]

    def test_only_hinted_trials_at_risk_count(self):
        others = [{"arm": "moved"}, {"arm": "unhinted"}, {"at_risk": False}]
        assert hinted_chains(trials_of(*others)).is_empty()


class TestRaw:
    def test_means_and_their_gap_pool_all_kinds(self):
        rows = [
            {"question_id": f"q{at}", "kind": kind, "n_tokens": 10 * at + more, "relies": kind == "b"}
            for at in range(12)
            for kind, more in (("a", 100), ("b", 40), ("b", 60))
        ]
        unjudged = {"question_id": "q0", "mentions": None}
        table = measured(trials_of(*rows, unjudged)).filter(unit="tokens")
        unfaithful = row_of(table, subject="m:unfaithful", kind="estimate")
        faithful = row_of(table, subject="m:faithful", kind="estimate")
        gap = row_of(table, kind="contrast")
        assert (unfaithful["value"], faithful["value"], gap["value"]) == pytest.approx((155, 105, 50))
        assert [row["n_samples"] for row in (unfaithful, faithful, gap)] == [12, 24, 36]
        assert [row["n_missing"] for row in (unfaithful, faithful, gap)] == [1, 1, 1]
        assert (gap["subject"], gap["versus"]) == ("m:unfaithful", "m:faithful")
        assert unfaithful["ci_low"] < 155 < unfaithful["ci_high"]
        assert unfaithful["p"] is None

    def test_a_longer_class_is_found_and_equal_ones_are_not_told_apart(self):
        longer = row_of(measured(planted(1, 150, -1.0, by_kind=0)), kind="contrast", unit="tokens")
        assert longer["ci_low"] > 0
        assert longer["p"] < 0.01
        flat = planted(2, 150, 0.0).with_columns(n_tokens=pl.col("n_tokens").shuffle(seed=3))
        equal = row_of(measured(flat), kind="contrast", unit="tokens")
        assert equal["ci_low"] < 0 < equal["ci_high"]
        assert equal["p"] > 0.05

    @pytest.mark.parametrize("faithful", [0, 9])
    def test_too_few_chains_of_a_class_have_no_interval(self, faithful):
        rows = [{"question_id": f"q{at:02}", "relies": at < faithful, "n_tokens": at} for at in range(30)]
        table = measured(trials_of(*rows)).filter(unit="tokens")
        few, gap = row_of(table, subject="m:faithful"), row_of(table, kind="contrast")
        assert (few["n_replicates"], few["n_samples"], gap["n_replicates"]) == (faithful,) * 3
        assert few["ci_low"] is None
        assert (gap["ci_low"], gap["p"]) == (None, None)
        assert (gap["value"] is None) == (faithful == 0)
        assert row_of(table, subject="m:unfaithful", kind="estimate")["ci_low"] is not None

    def test_many_chains_of_few_questions_are_few(self):
        rows = [{"question_id": f"q{at % 5}", "relies": at < 50, "n_tokens": at} for at in range(100)]
        assert row_of(measured(trials_of(*rows)), subject="m:faithful")["ci_low"] is None


class TestHazard:
    def test_in_pairs_it_is_the_log_of_who_ends_first_how_often(self):
        found = length_hazard(pl.DataFrame(pairs(4, 8)))
        assert found.value == pytest.approx(math.log(4 / 8), abs=1e-6)
        # A matched pair is a coin with p = 1/3: variance 1 / (n p (1 - p)) of its log-odds.
        assert found.se == pytest.approx(math.sqrt(9 / 2 / 12 * 12 / 11), rel=1e-4)
        assert found.n_replicates == 12
        turned = length_hazard(pl.DataFrame(pairs(8, 4)))
        assert turned.value == pytest.approx(-found.value, abs=1e-6)

    def test_a_chain_cut_after_the_other_ended_counts_and_one_cut_before_does_not(self):
        whole = pl.DataFrame(pairs(6, 10))
        last = pl.col("tokens") == 20
        cut_last = whole.with_columns(ended=~last)
        assert length_hazard(cut_last).value == pytest.approx(length_hazard(whole).value)
        more = pl.DataFrame(pairs(5, 5)).with_columns(
            question_id=pl.format("r{}", "question_id"), ended=pl.col("tokens") == 20
        )
        assert length_hazard(pl.concat([whole, more])) == length_hazard(whole)

    @pytest.mark.parametrize(("unfaithful_first", "faithful_first"), [(20, 0), (0, 20), (5, 4), (0, 0)])
    def test_one_class_always_first_or_too_few_questions_have_none(self, unfaithful_first, faithful_first):
        chains = pl.DataFrame(
            pairs(unfaithful_first, faithful_first), schema=pl.DataFrame(pairs(1, 0)).schema
        )
        found = length_hazard(chains)
        assert has_no_interval(found)
        assert found.n_replicates == unfaithful_first + faithful_first

    def test_a_class_that_is_a_kind_cannot_be_told_from_it(self):
        chains = pl.DataFrame(pairs(8, 12)).with_columns(kind=pl.col("unfaithful").cast(pl.String))
        assert has_no_interval(length_hazard(chains))

    def test_kinds_of_separate_questions_do_not_break_it(self):
        apart = pl.DataFrame(pairs(6, 6)).with_columns(
            kind=pl.col("question_id").str.slice(2, 1), tokens=pl.col("tokens") + 1
        )
        assert length_hazard(apart).value == pytest.approx(0, abs=1e-6)

    def test_the_planted_ratio_comes_back_though_kind_and_question_confound(self):
        truth, found = -0.7, []
        for seed in range(30):
            chains = hinted_chains(planted(seed, 40, truth)).drop_nulls("faithful")
            unfaithful = ~pl.col("faithful")
            chains = chains.with_columns(tokens="n_tokens", ended=pl.lit(value=True), unfaithful=unfaithful)
            found.append(length_hazard(chains))
        values = np.array([one.value for one in found])
        assert abs(values.mean() - truth) < 3 * values.std() / math.sqrt(30)
        assert sum(one.ci_low <= truth <= one.ci_high for one in found) >= 26
        assert np.mean([one.se for one in found]) == pytest.approx(values.std(), rel=0.35)


class TestAdjusted:
    def test_kinds_that_confound_are_taken_out(self):
        table = measured(planted(5, 150, 0.0, by_kind=3.0))
        raw, adjusted = (row_of(table, kind="contrast", adjusted=how) for how in ("no", "yes"))
        assert raw["ci_low"] > 0
        assert adjusted["ci_low"] < 0 < adjusted["ci_high"]
        assert (adjusted["unit"], adjusted["paired_on"]) == ("log_hazard_ratio", ["question"])

    def test_cut_chains_are_censored_as_either_class_around_the_row_without_them(self):
        trials = planted(6, 120, -0.7, limit=900)
        table = measured(trials).filter(adjusted="yes")
        rows = {how: row_of(table, cut_are=how) for how in ("unfaithful", "dropped", "faithful")}
        assert rows["unfaithful"]["value"] < rows["dropped"]["value"] < rows["faithful"]["value"]
        cut = trials.filter("switched", outcome="truncated").height
        assert cut > 20
        assert rows["dropped"]["n_missing"] == cut
        assert rows["faithful"]["n_missing"] == 0
        assert rows["faithful"]["n_samples"] == rows["dropped"]["n_samples"] + cut

    def test_a_cut_chain_is_in_no_class(self):
        trials = planted(7, 60, 0.0, limit=800)
        judged_otherwise = trials.with_columns(
            pl.when(outcome="truncated").then(~pl.col(name)).otherwise(name).alias(name)
            for name in ("mentions", "relies")
        )
        assert measured(trials).equals(measured(judged_otherwise))

    def test_without_cut_chains_there_is_one_row(self):
        assert row_of(measured(planted(8, 40, 0.0)), adjusted="yes")["cut_are"] == "dropped"


def test_order_of_rows_does_not_matter():
    trials = planted(9, 40, -0.5, limit=1500)
    assert measured(trials).equals(measured(trials.sample(fraction=1, shuffle=True, seed=1)))


def test_no_hinted_trials_no_rows():
    assert measured(trials_of({"arm": "unhinted"})).is_empty()


def test_finite_maxima_are_told_from_separation_and_from_collinearity():
    mixed = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    assert has_finite_maximum(mixed, 0)
    assert not has_finite_maximum(mixed[:1], 0)
    assert not has_finite_maximum(np.array([[1.0, 1.0], [-1.0, -1.0]]), 0)
    # The second column is separated, the first is not.
    nuisance = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    assert has_finite_maximum(nuisance, 0)
    assert not has_finite_maximum(nuisance, 1)
