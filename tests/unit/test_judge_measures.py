"""The judge's errors as rows of measurements, and corrected scores on planted judges."""

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.faithfulness.measure.judges import (
    add_agreement,
    add_calibration,
    add_challenge,
    correction_of,
    rejudged,
)
from unspoken.judges.judge_patterns import read_patterns
from unspoken.judges.labelling import drawn_chains
from unspoken.statistics.bootstrap import resampled, statistic_ends
from unspoken.statistics.calibration import difference_sums
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

RESOURCES = Path(__file__).parents[2] / "resources"
PATTERNS = read_patterns(RESOURCES / "judges.yaml")
SEED = 5


@cache
def challenge() -> pl.DataFrame:
    return pl.read_ndjson(RESOURCES / "gold/challenge.jsonl")


@cache
def gold() -> pl.DataFrame:
    return pl.read_ndjson(RESOURCES / "gold/calibration.jsonl")


def new_report() -> Report:
    return Report("s", "chen2025", "faithfulness", reproducible=True)


def rows_of(report: Report, metric: str, **conditions: str) -> list[dict]:
    assert Measurements.is_valid(report.measurements())
    return [
        row
        for row in report.rows
        if row["metric"] == metric and conditions.items() <= row["conditions"].items()
    ]


def one_row(report: Report, metric: str, **conditions: str) -> dict:
    (row,) = rows_of(report, metric, **conditions)
    return row


class TestChallenge:
    def test_the_check_holds_on_the_written_chains(self) -> None:
        report = new_report()
        add_challenge(report, challenge(), PATTERNS)
        rows = rows_of(report, "challenge_pass_rate")
        assert len(rows) == 3 * 8
        assert all(row["role"] == "instrument" and row["passed"] for row in rows)
        assert one_row(report, "challenge_pass_rate", cell="all", verdict="both")["n_replicates"] == 126

    def test_rates_by_hand(self) -> None:
        """Truths turned round make right verdicts wrong, and the other way round."""
        straight, turned = new_report(), new_report()
        add_challenge(straight, challenge(), PATTERNS)
        add_challenge(turned, challenge().with_columns(~pl.col("mentions")), PATTERNS)
        for cell in ("all", "denies", "no_mention"):
            sought = {"cell": cell, "verdict": "mentions"}
            one, other = (one_row(report, "challenge_pass_rate", **sought) for report in (straight, turned))
            assert one["value"] + other["value"] == pytest.approx(1)
            assert (one["passed"], other["passed"]) == (True, False)
        assert one_row(turned, "challenge_pass_rate", cell="all", verdict="both")["passed"] is False

    def test_bare_copies_and_open_reliance_are_told_apart(self) -> None:
        report = new_report()
        add_challenge(report, challenge(), PATTERNS)
        assert one_row(report, "challenge_pass_rate", cell="echoes_prompt", verdict="both")["value"] > 0.8
        named = one_row(report, "challenge_pass_rate", cell="mentions_and_relies", verdict="mentions")
        assert named["value"] > 0.8


class TestAgreement:
    def planted(self) -> pl.DataFrame:
        """Return 40 chains in two strata of sizes 80 and 20: each passes and judge have known errors."""
        number = pl.int_range(40)
        frame = pl.DataFrame({"question_id": [f"q{n:02}" for n in range(40)]}).with_columns(
            stratum=pl.when(number < 20).then(pl.lit("a")).otherwise(pl.lit("b")),
            half=pl.when(number % 2 == 0).then(pl.lit("test")).otherwise(pl.lit("develop")),
            subject=pl.lit("m"), relies=pl.lit(value=False), judge_relies=pl.lit(value=False),
            first_relies=pl.lit(value=False), second_relies=pl.lit(value=False),
            mentions=(number >= 20) | (number < 4), judge_mentions=number >= 20,
            first_mentions=number >= 20, second_mentions=(number >= 20) & (number < 30),
        )  # fmt: skip
        size = pl.when(pl.col("stratum") == "a").then(80).otherwise(20)
        return frame.with_columns(stratum_size=size, weight=size / 20)

    def test_by_hand(self) -> None:
        report = new_report()
        add_agreement(report, self.planted(), SEED)
        value = {
            name: one_row(report, name, verdict="mentions")["value"]
            for name in ("pass_agreement", "judge_agreement", "judge_sensitivity", "judge_specificity")
        }
        # Half of the 20 in b differ; of the test half's ten in a, standing for 80, two are missed: 16.
        expected = {"pass_agreement": 0.9, "judge_agreement": 0.84}
        expected |= {"judge_sensitivity": 20 / 36, "judge_specificity": 1}
        assert value == pytest.approx(expected)
        assert one_row(report, "judge_kappa", verdict="relies")["value"] is None
        assert {row["half"] for row in (row["conditions"] for row in rows_of(report, "pass_kappa"))} == {
            "all"
        }

    def test_the_stored_labels(self) -> None:
        report = new_report()
        add_agreement(report, rejudged(gold(), PATTERNS), SEED)
        assert len(report.rows) == 18
        assert one_row(report, "pass_agreement", verdict="mentions")["value"] > 0.9


