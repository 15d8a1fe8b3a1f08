"""The store: whole by itself, replaced at once, readable meanwhile."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

import unspoken
from unspoken.experiments.faithfulness.tables.trials import Trials
from unspoken.store import Source, StoreError, open_store, sources_of, write_store
from unspoken.tables.interventions import Interventions
from unspoken.tables.judgements import Judgements
from unspoken.tables.probe import Answers
from unspoken.tables.replies import Replies
from unspoken.tables.training import TrainingSteps

COMMENTS = yaml.safe_load((Path(__file__).parents[2] / "resources" / "store.yaml").read_text())


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Source]:
    """Two Parquet tables of one kind: the second has a column more."""
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    pl.DataFrame({"subject": ["a", "b"], "loss": [0.5, 0.25]}).write_parquet(first)
    pl.DataFrame({"subject": ["c"], "loss": [0.1], "step": [3]}).write_parquet(second)
    return {"training": Source([first, second]), "answers": Source([])}


def test_tables_are_in_the_file_with_the_name_of_their_study(
    tables: dict[str, Source], tmp_path: Path
) -> None:
    store = tmp_path / "store.duckdb"
    frames = {"studies": pl.DataFrame({"study": ["mine"], "seed": [1]})}
    assert write_store(store, "mine", tables, frames, COMMENTS) == {"training": 3, "studies": 1}
    for path in tables["training"].paths:
        path.unlink()  # the file is whole by itself
    with open_store(store) as connection:
        rows = connection.sql("SELECT study, subject, loss, step FROM training ORDER BY subject").fetchall()
        assert rows == [
            ("mine", "a", 0.5, None),
            ("mine", "b", 0.25, None),
            ("mine", "c", 0.1, 3),
        ]
        assert connection.sql("FROM studies").fetchall() == [("mine", 1)]
        for of in ("tables", "columns"):
            silent = f"SELECT * FROM duckdb_{of}() WHERE comment IS NULL AND NOT internal"
            assert not connection.sql(silent).fetchall()


def test_maps_and_lists_stay_what_they_are(tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    frame = pl.DataFrame(
        {"conditions": [{"trait": "owl"}], "paired_on": [["base", "trait"]]},
        schema={"conditions": pl.Map(pl.String, pl.String), "paired_on": pl.List(pl.String)},
    )
    write_store(store, "mine", {}, {"measurements": frame}, COMMENTS)
    with open_store(store) as connection:
        found = connection.sql("SELECT conditions['trait'], paired_on[2] FROM measurements").fetchall()
    assert found == [("owl", "trait")]


def test_a_reader_keeps_the_old_store_while_a_new_one_is_made(tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    write_store(store, "mine", {}, {"studies": pl.DataFrame({"seed": [1]})}, COMMENTS)
    with open_store(store) as reader:
        write_store(store, "mine", {}, {"studies": pl.DataFrame({"seed": [2]})}, COMMENTS)
        assert reader.sql("SELECT seed FROM studies").fetchall() == [(1,)]
    with open_store(store) as reader:
        assert reader.sql("SELECT seed FROM studies").fetchall() == [(2,)]


def test_a_store_that_fails_leaves_the_old_one(tables: dict[str, Source], tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    write_store(store, "mine", {}, {"studies": pl.DataFrame({"seed": [1]})}, COMMENTS)
    tables["training"].paths[1].write_bytes(b"not a table")
    with pytest.raises(StoreError, match=r"second\.parquet"):
        write_store(store, "mine", tables, {"studies": pl.DataFrame({"seed": [2]})}, COMMENTS)
    with open_store(store) as reader:
        assert reader.sql("SELECT seed FROM studies").fetchall() == [(1,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "first.parquet",
        "second.parquet",
        "store.duckdb",
    ]


def test_the_store_is_read_only_and_a_missing_one_says_how_to_make_it(tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    write_store(store, "mine", {}, {"studies": pl.DataFrame({"seed": [1]})}, COMMENTS)
    with unspoken.open_store(store) as reader, pytest.raises(duckdb.Error, match="read-only"):
        reader.sql("DELETE FROM studies")
    with pytest.raises(FileNotFoundError, match="make results"):
        open_store(tmp_path / "none.duckdb")


@pytest.mark.parametrize("kept", [0, 1000, 5000])
def test_a_damaged_store_says_how_to_make_it_again(kept: int, tmp_path: Path) -> None:
    store = tmp_path / "store.duckdb"
    write_store(store, "mine", {}, {"studies": pl.DataFrame({"seed": [1]})}, COMMENTS)
    whole = store.read_bytes()
    for damaged in (whole[:kept] + bytes(len(whole) - kept), whole[: len(whole) - 5000]):
        store.write_bytes(damaged)
        with pytest.raises(StoreError, match="delete it, and `make results` makes it again"):
            open_store(store)


def test_a_column_without_a_comment_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"seed": [1], "colour": ["red"]})
    with pytest.raises(StoreError, match=r"studies\.colour"):
        write_store(tmp_path / "store.duckdb", "mine", {}, {"studies": frame}, COMMENTS)


def test_the_audit_leaves_the_texts_and_measurements_lie_together(tmp_path: Path) -> None:
    kept, dropped, measured = (tmp_path / f"{name}.parquet" for name in ("kept", "dropped", "measured"))
    row = {"reply_id": ["a"], "subject": ["s"], "prompt_id": ["p"], "prompt": ["1"], "completion": ["3"]}
    pl.DataFrame(row).write_parquet(kept)
    pl.DataFrame(row | {"reply_id": ["b"], "rule": ["banned"]}).write_parquet(dropped)
    metrics = {"metric": ["b", "a", "b"], "experiment": "e", "unit": "u", "ci_method": "t"}
    pl.DataFrame(metrics).write_parquet(measured)
    audit = {"store": "filter_audit", "columns": ["reply_id", "subject", "prompt_id", "rule"]}
    sources = sources_of([dropped, kept], {"kept": audit, "dropped": audit})
    sources["measurements"] = Source([measured])
    write_store(tmp_path / "store.duckdb", "mine", sources, {}, COMMENTS)
    with open_store(tmp_path / "store.duckdb") as connection:
        audit = connection.sql("FROM filter_audit ORDER BY reply_id").fetchall()
        in_order = connection.sql("SELECT metric FROM measurements").fetchall()
    assert audit == [("mine", "a", "s", "p", None), ("mine", "b", "s", "p", "banned")]
    assert in_order == [("a",), ("b",), ("b",)]


def test_files_are_of_the_table_that_their_name_says() -> None:
    paths = [Path(f"{folder}/{name}.parquet") for name in ("replies", "moods") for folder in "ab"]
    declared = {"store": "moods", "columns": None}
    found = sources_of(paths, {"replies": {"store": "replies", "columns": ["reply"]}, "moods": declared})
    assert found == {"replies": Source(paths[:2], ["reply"]), "moods": Source(paths[2:])}


def test_a_file_of_a_table_that_nobody_declares_is_named() -> None:
    with pytest.raises(StoreError, match=r"m/moods\.parquet: no experiment or stage declares"):
        sources_of([Path("m/moods.parquet")], {"replies": {"store": "replies", "columns": None}})


def test_two_files_that_ask_other_columns_of_one_table_are_refused() -> None:
    declared = {"kept": {"store": "audit", "columns": ["a"]}, "dropped": {"store": "audit", "columns": None}}
    with pytest.raises(StoreError, match=r"dropped\.parquet: another file asks for other columns of 'audit'"):
        sources_of([Path("kept.parquet"), Path("dropped.parquet")], declared)


def test_a_table_of_every_schema_that_the_store_keeps_has_its_comments() -> None:
    schemas = {"replies": Replies, "judgements": Judgements, "interventions": Interventions,
               "trials": Trials, "answers": Answers, "training": TrainingSteps}  # fmt: skip
    for name, schema in schemas.items():
        assert {"study", *schema.column_names()} == set(COMMENTS[name]["columns"]), name
