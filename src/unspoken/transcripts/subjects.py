"""Who answered: the entry's name, unless `columns` names a column; and the columns that may say it."""

import logging
import re
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.row_files import Row, found_at, place, shown
from unspoken.tables.base import TableError
from unspoken.transcripts.told import FIELDS, SAMPLES

log = logging.getLogger("import_transcripts")
MODELS = ("response.model", "response.body.model", "request.model", "body.model")
"""Where logs of requests name a model."""
_NAMES_A_MODEL = re.compile(
    r"(?i)^(?!doc\.|.*(?:judge|grader|scorer|reward|embedding|critic|annotator))(?:.*[._])?"
    r"(?:model|llm|engine|checkpoint)(?:[._]?(?:id|name|slug|path|version|name_or_path))?$"
)
"""Names of columns that say who answered, as far as a name can; not those of a document of lm-eval."""
LONGEST = 100
"""Characters of a text that may name who answered."""


def may_say(row: Row, columns: dict[str, str]) -> Row:
    """Return what stands in the columns of a row that may say who answered, as far as nobody mapped them.

    Those of MODELS and `subject` are always there; others, also within a column that holds several, where
    they hold a short text, or a number under a model's name, and nothing that a reply is known by.
    """
    known = {*FIELDS, *SAMPLES, *columns.values()}
    inside = {
        f"{name}.{inner}": value
        for name, cells in row.items() if isinstance(cells, dict) and name not in known
        for inner, value in cells.items()
    }  # fmt: skip
    others = {
        name: value for name, value in (row | inside).items()
        if name not in known and (_is_name(value) or (isinstance(value, int) and _NAMES_A_MODEL.match(name)))
    }  # fmt: skip
    return others | {name: found_at(row, name)[1] for name in (*MODELS, "subject")}


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def check_subjects(file: Path, rows: list[Row]) -> None:
    """Raise TableError where a column that nobody mapped says that several answered, naming two rows.

    Columns that name a model have one value in a file of one subject. A `subject` that is the same in all
    rows of a question is its topic: it is not used, which is logged. Where it differs within one, it says
    who answered.
    """
    names = {name: None for row in rows for name in row["may_say"] if _NAMES_A_MODEL.match(name)}
    for name in names:
        known = [row for row in rows if row["may_say"].get(name) is not None]
        other = next((row for row in known if row["may_say"][name] != known[0]["may_say"][name]), None)
        if other is not None:
            raise _two(file, name, known[0], other)
    topics: dict[str, Row] = {}
    values: dict[Any, None] = {}
    for row in rows:
        value = row["may_say"]["subject"]
        first = topics.setdefault(row["question_id"], row)
        if first["may_say"]["subject"] != value:
            raise _two(file, "subject", first, row)
        if isinstance(value, str):
            values[value] = None
    if values:
        some = ", ".join(list(values)[:3]) + (", ..." if len(values) > 3 else "")
        log.info("column 'subject' (%s) does not say who answered: `columns` does not name it", some)


def check_repeats(file: Path, rows: list[Row]) -> None:
    """Raise TableError where a column that nobody mapped may say who gave each of repeated replies.

    Of replies to one prompt that no column numbers: where their texts in a column differ in every prompt,
    and there are no more such texts than replies to a prompt.
    """
    cells: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row["sample"] is None:
            cell = tuple(row[name] for name in ("question_id", "arm", "kind", "target"))
            cells.setdefault(cell, []).append(row)
    repeated = [cell for cell in cells.values() if len(cell) > 1]
    if len(repeated) < 2:
        return
    most = max(map(len, repeated))
    first, *others = repeated[0]
    for name, value in first["may_say"].items():
        texts = [{row["may_say"].get(name) for row in cell} for cell in repeated if isinstance(value, str)]
        whole = set().union(*texts)
        if texts and None not in whole and len(whole) <= most and min(map(len, texts)) > 1:
            other = next(row for row in others if row["may_say"][name] != value)
            raise _two(file, name, first, other, f", or for samples of one subject {{sample: {name}}}")


def _two(file: Path, name: str, first: Row, other: Row, more: str = "") -> TableError:
    values = [shown(one["may_say"][name]) for one in (first, other)]
    where = [place(file, one["number"]) for one in (first, other)]
    return TableError(
        f"{file}: column '{name}' is {values[0]} in {where[0]} and {values[1]} in {where[1]}, and nothing"
        f" says whether these are two subjects; expected columns: {{subject: {name}}}, or a file for each"
        f"{more}"
    )


def who_answered(replies: pl.DataFrame) -> str:
    """Return who was read, and how much: `1 subject: mine (40 questions, 80 replies)`."""
    counts = replies.group_by("subject", maintain_order=True).agg(pl.col("question_id").n_unique(), pl.len())
    each = [
        f"{name} ({questions} {'question' if questions == 1 else 'questions'},"
        f" {rows} {'reply' if rows == 1 else 'replies'})"
        for name, questions, rows in counts.iter_rows()
    ]
    return f"{counts.height} {'subject' if counts.height == 1 else 'subjects'}: {', '.join(each)}"
