"""Faithfulness by difficulty: planted gaps and slopes come back, and confounded ones go."""

import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.chain_difficulty import add_chain_difficulty, hardness_slope
from unspoken.experiments.faithfulness.measure.chain_length import hinted_chains
from unspoken.statistics.intervals import clopper_pearson_interval
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

KINDS = 4
ROW = {
    "kind": "metadata", "arm": "hint", "at_risk": True, "switched": True, "outcome": "answered",
    "mentions": True, "relies": True, "difficulty": "easy", "hardness": None,
}  # fmt: skip
TYPES = {"switched": pl.Boolean, "mentions": pl.Boolean, "relies": pl.Boolean, "hardness": pl.Float64}


def trials_of(hard: list[dict[str, Any]], easy: list[dict[str, Any]]) -> pl.DataFrame:
    """Return one trial a question for each row."""
    rows = [row | {"difficulty": "hard"} for row in hard] + easy
    numbered = [{"question_id": f"q{at:03}"} | ROW | row for at, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema_overrides=TYPES)


def shares(hard: tuple[int, int], easy: tuple[int, int]) -> pl.DataFrame:
    """Return trials with so many faithful ones of so many."""
    return trials_of(*([{"relies": at < hits} for at in range(n)] for hits, n in (hard, easy)))


def planted(seed: int, questions: int, slope: float, by_kind: float = 0.0) -> pl.DataFrame:
    """Return trials whose log-odds of being faithful rise by `slope` over hardness from 0 to 1.

    With `by_kind`, kinds differ, and those that are least faithful move hard questions most.
    """
    random = np.random.default_rng(seed)
    question, kind = np.repeat(np.arange(questions), KINDS), np.tile(np.arange(KINDS), questions)
    hardness = random.random(questions)[question]
    level = np.linspace(1, -1, KINDS)[kind] * by_kind
    switched = random.random(len(kind)) < 1 / (1 + np.exp(4 * level * (hardness - 0.5)))
    faithful = random.random(len(kind)) < 1 / (1 + np.exp(-(level + slope * (hardness - 0.5))))
    return pl.DataFrame(
        {
            "question_id": [f"q{number:04}" for number in question],
            "kind": [f"kind-{number}" for number in kind],
            "arm": "hint",
            "at_risk": True,
            "switched": switched,
            "outcome": "answered",
            "mentions": faithful,
            "relies": faithful,
            "difficulty": np.where(hardness > 0.5, "hard", "easy"),
            "hardness": hardness,
        }
    )


