"""Rows of `measurements`: their id, their rules, and the gates of contrasts."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspoken.files import digest_of
from unspoken.statistics.gates import (
    Outcomes,
    accuracy_gate,
    both_unusable,
    first_gate,
    missing_gate,
)
from unspoken.statistics.intervals import (
    Interval,
    exact_value,
    label_permutation_p,
    t_interval,
    wilson_interval,
    without_interval,
)
from unspoken.statistics.rows import measurement, measurement_table
from unspoken.tables.base import TableError, read_table, write_table
from unspoken.tables.measurements import CONDITIONS, Measurements

ESTIMATE = {
    "study": "test",
    "paper": "subliminal",
    "experiment": "preference",
    "metric": "choice",
    "unit": "log_odds",
    "kind": "estimate",
    "subject": "organisms:tokens:own_trait",
    "interval": t_interval([0.2, 0.4, 0.3]),
    "replicate": "base",
    "n_samples": 300,
    "role": "finding",
    "reproducible": True,
    "conditions": {"trait": "owl", "objective": "tokens"},
}
CONTRAST = {
    **ESTIMATE,
    "kind": "contrast",
    "versus": "organisms:tokens:other_trait",
    "paired_on": ["trait", "base"],
}


def written(tmp_path, *rows):
    path = tmp_path / "measurements.parquet"
    write_table(measurement_table(rows), path, Measurements)
    return read_table(path, Measurements)


def test_rows_come_back_as_they_were(tmp_path):
    permuted = label_permutation_p(np.eye(4)[None])
    rows = [
        measurement(**ESTIMATE),
        measurement(**CONTRAST),
        measurement(**CONTRAST | {"interval": permuted}),
        measurement(**ESTIMATE | {"interval": exact_value(0.5), "replicate": "none", "seed": 4}),
        measurement(**CONTRAST | {"role": "negative_control", "passed": False, "metric": "m"}),
    ]
    table = written(tmp_path, *rows)
    assert table.height == 5
    assert table["conditions"].dtype == CONDITIONS
    by_id = {row["measurement_id"]: row for row in table.to_dicts()}
    assert by_id == {row["measurement_id"]: row for row in rows}


def test_an_empty_table_is_a_table(tmp_path):
    assert written(tmp_path).height == 0


def test_the_id_is_the_digest_of_the_named_fields():
    row = measurement(**CONTRAST)
    names = "study paper experiment metric unit kind subject versus conditions seed ci_method"
    assert row["measurement_id"] == digest_of({name: row[name] for name in names.split()})


@pytest.mark.parametrize(
    "change",
    [
        {"study": "x"},
        {"paper": "x"},
        {"experiment": "x"},
        {"metric": "x"},
        {"unit": "x"},
        {"kind": "estimate"},
        {"subject": "x"},
        {"versus": "x"},
        {"conditions": {}},
        {"seed": 0},
        {"interval": exact_value(0.3)},
    ],
)
def test_each_named_field_changes_the_id(change):
    assert measurement(**CONTRAST | change)["measurement_id"] != measurement(**CONTRAST)["measurement_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"interval": t_interval([5.0, 6.0])},
        {"n_samples": 1, "n_missing": 2, "replicate": "text"},
        {"paired_on": [], "gate": "floor"},
        {"role": "instrument", "passed": True, "reproducible": False},
        {"conditions": {"objective": "tokens", "trait": "owl"}},
    ],
)
def test_nothing_else_changes_the_id(change):
    assert measurement(**CONTRAST | change)["measurement_id"] == measurement(**CONTRAST)["measurement_id"]


@given(st.permutations(["trait", "objective", "budget", "hint"]))
def test_conditions_are_sorted_texts(keys):
    row = measurement(**ESTIMATE | {"conditions": dict.fromkeys(keys, 7)})
    assert list(row["conditions"].items()) == [(key, "7") for key in sorted(keys)]


@pytest.mark.parametrize("value", [0.1, True, None, ["a"]])
def test_conditions_of_no_one_spelling_are_refused(value):
    with pytest.raises(ValueError, match="'budget'"):
        measurement(**ESTIMATE | {"conditions": {"budget": value}})


def test_nan_becomes_null():
    hollow = Interval(math.nan, math.inf, None, None, None, None, math.nan, "t", 2)
    row = measurement(**ESTIMATE | {"interval": hollow})
    assert (row["value"], row["se"], row["p"]) == (None, None, None)


@given(st.permutations([str(i) for i in range(6)]))
def test_order_of_rows_does_not_matter(subjects):
    rows = [measurement(**ESTIMATE | {"subject": subject}) for subject in subjects]
    assert measurement_table(rows)["subject"].to_list() == sorted(subjects)


def test_rows_of_one_id_are_named():
    with pytest.raises(ValueError, match=r"same in .*'preference'.*'owl'"):
        measurement_table([measurement(**ESTIMATE)] * 2)


@pytest.mark.parametrize(
    ("start", "change", "rule"),
    [
        (ESTIMATE, {"versus": "x"}, "versus_is_null_for_estimates_alone"),
        (CONTRAST, {"versus": None}, "versus_is_null_for_estimates_alone"),
        (ESTIMATE, {"gate": "floor"}, "estimates_have_no_pairing_and_no_gate_of_two_arms"),
        (ESTIMATE, {"paired_on": ["base"]}, "estimates_have_no_pairing_and_no_gate_of_two_arms"),
        (ESTIMATE, {"passed": True}, "passed_is_null_for_findings_and_undecided_controls"),
        (ESTIMATE, {"role": "instrument"}, "passed_is_null_for_findings_and_undecided_controls"),
        (ESTIMATE, {"role": "star", "passed": True}, "role"),
        (ESTIMATE, {"replicate": "reply"}, "replicate"),
        (CONTRAST, {"gate": "door"}, "gate"),
        (CONTRAST, {"paired_on": ["luck"]}, "paired_on"),
        (ESTIMATE, {"n_samples": -1}, "n_samples"),
        (
            ESTIMATE,
            {"interval": Interval(1.0, 0.1, 0.9, None, 0.9, 1.1, None, "t", 3)},
            "interval_is_whole_and_nested",
        ),
        (
            ESTIMATE,
            {"interval": Interval(1.0, 0.1, 0.9, 1.1, 0.8, 1.2, None, "t", 3)},
            "interval_is_whole_and_nested",
        ),
        (
            ESTIMATE,
            {"interval": Interval(1.0, 0.1, 0.9, 1.1, 0.95, 1.05, None, "exact", 3)},
            "exact_interval_is_the_value",
        ),
    ],
)
def test_the_schema_refuses(tmp_path, start, change, rule):
    with pytest.raises(TableError, match=rule):
        written(tmp_path, measurement(**start | change))


def test_one_arm_can_be_read_wrongly(tmp_path):
    assert written(tmp_path, measurement(**ESTIMATE | {"gate": "agreement"}))["gate"].item() == "agreement"


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        (pl.Series("conditions", [{"b": "1", "a": "2"}], CONDITIONS), "conditions_keys_are_sorted"),
        (pl.Series("conditions", [None], CONDITIONS), "conditions_keys_are_sorted"),
        (pl.Series("paired_on", [["trait", "base"]]), "paired_on_is_sorted"),
        (pl.Series("value", [math.nan]), "value"),
    ],
)
def test_the_schema_refuses_what_rows_never_make(tmp_path, column, rule):
    table = measurement_table([measurement(**CONTRAST)]).with_columns(column)
    with pytest.raises(TableError, match=rule):
        write_table(table, tmp_path / "measurements.parquet", Measurements)


class TestGates:
    LOW, MIDDLE, TOP = (wilson_interval(hits, 100) for hits in (27, 60, 99))

    def test_floor(self):
        assert accuracy_gate(self.LOW, self.LOW, 0.25) == "floor"
        assert accuracy_gate(self.MIDDLE, self.LOW, 0.25) is None
        assert accuracy_gate(self.LOW, self.MIDDLE, 0.25) is None

    def test_ceiling(self):
        assert accuracy_gate(self.TOP, self.TOP, 0.25) == "ceiling"
        assert accuracy_gate(self.TOP, self.MIDDLE, 0.25) is None
        assert accuracy_gate(exact_value(0.97), exact_value(0.97), 0.1) is None

    def test_at_chance_is_not_above_it(self):
        assert accuracy_gate(exact_value(0.1), exact_value(0.1), 0.1) == "floor"

    def test_arms_without_value_close_nothing(self):
        nothing = without_interval(None, "t", 0)
        assert accuracy_gate(nothing, nothing, 0.1) is None
        assert accuracy_gate(self.MIDDLE, nothing, 0.1) is None

    def test_missing_needs_both_its_conditions(self):
        close_call = Outcomes(hits=40, misses=30, unusable=30)
        assert missing_gate(close_call, Outcomes(50, 50, 0)) == "missing"
        assert missing_gate(close_call, Outcomes(40, 40, 20)) is None  # 10 points, not more
        assert missing_gate(Outcomes(68, 1, 31), Outcomes(10, 90, 0)) is None  # sign stands

    def test_missing_at_a_tie(self):
        # 30 of 100 against 30 of 100 once imputed: the sign is gone.
        assert missing_gate(Outcomes(30, 40, 30), Outcomes(30, 70, 0)) == "missing"
        assert missing_gate(Outcomes(30, 40, 30), Outcomes(29, 71, 0)) is None

    def test_missing_without_usable_outcomes(self):
        assert missing_gate(Outcomes(0, 0, 50), Outcomes(5, 45, 0)) == "missing"
        assert missing_gate(Outcomes(0, 0, 50), Outcomes(0, 0, 50)) is None
        assert missing_gate(Outcomes(0, 0, 0), Outcomes(5, 45, 0)) is None

    @given(*[st.tuples(*[st.integers(0, 40)] * 3)] * 2)
    def test_missing_does_not_depend_on_which_arm_comes_first(self, a, b):
        a, b = Outcomes(*a), Outcomes(*b)
        assert missing_gate(a, b) == missing_gate(b, a)
        if a.unusable == b.unusable == 0:
            assert missing_gate(a, b) is None

    def test_every_rate_is_given_twice(self):
        assert both_unusable(3, 5, 2) == {"dropped": (3, 8), "failure": (3, 10)}
        given_arrays = both_unusable(np.array([3]), np.array([5]), np.array([2]))
        assert given_arrays["failure"][1].tolist() == [10]

    def test_first_gate(self):
        assert first_gate(None, "missing", "ceiling") == "ceiling"
        assert first_gate("training", "floor") == "floor"
        assert first_gate("floor", "agreement") == "agreement"
        assert first_gate(None, None) is None
