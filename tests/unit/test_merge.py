"""Stores merged into one: whole or not at all, each study once, two different ones of a name refused."""

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from unspoken.store import StoreError, merge_stores, open_store, write_store

ROOT = Path(__file__).parents[2]
COMMENTS = {
    "studies": {
        "about": "The study, and it's whole",
        "columns": {"study": "Its name", "digest": "Its digest", "seed": "Its seed"},
    },
    "training": {"about": "Losses", "columns": {"study": "", "loss": "In nats", "step": "Of a run"}},
    "replies": {"about": "Texts", "columns": {"study": "", "reply_id": "", "prompt": "Asked"}},
    "measurements": {"about": "Numbers", "columns": {"study": "", "conditions": "A map"}},
}


@pytest.fixture
def store(tmp_path: Path):
    """Return a function that writes a store of one study and returns its path."""

    def write(name: str, study: str, digest: str, **frames: pl.DataFrame) -> Path:
        path = tmp_path / name
        studies = pl.DataFrame({"study": [study], "digest": [digest], "seed": [1]})
        write_store(path, study, {}, {"studies": studies, **frames}, COMMENTS)
        return path

    return write


def test_tables_are_joined_by_name_and_keep_their_comments(store, tmp_path: Path) -> None:
    conditions = pl.DataFrame(
        {"conditions": [{"trait": "owl"}]}, schema={"conditions": pl.Map(pl.String, pl.String)}
    )
    mine = store("mine.duckdb", "mine", "a", training=pl.DataFrame({"step": [1, 2], "loss": [0.5, 0.25]}))
    other = store(
        "it's.duckdb", "other", "b", training=pl.DataFrame({"loss": [0.1]}), measurements=conditions
    )
    into = tmp_path / "new" / "all.duckdb"
    assert merge_stores(into, [mine, other]) == {"measurements": 1, "studies": 2, "training": 3}
    mine.unlink()  # the merged file is whole by itself
    other.unlink()
    with open_store(into) as merged:
        assert merged.sql("SELECT study, step, loss FROM training ORDER BY loss").fetchall() == [
            ("other", None, 0.1),
            ("mine", 2, 0.25),
            ("mine", 1, 0.5),
        ]
        assert merged.sql("SELECT study, conditions['trait'] FROM measurements").fetchall() == [
            ("other", "owl")
        ]
        about = merged.sql("SELECT table_name, comment FROM duckdb_tables() ORDER BY ALL").fetchall()
        made = ("measurements", "studies", "training")
        assert about == [(name, COMMENTS[name]["about"]) for name in made]
        columns = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'training'"
        assert dict(merged.sql(columns).fetchall()) == COMMENTS["training"]["columns"]


def test_columns_that_one_store_has_are_null_for_the_other(store, tmp_path: Path) -> None:
    texts = pl.DataFrame({"reply_id": ["mine:1"], "prompt": ["7, 8"]})
    mine = store("mine.duckdb", "mine", "a", replies=texts)
    other = store("other.duckdb", "other", "b", replies=pl.DataFrame({"reply_id": ["other:1"]}))
    into = tmp_path / "all.duckdb"
    merge_stores(into, [mine, other])
    with open_store(into) as merged:
        rows = merged.sql("SELECT study, reply_id, prompt FROM replies ORDER BY ALL").fetchall()
    assert rows == [("mine", "mine:1", "7, 8"), ("other", "other:1", None)]


def test_a_study_that_two_stores_have_is_taken_once(store, tmp_path: Path) -> None:
    losses = pl.DataFrame({"loss": [0.5]})
    mine = store("mine.duckdb", "mine", "a", training=losses)
    copy = store("copy.duckdb", "mine", "a", training=losses)
    other = store("other.duckdb", "other", "b", training=losses)
    both = tmp_path / "both.duckdb"
    assert merge_stores(both, [mine, copy, mine, other]) == {"studies": 2, "training": 2}
    third = store("third.duckdb", "third", "c", training=losses)
    assert merge_stores(both, [both, third, copy]) == {"studies": 3, "training": 3}  # into one of them


def test_two_different_studies_of_one_name_are_refused(store, tmp_path: Path) -> None:
    mine, other = store("mine.duckdb", "mine", "aaa"), store("other.duckdb", "mine", "bbb")
    into = store("all.duckdb", "old", "c")
    with pytest.raises(StoreError) as refused:
        merge_stores(into, [mine, other])
    assert all(part in str(refused.value) for part in ("'mine'", str(mine), "aaa", str(other), "bbb"))
    with open_store(into) as kept:
        assert kept.sql("SELECT study FROM studies").fetchall() == [("old",)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.duckdb", "mine.duckdb", "other.duckdb"]


def test_a_path_that_is_no_store_is_named(store, tmp_path: Path) -> None:
    mine = store("mine.duckdb", "mine", "a")
    text, table = tmp_path / "text.duckdb", tmp_path / "table.duckdb"
    text.write_text("not a store " * 1000)
    with duckdb.connect(str(table)) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT 1 AS number")
    for path, message in (
        (tmp_path / "none.duckdb", "no store at"),
        (tmp_path, "no store at"),
        (text, "is no store"),
        (table, "is no store"),
    ):
        with pytest.raises(StoreError, match=message) as refused:
            merge_stores(tmp_path / "all.duckdb", [mine, path])
        assert str(path) in str(refused.value)
    assert not (tmp_path / "all.duckdb").exists()


def test_names_in_a_store_are_names_and_no_sql(store, tmp_path: Path) -> None:
    study, table = "'); DROP TABLE studies; --", 'a "quoted"; name'
    mine, copy = store("mine.duckdb", study, "a"), store("copy.duckdb", study, "a")
    with duckdb.connect(str(mine)) as connection:
        connection.execute('CREATE TABLE "a ""quoted""; name" AS SELECT study FROM studies')
    into = tmp_path / "all.duckdb"
    assert merge_stores(into, [mine, copy]) == {table: 1, "studies": 1}
    with open_store(into) as merged:
        assert merged.sql("SELECT study FROM studies").fetchall() == [(study,)]
        assert merged.sql("SHOW TABLES").fetchall() == [(table,), ("studies",)]


def test_tables_that_do_not_fit_together_are_named(store, tmp_path: Path) -> None:
    mine, other = store("mine.duckdb", "mine", "a"), store("other.duckdb", "other", "b")
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 1 AS number")
    with pytest.raises(StoreError, match="'notes'"):
        merge_stores(tmp_path / "all.duckdb", [mine, other])


def test_the_command_merges_and_refuses_in_one_line(store, tmp_path: Path) -> None:
    mine, other = store("mine.duckdb", "mine", "a"), store("other.duckdb", "mine", "b")
    command = [sys.executable, ROOT / "scripts/merge_stores.py", "--into", tmp_path / "all.duckdb"]
    done = subprocess.run([*command, mine], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["wrote", str(tmp_path / "all.duckdb"), "studies", "1", "rows"]
    refused = subprocess.run([*command, mine, other], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("merge_stores: two different studies are called 'mine'")
    assert refused.stderr.count("\n") == 1
