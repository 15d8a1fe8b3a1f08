"""The texts behind a number: a few answers, chains or numbers of whom it measures, and the SQL for all.

Which texts a number rests on is read off its row: its experiment, its subject (of a group its members), and
conditions and names that stand in the tables of texts too, such as a kind of hint or a causal test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unspoken.report.contents import tables_of
from unspoken.store import quoted_text, rows_of

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
Members = dict[str, list[str]]
Filters = list[tuple[str, str]]
"""What chooses rows: pieces of SQL with `{}` where their value stands."""
SHOWN = 5
LONGEST = 2000
"""Letters of a text that are shown: the query beside it gives the whole."""
ARM_OF = {"hinted": "hint"}
"""Names of groups that trials call otherwise."""
WORDS = {
    "trials": ("experiment", "arm", "kind", "difficulty", "outcome", "stratum"), "interventions": ("test",)
}  # fmt: skip
"""Columns whose words stand in the names and conditions of measurements too."""
NOBODY = (
    "No texts are behind it: it is measured on networks that write nothing, or on material that was made to"
    " check the measure."
)
NONE_SUCH = "No texts are behind it: the store has no text that it counts."


@dataclass(frozen=True)
class Source:
    """Where texts of one sort stand: tables (the first as `t`), and what is shown of a row, as SQL."""

    name: str
    tables: str
    text: str
    key: str
    """Names a text: their order is that of its digest, so that the choice is fixed and no sort of texts."""
    prompt: str = "t.prompt"
    system: str = "NULL"
    note: str = "NULL"
    """What else there is to know of the text."""


ANSWERS = Source(
    "answers", "answers t", "t.answer", "t.prompt_id || ':' || t.sample_index", system="t.system",
    note="'probability ' || round(exp(t.logprob), 4)",
)  # fmt: skip
REPLIES = Source("replies", "replies t", "concat(t.thinking, t.reply)", "t.reply_id", system="t.system")
TRIALS = Source(
    "trials", "trials t", "t.chain", "t.prompt_id", note="concat_ws(', ', t.outcome, 'answer ' || t.answer)"
)
TESTS = Source(
    "interventions", "interventions t JOIN trials p USING (subject, prompt_id)", "t.text",
    "concat_ws(':', t.prompt_id, t.test, t.step)", prompt="p.prompt",
    note="concat_ws(', ', t.test, 'at ' || t.step, 'answer ' || t.answer, 'unchanged ' || t.original)",
)  # fmt: skip
REWARDED = Source(
    "rewarded_replies", "rewarded_replies t", "concat_ws(' ', t.chain, t.answer)",
    "concat_ws(':', t.subject, t.item)", prompt="concat_ws(' ', t.task, t.stratum, 'item', t.item)",
    note="concat_ws(', ', 'rewarded ' || t.rewarded, 'says ' || t.says)",
)  # fmt: skip
ASKED = """CASE WHEN t.prompt_set = 'preferences' AND t.held_out THEN 'held_out'
    WHEN t.prompt_set = 'preferences' THEN 'shown' WHEN t.held_out THEN 'after_numbers' END = {}"""


@dataclass(frozen=True)
class Texts:
    """The texts behind a number."""

    samples: list[Row]
    """At most five of them: source, subject, system, prompt, text, note."""
    query: str
    """The SQL for all of them, to be pasted into any DuckDB client; empty without texts."""
    why_none: str
    """Why there are none, in words; empty where there are some."""


def members_of(store: "duckdb.DuckDBPyConnection") -> Members:
    """Return who is measured under each subject's name: of a group its members, to the last level."""
    subjects = rows_of(store, "SELECT subject_id, members FROM subjects")
    found = {row["subject_id"]: row["members"] for row in subjects}

    def under(name: str) -> list[str]:
        members = found.get(name)
        return [name] if members is None else [one for member in members for one in under(member)]

    return {name: under(name) for name in found}


def known_name(subject: str, members: Members) -> str:
    """Return a subject's name as the table of subjects has it: of `m:switched`, if it is not there, `m`."""
    parts = subject.split(":")
    names = (":".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in names if name in members), subject)


def _words_of(store: "duckdb.DuckDBPyConnection") -> dict[str, set[str]]:
    """Return the words that texts are told apart by, by column; none for tables that are not there."""
    found: dict[str, set[str]] = {}
    there = tables_of(store)
    told = {table for table in WORDS if {table, "trials"} <= there}  # prompts of changed chains are trials'
    for table, columns in WORDS.items():
        for column in columns:
            query = f"SELECT DISTINCT {column} AS word FROM {table} WHERE {column} IS NOT NULL"
            found[column] = {row["word"] for row in rows_of(store, query)} if table in told else set()
    return found


def _answers(measured: Row) -> Filters:
    """Return what chooses the answers to the questions that a number reads: sampled, or exact choices."""
    kind = "choice" if measured["conditions"].get("scorer") == "choice" else "sampled"
    filters = [("t.kind = {}", kind), ("t.experiment = {}", measured["experiment"])]
    asked = measured["conditions"].get("questions")
    return filters if asked is None else [*filters, (ASKED, asked)]


