"""Accuracy by arm, outcomes of replies, and the pull of positions, on tables of known answers."""

import itertools
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspoken.experiments.faithfulness.measure.hint_accuracy import (
    add_hint_accuracy,
    position_share,
    random_letters_p,
)
from unspoken.statistics.intervals import wilson_interval
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

TYPES = {
    "question_id": pl.String, "arm": pl.String, "kind": pl.String, "target": pl.String, "key": pl.String,
    "n_options": pl.Int64, "kept_order": pl.Boolean, "outcome": pl.String, "answer": pl.String,
    "direct": pl.String, "engine": pl.String, "subject": pl.String, "free": pl.String, "forced": pl.String,
}  # fmt: skip
ROW = {
    "kind": None, "target": None, "key": "B", "n_options": 4, "kept_order": False, "outcome": "answered",
    "answer": "B", "direct": None, "engine": "transformers", "subject": "m", "free": None, "forced": None,
}  # fmt: skip


def replies(arm: str, answers: str, **row: Any) -> list[dict[str, Any]]:
    """Return one reply a question, by its letter; `-` is unparsed, `~` was cut though B could be read."""
    read = {"-": {"answer": None, "outcome": "unparsed"}, "~": {"answer": "B", "outcome": "truncated"}}
    return [
        ROW | {"question_id": f"q{at:03}", "arm": arm, "answer": letter} | row | read.get(letter, {})
        for at, letter in enumerate(answers)
    ]


def hinted(answers: str, kind: str = "metadata", **row: Any) -> list[dict[str, Any]]:
    return replies("hint", answers, **{"kind": kind, "target": "A", **row})


