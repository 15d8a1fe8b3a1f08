"""The texts behind a number: a few answers or completions of those whom it measures."""

from typing import TYPE_CHECKING, Any

from unspoken.report.contents import rows_of, tables_of

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
SHOWN = 5
ANSWERS = """
SELECT 'answers' AS source, subject, system, prompt, answer AS text
FROM answers
WHERE kind = 'sampled' AND experiment = $1 AND subject IN (SELECT unnest($2))
  AND ($3 IS NULL OR $3 = CASE
    WHEN prompt_set = 'preferences' AND held_out THEN 'held_out'
    WHEN prompt_set = 'preferences' THEN 'shown'
    WHEN held_out THEN 'after_numbers' END)
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY md5(prompt_id || ':' || sample_index)) <= $4
ORDER BY subject, md5(prompt_id || ':' || sample_index)
"""
COMPLETIONS = """
SELECT 'completions' AS source, subject, system, prompt, completion AS text
FROM completions
WHERE experiment = $1 AND subject IN (SELECT unnest($2))
QUALIFY row_number() OVER (PARTITION BY subject ORDER BY md5(completion_id)) <= $3
ORDER BY subject, md5(completion_id)
"""


def members_of(store: "duckdb.DuckDBPyConnection") -> dict[str, list[str]]:
    """Return who is measured under each subject's name: of a group its members, to the last level."""
    subjects = rows_of(store, "SELECT subject_id, members FROM subjects")
    found = {row["subject_id"]: row["members"] for row in subjects}

    def under(name: str) -> list[str]:
        members = found.get(name)
        return [name] if members is None else [one for member in members for one in under(member)]

    return {name: under(name) for name in found}


def _spread(rows: list[Row]) -> list[Row]:
    """Return the first texts of as many subjects as there are, then their second ones."""
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row["subject"], []).append(row)
    deep = max((len(texts) for texts in by_subject.values()), default=0)
    return [texts[place] for place in range(deep) for texts in by_subject.values() if place < len(texts)]


def samples_behind(
    store: "duckdb.DuckDBPyConnection", measured: Row, members: dict[str, list[str]]
) -> list[Row]:
    """Return at most five texts (source, subject, system, prompt, text) of a measurement's subject.

    Answers to the questions that it reads; completions where its subject answered none; nothing for
    networks that write nothing. The choice is fixed by the texts' names.
    """
    tables = tables_of(store)
    names = members.get(measured["subject"], [measured["subject"]])
    rows: list[Row] = []
    if "answers" in tables:
        asked = measured["conditions"].get("questions")
        rows = rows_of(store, ANSWERS, [measured["experiment"], names, asked, SHOWN])
    if not rows and "completions" in tables:
        rows = rows_of(store, COMPLETIONS, [measured["experiment"], names, SHOWN])
    return _spread(rows)[:SHOWN]


def query_of(measured: Row) -> str:
    """Return the SQL that gives a measurement, to be pasted into any DuckDB client."""
    return f"SELECT * FROM measurements WHERE measurement_id = '{measured['measurement_id']}';"


def texts_query(measured: Row, source: str) -> str:
    """Return the SQL for all texts behind a measurement; `source` is the table that they are in."""
    text, sampled = ("answer", "\n  AND t.kind = 'sampled'") if source == "answers" else ("completion", "")
    name = measured["subject"].replace("'", "''")
    return (
        f"SELECT t.subject, t.prompt, t.{text} FROM {source} t\n"
        "JOIN (SELECT unnest(coalesce(members, [subject_id])) AS subject FROM subjects\n"
        f"  WHERE subject_id = '{name}') USING (subject)\n"
        f"WHERE t.experiment = '{measured['experiment']}'{sampled};"
    )