STUDIES, QUESTIONS, EACH, READ = 300, 80, 2, 60


def planted_study(rng: np.random.Generator, study: int, share: float) -> pl.DataFrame:
    """Return switched trials of 80 questions; a judge with sensitivity 0.6 and specificity 0.9."""
    size = QUESTIONS * EACH
    truth = rng.random(size) < share
    verdict = rng.random(size) < np.where(truth, 0.6, 0.1)
    number = pl.int_range(size)
    return pl.DataFrame({"truth": truth, "mentions": verdict}).with_columns(
        prompt_id=pl.format("s{}-{}", pl.lit(f"{study:03}"), number), subject=pl.lit("m"), arm=pl.lit("hint"),
        chain=pl.format("It is {}.", number),
        question_id=pl.format(
            "s{}-q{}", pl.lit(f"{study:03}"), (number // EACH).cast(pl.String).str.zfill(2)
        ),
        kind=pl.lit("metadata"), outcome=pl.lit("answered"), answer=pl.lit("A"), relies="mentions",
        switched=pl.lit(value=True), at_risk=pl.lit(value=True), lexical_mentions="mentions",
        lexical_relies="mentions",
        stratum=pl.format("metadata:{}:switched", "mentions"),
    )  # fmt: skip


def labelled(study: pl.DataFrame, seed: int, count: int = READ) -> pl.DataFrame:
    drawn = drawn_chains(study, count, seed)
    return drawn.with_columns(
        seed=pl.lit(1), judge_mentions="mentions", judge_relies="relies", mentions="truth", relies="truth"
    )


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_corrected_faithfulness_covers_the_truth(share: float) -> None:
    rng = np.random.default_rng(int(100 * share))
    studies = [planted_study(rng, study, share) for study in range(STUDIES)]
    labels = pl.concat([labelled(study, seed) for seed, study in enumerate(studies)], rechunk=True)
    found = correction_of(labels, pl.concat(studies, rechunk=True), "m", 1, "lexical")
    assert found.name == "design"
    sums, statistic = difference_sums(found.chains.with_columns(verdict="faithful", label="label_faithful"))
    ends = statistic_ends(resampled(sums.reshape(STUDIES, QUESTIONS, -1), 2, 200), statistic)
    low, high = ends.ends[:, 0] - 1e-9, ends.ends[:, 1] + 1e-9
    assert np.mean((low <= share) & (share <= high)) >= 0.91
    assert abs(np.mean(ends.value) - share) < 0.1 * np.mean(high - low)
    judged = found.chains["faithful"].mean()
    assert judged == pytest.approx(0.1 + 0.5 * share, abs=0.02), "the judge errs, or nothing was tested"


class TestCalibration:
    TRIALS = planted_study(np.random.default_rng(1), 0, 0.5)
    GOLD = labelled(TRIALS, 2)

    def rows(self, subject: str = "m", seed: int = 1, **others: object) -> Report:
        report = new_report()
        trials = self.TRIALS.with_columns(subject=pl.lit(subject))
        add_calibration(report, others.pop("gold", self.GOLD), trials, subject, SEED, seed, **others)
        return report

    def test_all_labelled_gives_the_truth(self) -> None:
        report = self.rows(gold=labelled(self.TRIALS, 2, 500))
        for metric in ("mention_share_corrected", "faithfulness_corrected"):
            row = one_row(report, metric, hint="all", estimator="difference", correction="design")
            assert row["value"] == pytest.approx(self.TRIALS["truth"].mean())

    def test_same_model_and_seed(self) -> None:
        report = self.rows()
        kinds = rows_of(report, "faithfulness_corrected", estimator="difference", correction="design")
        assert {row["conditions"]["hint"] for row in kinds} == {"all", "metadata"}
        assert one_row(report, "faithfulness_corrected", estimator="rogan_gladen")["n_samples"] == 160

    def test_same_model_other_seed(self) -> None:
        report = self.rows(seed=2)
        rows = rows_of(report, "faithfulness_corrected")
        assert [row["conditions"]["correction"] for row in rows] == ["transported"]
        assert (rows[0]["value"] is None) == ("reason" in rows[0]["conditions"])

    def test_transported_rates_correct_where_labels_are_many(self) -> None:
        known = labelled(self.TRIALS, 2, 500).with_columns(half=pl.lit("test"))
        report = self.rows(seed=2, gold=known)
        row = one_row(report, "mention_share_corrected", correction="transported")
        assert row["ci_low"] < self.TRIALS["truth"].mean() < row["ci_high"]
        assert abs(row["value"] - self.TRIALS["truth"].mean()) < 0.15

    @pytest.mark.parametrize("column", ["prompt_id", "chain"])
    def test_chains_that_are_not_those_labelled_are_another_run(self, column: str) -> None:
        moved = self.GOLD.with_columns(pl.lit("gone ").add(pl.col(column)).alias(column))
        assert rows_of(self.rows(gold=moved), "faithfulness_corrected", correction="design") == []

    def test_labels_of_the_few_chains_that_rounding_drew_otherwise_are_left_out(self) -> None:
        everything = labelled(self.TRIALS, 2, 500)
        other = pl.int_range(pl.len()) < 0.04 * everything.height
        # Their labels are wrong here: nothing of them may be left.
        few = everything.with_columns(
            chain=pl.when(other).then(pl.lit("It is otherwise.")).otherwise("chain"),
            mentions=pl.col("mentions") ^ other, relies=pl.col("relies") ^ other,
        )  # fmt: skip
        row = one_row(self.rows(gold=few), "faithfulness_corrected", estimator="difference", hint="all")
        assert row["conditions"]["correction"] == "design"
        assert row["value"] == pytest.approx(self.TRIALS["truth"].mean(), abs=0.03)

    def test_other_model_has_no_value(self) -> None:
        report = self.rows(subject="other")
        row = one_row(report, "faithfulness_corrected", correction="none: no labels of this model")
        assert row["value"] is None

    def test_other_judge_carries_no_rates_over(self) -> None:
        row = one_row(self.rows(seed=2, judge="llm"), "faithfulness_corrected")
        assert row["value"] is None
        assert row["conditions"]["correction"].startswith("none")

    def test_a_judge_changed_since_then_is_corrected_by_the_test_half_alone(self) -> None:
        # Labels of the develop half are wrong here: nothing of them may be left.
        wrong = pl.when(pl.col("half") == "develop").then(~pl.col("truth")).otherwise("truth")
        changed = labelled(self.TRIALS, 2, 500).with_columns(mentions=wrong, relies=wrong, frozen=False)
        row = one_row(self.rows(gold=changed), "faithfulness_corrected", estimator="difference", hint="all")
        assert row["value"] == pytest.approx(self.TRIALS["truth"].mean(), abs=0.15)
        right = changed.with_columns(mentions="truth", relies="truth")
        same = one_row(self.rows(gold=right), "faithfulness_corrected", estimator="difference", hint="all")
        assert row["value"] == same["value"]

    def test_no_switched_trials_add_nothing(self) -> None:
        report, still = new_report(), self.TRIALS.with_columns(switched=pl.lit(value=False))
        add_calibration(report, self.GOLD, still, "m", SEED, 1)
        assert report.rows == []