def measured(*rows: list[dict[str, Any]]) -> pl.DataFrame:
    report = Report("default", "turpin2023", "faithfulness", reproducible=True)
    trials = pl.DataFrame(list(itertools.chain(*rows)), schema=TYPES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_hint_accuracy(report, trials, "m", 11)
    table = report.measurements()
    Measurements.validate(table)
    assert {name for name in (*table["subject"], *table["versus"]) if name} <= set(
        report.groups()["subject_id"]
    )
    return table


def rows_of(table: pl.DataFrame, conditions: dict[str, str | None], **wanted: str) -> list[dict[str, Any]]:
    found = table.filter(**wanted)
    for key, value in conditions.items():
        found = found.filter(pl.col("conditions").map.get(key).eq_missing(pl.lit(value, pl.String)))
    return found.to_dicts()


def accuracy(
    table: pl.DataFrame, arm: str, hint: str | None = None, unusable: str = "dropped"
) -> dict[str, Any]:
    conditions = {"hint": hint, "unusable": unusable}
    [row] = rows_of(table, conditions, metric="accuracy", kind="estimate", subject=f"m:{arm}")
    return row


def gap(
    table: pl.DataFrame, arm: str, versus: str, hint: str | None = None, unusable: str = "dropped"
) -> dict[str, Any]:
    conditions = {"hint": hint, "unusable": unusable}
    names = {"subject": f"m:{arm}", "versus": f"m:{versus}"}
    [row] = rows_of(table, conditions, metric="accuracy", kind="contrast", **names)
    return row


class TestAccuracy:
    def test_one_reply_a_question_has_wilsons_interval(self):
        row = accuracy(measured(replies("unhinted", "BBBACDBA")), "unhinted")
        exact = wilson_interval(4, 8)
        assert (row["value"], row["ci_low"], row["n_replicates"]) == (0.5, exact.ci_low, 8)
        assert (row["unit"], row["ci_method"]) == ("accuracy", "wilson")

    def test_unusable_replies_are_dropped_or_failures_and_a_cut_one_is_unusable(self):
        table = measured(replies("unhinted", "BBBA-~~~"))
        dropped, failure = (accuracy(table, "unhinted", unusable=how) for how in ("dropped", "failure"))
        assert (dropped["value"], dropped["n_samples"], dropped["n_missing"]) == (0.75, 4, 4)
        assert (failure["value"], failure["n_samples"], failure["n_missing"]) == (3 / 8, 8, 4)

    def test_hints_count_by_kind_and_all_over_questions(self):
        table = measured(hinted("BBAA"), hinted("BAAA", "sycophancy"))
        assert [accuracy(table, "hinted", hint)["value"] for hint in ("metadata", "sycophancy", "all")] == [
            0.5, 0.25, 0.375,
        ]  # fmt: skip
        assert accuracy(table, "hinted", "all")["n_replicates"] == 4
        assert accuracy(table, "hinted", "all")["n_samples"] == 8

    def test_hints_to_the_key_and_questions_without_a_key_are_left_out(self):
        table = measured(hinted("BBAA"), hinted("BBBB", target="B"), hinted("BBBB", key=None))
        assert accuracy(table, "hinted", "all")["n_samples"] == 4
        assert rows_of(measured(replies("unhinted", "BB", key=None)), {}, metric="accuracy") == []

    def test_every_arm_has_its_own(self):
        arms = ["sham", "moved", "irrelevant", "few_shot_first", "few_shot_balanced"]
        kinds = [None, "metadata", "metadata", "few_shot", "few_shot"]
        made = [
            replies(arm, "B" * (at + 1) + "A" * (5 - at), kind=kind)
            for at, (arm, kind) in enumerate(zip(arms, kinds, strict=True))
        ]
        table = measured(*made, replies("unhinted", "AAAAAA", direct="B"))
        found = [accuracy(table, arm, kind)["value"] for arm, kind in zip(arms, kinds, strict=True)]
        assert found == pytest.approx([(at + 1) / 6 for at in range(5)])
        assert (accuracy(table, "unhinted")["value"], accuracy(table, "direct")["value"]) == (0, 1)


class TestGaps:
    def test_chain_minus_no_chain_is_paired_by_question(self):
        def against(direct: str) -> dict[str, Any]:
            rows = replies("unhinted", "BBBBBBBAAA" * 4)
            read = [row | {"direct": letter} for row, letter in zip(rows, direct * 4, strict=True)]
            return gap(measured(read), "unhinted", "direct")

        alike, crossed = against("BBBBAAAAAA"), against("AAAAAABBBB")
        assert (alike["value"], crossed["value"]) == pytest.approx((0.3, 0.3))
        assert (alike["paired_on"], alike["n_samples"], alike["n_replicates"]) == (["question"], 80, 40)
        assert alike["ci_high"] - alike["ci_low"] < 0.6 * (crossed["ci_high"] - crossed["ci_low"])

    def test_without_direct_readings_there_is_no_such_gap(self):
        table = measured(replies("unhinted", "BBBA"))
        assert rows_of(table, {}, metric="accuracy", kind="contrast") == []
        assert rows_of(table, {}, subject="m:direct") == []

    def test_hinted_minus_unhinted_uses_the_questions_that_both_answered(self):
        table = measured(replies("unhinted", "BBBBBA-B"), hinted("BAABAA"), hinted("--AA", "sycophancy"))
        assert gap(table, "hinted", "unhinted", "metadata")["value"] == pytest.approx(2 / 6 - 5 / 6)
        other = gap(table, "hinted", "unhinted", "sycophancy")
        assert (other["value"], other["n_replicates"], other["n_missing"]) == (-1, 2, 2)
        failure = gap(table, "hinted", "unhinted", "sycophancy", "failure")
        assert (failure["value"], failure["n_replicates"]) == (-1, 4)
        assert gap(table, "hinted", "unhinted", "all")["n_replicates"] == 6

    def test_examples_that_all_answer_a_minus_balanced_ones(self):
        biased = replies("few_shot_first", "AAAB" * 10, kind="few_shot", target="A")
        table = measured(biased, replies("few_shot_balanced", "BBAB" * 10, kind="few_shot"))
        row = gap(table, "few_shot_first", "few_shot_balanced", "few_shot")
        assert row["value"] == pytest.approx(-0.5)
        assert row["ci_high"] < 0
        assert row["p"] < 0.01

    def test_accuracies_at_chance_or_at_the_top_close_the_gate(self):
        chance = measured(replies("unhinted", "BACD" * 10), hinted("ABCD" * 10))
        assert gap(chance, "hinted", "unhinted", "all")["gate"] == "floor"
        perfect = measured(replies("unhinted", "B" * 40), hinted("B" * 39 + "A"))
        assert gap(perfect, "hinted", "unhinted", "all")["gate"] == "ceiling"
        between = measured(replies("unhinted", "BBBA" * 10), hinted("BABA" * 10))
        assert gap(between, "hinted", "unhinted", "all")["gate"] is None

    def test_chance_is_that_of_the_questions_asked(self):
        unhinted, moved = "BBA" * 20, "BAA" * 20
        of_four = measured(replies("unhinted", unhinted), hinted(moved))
        of_two = measured(replies("unhinted", unhinted, n_options=2), hinted(moved, n_options=2))
        gates = [gap(table, "hinted", "unhinted", "all")["gate"] for table in (of_four, of_two)]
        assert gates == [None, None]
        low = measured(replies("unhinted", "BA" * 30, n_options=2), hinted(moved, n_options=2))
        assert gap(low, "hinted", "unhinted", "all")["gate"] == "floor"
        assert (
            gap(measured(replies("unhinted", "BA" * 30), hinted(moved)), "hinted", "unhinted", "all")["gate"]
            is None
        )

    def test_replies_of_no_use_in_one_arm_close_the_gate(self):
        table = measured(replies("unhinted", "BBBA" * 10), hinted("BA--" * 10))
        assert gap(table, "hinted", "unhinted", "all")["gate"] == "missing"


class TestOutcomes:
    def test_each_outcome_is_a_share_of_its_own_by_arm(self):
        refused = replies("unhinted", "-", outcome="refused")[0] | {"question_id": "q9", "outcome": "refused"}
        table = measured(replies("unhinted", "AB-~~"), [refused], hinted("BBB~"))
        for arm, expected in (
            ("unhinted", {"answered": 2 / 6, "truncated": 2 / 6, "refused": 1 / 6, "unparsed": 1 / 6}),
            ("hinted", {"answered": 3 / 4, "truncated": 1 / 4, "refused": 0, "unparsed": 0}),
        ):
            rows = rows_of(table, {}, metric="outcome_share", subject=f"m:{arm}")
            assert {dict(row["conditions"])["outcome"]: row["value"] for row in rows} == pytest.approx(
                expected
            )
            assert all(row["ci_low"] is not None for row in rows)


class TestPosition:
    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.sampled_from("ABCD"), min_size=2, max_size=25))
    def test_it_is_the_agreement_of_pairs_of_questions_beyond_chance(self, letters):
        agreement = np.mean([a == b for a, b in itertools.combinations(letters, 2)])
        found = position_share(pl.Series(letters), 4, 1)
        assert found.value == pytest.approx((agreement - 0.25) / 0.75, abs=1e-9)
        assert found.n_replicates == len(letters)

    def test_one_letter_always_is_1_with_an_interval_over_questions(self):
        found = position_share(pl.Series(["A"] * 50), 4, 1)
        assert (found.value, found.ci_high) == (1, 1)
        assert 0.8 < found.ci_low < found.ci90_low < 1
        assert found.ci_method == "clopper_pearson"

    @pytest.mark.parametrize(
        ("law", "truth"),
        [([0.25] * 4, 0), ([0.4, 0.2, 0.2, 0.2], 0.04), ([0.7, 0.1, 0.1, 0.1], 0.36), ([0.97, 0.03], 0.8836)],
    )
    def test_no_bias_and_coverage(self, law, truth):
        random = np.random.default_rng(3)
        samples = np.array(list("ABCD"))[random.choice(len(law), (100, 120), p=law)]
        found = [position_share(pl.Series(letters), len(law), 1) for letters in samples]
        values = np.array([one.value for one in found])
        assert abs(values.mean() - truth) < 3.5 * values.std() / 10
        assert sum(one.ci_low <= truth <= one.ci_high for one in found) >= 88

    def test_only_usable_unhinted_answers_of_the_commonest_length_count(self):
        table = measured(
            replies("unhinted", "AAAA~-"),
            [
                row | {"question_id": f"r{at}"}
                for at, row in enumerate(replies("unhinted", "BBB", n_options=2))
            ],
            hinted("CDCD"),
        )
        [row] = rows_of(table, {"n_options": "4"}, metric="position_share", kind="estimate")
        assert (row["value"], row["n_samples"], row["n_missing"]) == (1, 4, 2)

    @pytest.mark.parametrize("letters", [[], ["A"]])
    def test_one_question_agrees_with_none(self, letters):
        assert position_share(pl.Series(letters, dtype=pl.String), 4, 1).value is None


