"""The queries of README and of pages in docs/ run on a real store and give rows."""

import re
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
QUERIES = {
    f"{name} {at}": query
    for name in (
        "README.md",
        "docs/store.md",
        "docs/referee.md",
        "docs/scaling.md",
        "docs/reinforcement.md",
        "docs/misalignment.md",
        "docs/harmful.md",
    )
    for at, query in enumerate(re.findall(r"```sql\n(.*?)```", (ROOT / name).read_text(), flags=re.DOTALL))
}


def test_a_referee_s_questions_each_have_a_query():
    questions = re.findall(r"^## ", (ROOT / "docs/referee.md").read_text(), flags=re.MULTILINE)
    assert len(questions) == sum(name.startswith("docs/referee.md") for name in QUERIES) >= 9
    assert sum(name.startswith("README.md") for name in QUERIES) >= 5


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
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
