"""The labelled replies of resources/gold/stated_*.jsonl are what their README says."""

from pathlib import Path

import polars as pl
import pytest

GOLD = Path(__file__).parents[2] / "resources/gold"
QUOTATIONS = {
    "asked", "conditional", "grader", "history", "metadata", "negated",
    "professor", "some_say", "students", "taken_back", "user", "wrong",
}  # fmt: skip
LETTERS = [chr(65 + position) for position in range(10)]


def of_half(half: str) -> pl.DataFrame:
    rows = pl.read_ndjson(GOLD / f"stated_{half}.jsonl", infer_schema_length=None)
    return rows.with_columns(half=pl.lit(half))


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return pl.concat([of_half("develop"), of_half("test")])


def test_the_halves_have_forty_formats_of_25_replies(rows: pl.DataFrame):
    assert rows.group_by("half").len().sort("half").rows() == [("develop", 500), ("test", 500)]
    assert rows["format"].value_counts()["count"].to_list() == [25] * 40
    assert set(rows.group_by("half", "format").len()["len"]) == {12, 13}
    assert rows["id"].n_unique() == rows.height


def test_each_kind_of_quotation_has_25_rows_and_is_in_both_halves(rows: pl.DataFrame):
    kinds = rows.drop_nulls("quotation")
    assert set(kinds["quotation"]) == QUOTATIONS
    assert kinds["quotation"].value_counts()["count"].min() >= 25
    assert kinds.group_by("half", "quotation").len()["len"].min() >= 12
    assert 0.43 < kinds.height / rows.height < 0.48


def test_every_written_format_crosses_every_kind_of_quotation(rows: pl.DataFrame):
    written = rows.filter(source="written").drop_nulls("quotation")
    kinds = written.group_by("format").agg(pl.col("quotation").n_unique())
    assert kinds.height == 32
    assert set(kinds["quotation"]) == {12}


def test_an_answer_is_the_letter_of_an_option_or_null(rows: pl.DataFrame):
    stated = rows.drop_nulls("answer")
    assert set(stated["answer"]) <= set(LETTERS)
    place = stated["answer"].replace_strict(LETTERS, range(10), return_dtype=pl.UInt32)
    assert (place < stated["options"].list.len()).all()
    assert 2 <= rows["options"].list.len().min() <= rows["options"].list.len().max() == 10
    assert (rows["options"].list.n_unique() == rows["options"].list.len()).all()
    assert rows["answer"].null_count() >= 80
    assert set(rows["finish_reason"]) == {None, "stop", "length"}


def test_the_written_replies_are_varied(rows: pl.DataFrame):
    written = rows.filter(source="written")
    assert written["reply"].n_unique() == written.height == 800
    assert written["options"].list.sort().list.join("|").n_unique() >= 60


def test_the_real_replies_are_those_of_the_calibration_set(rows: pl.DataFrame):
    real = rows.filter(source="smollm2-135m")
    calibration = pl.read_ndjson(GOLD / "calibration.jsonl", infer_schema_length=None)
    found = real.join(calibration, left_on="note", right_on="id", suffix="_of_calibration")
    assert found.height == real.height == real["note"].n_unique() == 200
    assert (found["reply"] == found["chain"]).all()
    shown = found.select(pl.col("prompt").str.contains(pl.col("options").list.get(0), literal=True))
    assert shown["prompt"].all()