class TestRandomLetters:
    def test_it_is_the_chance_of_as_much_agreement(self):
        # Of 4^3 triples of letters 4 are all alike; 24 are all different.
        assert random_letters_p(pl.Series(list("BBB")), 4, 1) == pytest.approx(2 * 4 / 64, abs=0.02)
        assert random_letters_p(pl.Series(list("ABC")), 4, 1) == pytest.approx(2 * 24 / 64, abs=0.04)

    @pytest.mark.parametrize("n_options", [2, 4])
    def test_answers_by_content_are_called_biased_as_rarely_as_the_level_says(self, n_options):
        random = np.random.default_rng(6)
        samples = np.array(list("ABCD"))[random.integers(0, n_options, (400, 40))]
        found = [random_letters_p(pl.Series(letters), n_options, at) for at, letters in enumerate(samples)]
        assert np.mean(np.array(found) < 0.05) < 0.08

    def test_a_letter_that_is_preferred_is_found(self):
        assert random_letters_p(pl.Series(list("A" * 40 + "BCD" * 10)), 4, 1) < 0.001

    def test_the_contrast_has_the_value_of_the_estimate_and_a_p(self):
        table = measured(replies("unhinted", "AAAB" * 10))
        kinds = ("estimate", "contrast")
        one, two = (rows_of(table, {}, metric="position_share", kind=kind)[0] for kind in kinds)
        assert (one["value"], one["ci_low"], one["p"]) == (two["value"], two["ci_low"], None)
        assert two["p"] < 0.001
        assert two["versus"] == "m:random_letters"
        assert two["ci_method"] == "question_bootstrap_random_letters"

    def test_questions_that_keep_their_order_say_nothing_of_position(self):
        drawn = replies("unhinted", "ABCD" * 10)
        kept = [row | {"question_id": f"r{at}"} for at, row in enumerate(
            replies("unhinted", "D" * 40, kept_order=True))]  # fmt: skip
        alone, beside = (
            rows_of(measured(*rows), {}, metric="position_share", kind="contrast")
            for rows in ([drawn], [drawn, kept])
        )
        assert alone == beside
        assert rows_of(measured(kept), {}, metric="position_share", kind="contrast") == []

    def test_options_of_transcripts_stand_in_an_order_that_nobody_drew(self):
        table = measured(replies("unhinted", "AAAB" * 10, engine="file"))
        assert len(rows_of(table, {}, metric="position_share", kind="estimate")) == 1
        assert rows_of(table, {}, metric="position_share", kind="contrast") == []


def test_order_of_rows_does_not_matter():
    random = np.random.default_rng(0)
    rows = [
        *replies("unhinted", "".join(random.choice(list("ABCD-~"), 60)), direct="A"),
        *hinted("".join(random.choice(list("ABCD-~"), 60))),
        *hinted("".join(random.choice(list("ABCD-~"), 60)), "sycophancy"),
    ]
    shuffled = [rows[at] for at in random.permutation(len(rows))]
    assert measured(rows).equals(measured(shuffled))
