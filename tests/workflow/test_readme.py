"""The README's queries run on a real store and give rows."""

import re
from pathlib import Path

import duckdb
import pytest

README = Path(__file__).parents[2] / "README.md"
QUERIES = re.findall(r"```sql\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_there_are_six_queries_or_more():
    assert len(QUERIES) >= 6


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_query_gives_rows(query, built_study):
    with duckdb.connect(str(built_study / "results/studies/test/unspoken.duckdb"), read_only=True) as store:
        assert store.execute(query).fetchall()


def test_open_store_gives_the_same_tables(built_study):
    from unspoken import open_store

    path = built_study / "results/studies/test/unspoken.duckdb"
    with open_store(path) as store:
        tables = {row[0] for row in store.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert {
        "studies",
        "models",
        "subjects",
        "measurements",
        "replies",
        "filter_audit",
        "answers",
    } <= tables