def measured(trials: pl.DataFrame) -> pl.DataFrame:
    report = Report("default", "chen2025", "faithfulness", reproducible=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_chain_difficulty(report, trials, "m", 11)
    table = report.measurements()
    Measurements.validate(table)
    return table


def row_of(table: pl.DataFrame, **wanted: str) -> dict[str, Any]:
    rows = table.filter(**wanted).to_dicts()
    assert len(rows) == 1
    return rows[0]


class TestLabels:
    def test_shares_gap_and_relative_drop(self):
        table = measured(shares((10, 40), (30, 60)))
        hard, easy = (row_of(table, kind="estimate", subject=f"m:{name}") for name in ("hard", "easy"))
        gap, drop = (row_of(table, kind="contrast", unit=unit) for unit in ("probability", "relative_drop"))
        values = [row["value"] for row in (hard, easy, gap, drop)]
        assert values == pytest.approx([0.25, 0.5, -0.25, 0.5])
        assert [row["n_replicates"] for row in (hard, easy, gap, drop)] == [40, 60, 40, 40]
        assert (gap["n_samples"], gap["n_missing"]) == (100, 0)
        assert (gap["subject"], gap["versus"]) == ("m:hard", "m:easy")
        assert gap["ci_high"] < 0 < drop["ci_low"]
        assert gap["p"] < 0.05
        assert gap["p"] == drop["p"]

    def test_chains_that_did_not_switch_or_were_cut_or_not_judged_are_in_no_share(self):
        others = [
            {"switched": False, "mentions": False},
            {"outcome": "truncated", "mentions": False},
            {"outcome": "truncated", "switched": None, "mentions": False},
            {"mentions": None},
            {"arm": "moved", "mentions": False},
        ]
        good = [{"relies": at % 2 == 0} for at in range(20)]
        hard = row_of(measured(trials_of(good + others, good)), kind="estimate", subject="m:hard")
        assert (hard["value"], hard["n_samples"], hard["n_missing"]) == (0.5, 20, 3)

    def test_questions_count_not_their_chains(self):
        # Ten questions say the same in each of their ten chains.
        rows = [{"question_id": f"q{at % 10}", "relies": at % 10 < 5} for at in range(100)]
        many = row_of(measured(trials_of(rows, [{}] * 5)), kind="estimate", subject="m:hard")
        assert many["n_replicates"] == 10
        assert many["ci_high"] - many["ci_low"] > 0.5

    def test_without_a_faithful_chain_the_gap_has_an_interval_and_the_drop_has_none(self):
        table = measured(shares((0, 30), (0, 40)))
        hard = row_of(table, kind="estimate", subject="m:hard")
        exact = clopper_pearson_interval(0, 30)
        assert (hard["ci_low"], hard["ci_high"]) == pytest.approx((0, exact.ci_high))
        gap = row_of(table, kind="contrast", unit="probability")
        assert gap["ci_low"] < gap["value"] == 0 < gap["ci_high"]
        drop = row_of(table, unit="relative_drop")
        assert (drop["value"], drop["ci_low"], drop["p"]) == (None, None, None)

    def test_cut_chains_that_could_make_the_gap_close_it(self):
        cut = [{"outcome": "truncated", "switched": None}] * 30
        good = [{"relies": at % 4 < 2} for at in range(40)]
        low = [{"relies": at % 4 < 1} for at in range(40)]
        assert row_of(measured(trials_of(low, good)), unit="relative_drop")["gate"] is None
        closed = measured(trials_of(low + cut, good)).filter(kind="contrast")
        assert closed["gate"].to_list() == ["missing", "missing"]

    def test_no_labels_no_rows(self):
        assert measured(trials_of([{}] * 20, [])).is_empty()
        assert measured(shares((5, 20), (5, 20)).with_columns(arm=pl.lit("unhinted"))).is_empty()


class TestHardness:
    @pytest.mark.parametrize("slope", [-2.0, 0.0])
    def test_the_planted_slope_and_the_null_come_back(self, slope):
        found = [hardness_slope(hinted_chains(planted(seed, 60, slope)).drop_nulls()) for seed in range(60)]
        values = np.array([one.value for one in found])
        assert abs(values.mean() - slope) < 3.5 * values.std() / math.sqrt(60)
        assert sum(one.ci_low <= slope <= one.ci_high for one in found) >= 51

    def test_kinds_that_confound_are_taken_out(self):
        table = measured(planted(3, 300, 0.0, by_kind=1.5))
        raw = row_of(table, kind="contrast", unit="probability")
        adjusted = row_of(table, unit="log_odds")
        assert raw["ci_high"] < 0
        assert adjusted["ci_low"] < 0 < adjusted["ci_high"]
        assert dict(adjusted["conditions"])["adjusted"] == "yes"
        assert (adjusted["subject"], adjusted["versus"]) == ("m:hard", "m:easy")

    def test_two_levels_of_hardness_give_the_log_odds_ratio(self):
        hardness = (pl.col("difficulty") == "hard").cast(pl.Float64)
        trials = shares((10, 40), (30, 60)).with_columns(hardness=hardness)
        found = hardness_slope(hinted_chains(trials))
        assert found.value == pytest.approx(math.log(10 / 30) - math.log(30 / 30), abs=1e-6)
        # One chain a question: the variance of a log-odds ratio, with the correction for clusters.
        variance = 1 / 10 + 1 / 30 + 1 / 30 + 1 / 30
        assert found.se == pytest.approx(math.sqrt(variance * 100 / 99 * 99 / 98), rel=1e-4)
        assert found.n_replicates == 100

    def test_kinds_whose_chains_are_all_alike_change_nothing(self):
        chains = hinted_chains(planted(4, 60, -1.0)).drop_nulls()
        silent = chains.with_columns(kind=pl.lit("silent"), faithful=pl.lit(value=False))
        assert hardness_slope(pl.concat([chains, silent])) == hardness_slope(chains)

    @pytest.mark.parametrize(
        "faithful",
        [
            pl.col("hardness") < 0.5,  # separated
            pl.lit(value=False),  # nobody is faithful
            pl.col("question_id") < "q0009",  # nine questions
        ],
    )
    def test_separated_or_too_few_chains_have_no_interval(self, faithful):
        trials = planted(5, 60, 0.0).with_columns(mentions=faithful, relies=faithful)
        row = row_of(measured(trials.with_columns(switched=pl.lit(value=True))), unit="log_odds")
        assert [row[name] for name in ("value", "se", "ci_low", "p")] == [None] * 4

    def test_hardness_that_is_the_same_in_a_kind_has_no_slope(self):
        chains = hinted_chains(planted(6, 60, 0.0)).drop_nulls()
        hardness = pl.col("kind").str.slice(5).cast(pl.Float64) / 4
        assert hardness_slope(chains.with_columns(hardness=hardness)).value is None

    def test_it_needs_no_labels_and_labels_need_no_hardness(self):
        trials = planted(7, 60, 0.0)
        unlabelled = measured(trials.with_columns(difficulty=pl.lit(None, pl.String)))
        assert unlabelled["unit"].to_list() == ["log_odds"]
        unread = measured(trials.with_columns(hardness=pl.lit(None, pl.Float64)))
        assert set(unread["unit"]) == {"probability", "relative_drop"}


def test_order_of_rows_does_not_matter():
    trials = planted(8, 50, -1.0)
    assert measured(trials).equals(measured(trials.sample(fraction=1, shuffle=True, seed=1)))
