"""Replies of one subject to one question under two settings: two conditions, no samples of one prompt."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unspoken.row_files import Row, place, shown
from unspoken.tables.base import TableError
from unspoken.transcripts.told import FIELDS, SAMPLES

SETTINGS = frozenset(
    {
        "temperature", "temp", "topp", "topk", "minp", "effort", "reasoningeffort", "thinkingeffort",
        "verbosity", "thinkingbudget", "budgettokens", "maxthinkingtokens", "enablethinking",
        "frequencypenalty", "presencepenalty", "repetitionpenalty", "quantization", "numfewshot", "fewshot",
        "nshot", "nshots", "shots",
    }
)  # fmt: skip
"""Names of what changes how a model answers, in small letters and without what parts their words."""
DEPTH = 3
"""How many columns deep a setting is looked for, as in `request.body.temperature`."""


def settings_in(row: Row, columns: dict[str, str]) -> Row:
    """Return the settings that a row names, by their paths, but for those that mean something else."""
    known = {*FIELDS, *SAMPLES, *columns.values()}
    return {path: value for path, value in _found(row, "", DEPTH) if path not in known and value is not None}


def _found(row: Row, before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            if depth > 1:
                yield from _found(value, f"{before}{name}.", depth - 1)
        elif isinstance(name, str) and name.lower().replace("_", "").replace("-", "") in SETTINGS:
            yield f"{before}{name}", value


def check_settings(file: Path, rows: list[Row]) -> None:
    """Raise TableError where replies of one subject to one question have two settings, naming both rows.

    So with another temperature, budget of thinking or number of examples; and, under one hint or none, with
    another system prompt.
    """
    first: dict[tuple[Any, ...], Row] = {}
    systems: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        asked = row["subject"], row["question_id"]
        for name, value in row["settings"].items():
            other = first.setdefault((*asked, name), row)
            if other["settings"][name] != value:
                more = f", or columns: {{subject: {name}}}; for samples of one subject {{sample: {name}}}"
                raise _two(file, f"column '{name}'", other["settings"][name], value, other, row, more)
        other = systems.setdefault((*asked, row["arm"], row["kind"], row["target"]), row)
        if other["system"] != row["system"]:
            more = ", or `arm` where one of them is the sham"
            raise _two(file, "the system prompt", other["system"], row["system"], other, row, more)


def _two(file: Path, what: str, before: object, now: object, other: Row, row: Row, more: str) -> TableError:
    where = [place(file, one["number"]) for one in (other, row)]
    return TableError(
        f"{file}: {what} is {shown(before)} in {where[0]} and {shown(now)} in {where[1]}, replies of one"
        f" subject to one question; expected a file for each{more}"
    )
