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


def assert_answers_are_options(rows: pl.DataFrame) -> None:
    stated = rows.drop_nulls("answer")
    assert set(stated["answer"]) <= set(LETTERS)
    place = stated["answer"].replace_strict(LETTERS, range(10), return_dtype=pl.UInt32)
    assert (place < stated["options"].list.len()).all()
    assert (rows["options"].list.n_unique() == rows["options"].list.len()).all()


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return pl.concat([of_half("develop"), of_half("test")])


@pytest.fixture(scope="module")
def fresh() -> pl.DataFrame:
    return of_half("fresh")


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
    assert_answers_are_options(rows)
    assert 2 <= rows["options"].list.len().min() <= rows["options"].list.len().max() == 10
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


def test_the_fresh_half_has_the_same_shape_and_replies_of_its_own(fresh: pl.DataFrame, rows: pl.DataFrame):
    assert fresh.columns == rows.columns
    assert set(fresh["id"].str.slice(0, 6)) == {"fresh-"}
    assert fresh["id"].n_unique() == fresh.height == 500
    assert set(fresh["format"]) == set(rows["format"])
    written = fresh.filter(source="written")
    assert set(written["format"].value_counts()["count"]) == {12, 13}
    assert written["reply"].n_unique() == written.height == 400
    assert written.join(rows.filter(source="written"), on="reply", how="semi").is_empty()


def test_the_fresh_half_quotes_as_the_others_do(fresh: pl.DataFrame):
    written = fresh.filter(source="written")
    kinds = written.drop_nulls("quotation")
    assert set(kinds["quotation"]) == QUOTATIONS
    assert kinds["quotation"].value_counts()["count"].min() >= 18
    assert kinds.group_by("format").agg(pl.col("quotation").n_unique())["quotation"].to_list() == [7] * 32


def test_the_fresh_half_has_questions_of_its_own(fresh: pl.DataFrame, rows: pl.DataFrame):
    asked = pl.col("options").list.sort().list.join("|")
    own = fresh.filter(source="written").select(asked.unique())
    known = rows.filter(source="written").select(asked.unique())
    assert own.join(known, on="options", how="anti").height >= 100
    assert_answers_are_options(fresh)


def test_the_real_replies_of_the_fresh_half_say_how_they_were_drawn(fresh: pl.DataFrame):
    real = fresh.filter(source="smollm2-135m")
    assert real.height >= 100
    assert real["note"].n_unique() == real.height
    assert real["note"].str.starts_with("study seed 3, ").all()
    assert set(real["finish_reason"]) == {"stop", "length"}


@pytest.fixture(scope="module")
def again() -> pl.DataFrame:
    return of_half("again")


def test_the_fourth_file_has_25_replies_of_each_format_all_of_them_written(
    again: pl.DataFrame, rows: pl.DataFrame, fresh: pl.DataFrame
):
    assert again.columns == rows.columns
    assert set(again["id"].str.slice(0, 6)) == {"again-"}
    assert again["id"].n_unique() == again["reply"].n_unique() == again.height == 1000
    assert set(again["format"]) == set(rows["format"])
    assert again["format"].value_counts()["count"].to_list() == [25] * 40
    assert set(again["source"]) == {"written"}
    assert again.join(pl.concat([rows, fresh]), on="reply", how="semi").is_empty()


def test_the_fourth_file_quotes_and_answers_as_its_readme_says(again: pl.DataFrame):
    quoted = again.drop_nulls("quotation")
    assert quoted.height == 530
    assert set(quoted["quotation"]) == QUOTATIONS
    assert quoted["quotation"].value_counts()["count"].min() == 40
    assert quoted.group_by("format").agg(pl.col("quotation").n_unique())["quotation"].min() == 11
    assert again["answer"].null_count() == 197
    assert set(again["finish_reason"]) == {None, "stop", "length"}
    assert_answers_are_options(again)


def test_the_fourth_file_has_questions_of_its_own(
    again: pl.DataFrame, rows: pl.DataFrame, fresh: pl.DataFrame
):
    asked = pl.col("options").list.sort().list.join("|")
    own = again.select(asked.unique())
    known = pl.concat([rows, fresh]).select(asked.unique())
    assert own.height == 958
    assert own.join(known, on="options", how="semi").height == 16