def _trials(measured: Row, words: dict[str, set[str]]) -> Filters:
    """Return what chooses the trials that a number counts, by its arm, kind of hint and outcome."""
    last, conditions = measured["subject"].rpartition(":")[2], measured["conditions"]
    filters = [("t.experiment = {}", measured["experiment"])]
    arm = ARM_OF.get(last, last)
    if arm in words["arm"]:
        filters.append(("t.arm = {}", arm))
    for kind in sorted({conditions.get("hint"), last} & words["kind"]):
        # Prompts without a hint have no kind: they stand beside prompts of every kind.
        own = "t.kind = {}" if arm not in words["arm"] else "(t.kind = {} OR t.kind IS NULL)"
        filters.append((own, kind))
    if last in words["difficulty"]:
        filters.append(("t.difficulty = {}", last))
    if conditions.get("stratum") in words["stratum"]:
        filters.append(("t.stratum = {}", conditions["stratum"]))
    if last in ("switched", "unswitched"):
        filters.append(("t.switched = CAST({} AS BOOLEAN)", str(last == "switched").lower()))
    if conditions.get("outcome") in words["outcome"]:
        filters.append(("t.outcome = {}", conditions["outcome"]))
    return filters


def _tests(measured: Row, test: str, words: dict[str, set[str]]) -> Filters:
    """Return what chooses the changed chains of a causal test, of one kind of hint if a kind is named."""
    filters = [("p.experiment = {}", measured["experiment"]), ("t.test = {}", test)]
    for name, column in (("hint", "kind"), ("stratum", "stratum")):
        if (value := measured["conditions"].get(name)) in words[column]:
            filters.append((f"p.{column} = {{}}", value))
    return filters


def _chosen(measured: Row, words: dict[str, set[str]]) -> Iterator[tuple[Source, Filters]]:
    """Yield where the texts of a number may be, most to the point first."""
    last, tests = measured["subject"].rpartition(":")[2], words["test"]
    named = measured["conditions"].get("test")
    if named in tests:
        yield TESTS, _tests(measured, named, words)
    yield ANSWERS, _answers(measured)
    if ARM_OF.get(last, last) not in words["arm"]:
        for test in (last, measured["metric"]):
            if test in tests:
                yield TESTS, _tests(measured, test, words)
    yield TRIALS, _trials(measured, words)
    if measured["experiment"] not in words["experiment"]:  # there, trials say which replies are counted
        yield REPLIES, [("t.experiment = {}", measured["experiment"])]
        yield REWARDED, [("t.experiment = {}", measured["experiment"])]


def _beginning(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _first_texts(
    store: "duckdb.DuckDBPyConnection", source: Source, filters: Filters, names: list[str]
) -> list[Row]:
    """Return the first texts of each of some subjects, as many as are shown at most."""
    chosen = " AND ".join(piece.format(f"${place}") for place, (piece, _) in enumerate(filters, 2))
    query = (
        f"SELECT subject, system, prompt, text, note FROM (SELECT t.subject AS subject,"
        f" {source.system} AS system, {source.prompt} AS prompt, {source.text} AS text,"
        f" {source.note} AS note, md5({source.key}) AS place FROM {source.tables}"
        f" WHERE t.subject IN (SELECT unnest($1::VARCHAR[])) AND {chosen})"
        f" QUALIFY row_number() OVER (PARTITION BY subject ORDER BY place) <= {SHOWN}"
        " ORDER BY subject, place"
    )
    rows = rows_of(store, query, [names, *(value for _, value in filters)])
    return [{"source": source.name, **row, "text": _beginning(row["text"])} for row in rows]


def _spread(rows: list[Row]) -> list[Row]:
    """Return the first texts of as many subjects as there are, then their second texts."""
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row["subject"], []).append(row)
    deep = max((len(texts) for texts in by_subject.values()), default=0)
    return [texts[place] for place in range(deep) for texts in by_subject.values() if place < len(texts)]


def query_of(measured: Row) -> str:
    """Return the SQL that gives a measurement, to be pasted into any DuckDB client."""
    return f"SELECT * FROM measurements WHERE measurement_id = {quoted_text(measured['measurement_id'])};"


def texts_query(name: str, source: Source, filters: Filters) -> str:
    """Return the SQL for all texts of a subject that the filters choose: subject, prompt, text."""
    chosen = "".join(f"\n  AND {piece.format(quoted_text(value))}" for piece, value in filters)
    return (
        f"SELECT t.subject, {source.prompt}, {source.text} AS text FROM {source.tables}\n"
        "WHERE t.subject IN (SELECT unnest(coalesce(members, [subject_id])) FROM subjects\n"
        f"  WHERE subject_id = {quoted_text(name)}){chosen};"
    )


class TextFinder:
    """Finds the texts behind the measurements of a store."""

    def __init__(self, store: "duckdb.DuckDBPyConnection") -> None:
        """Read who the members of groups are, and the words that texts are told apart by."""
        self.store = store
        self.tables = tables_of(store)
        self.members = members_of(store)
        self.words = _words_of(store)

    def texts_behind(self, measured: Row) -> Texts:
        """Return the texts behind a measurement of its `subject`, or why there are none.

        Answers to the questions that it reads, chains of the trials that it counts, chains that a causal
        test changed, numbers; nothing for networks that write nothing.
        """
        name = known_name(measured["subject"], self.members)
        names = self.members.get(name, [name])
        if not names:
            return Texts([], "", NOBODY)
        for source, filters in _chosen(measured, self.words):
            if source.name in self.tables:
                samples = _spread(_first_texts(self.store, source, filters, names))[:SHOWN]
                if samples:
                    return Texts(samples, texts_query(name, source, filters), "")
        return Texts([], "", NONE_SUCH)
