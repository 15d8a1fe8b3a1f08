"""What each rule calls a trend, read off the rows of `measurements`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import polars as pl

from unspoken.experiments.scaling.trends.rules import (
    CALLS,
    Measure,
    called_by_code,
    called_by_paper,
    called_by_study,
)
from unspoken.statistics.intervals import Interval

CALLED: dict[str, Any] = {
    "subject": pl.String, "task": pl.String, "setup": pl.String, "level": pl.String, "items": pl.String,
    "unusable": pl.String, "rule": pl.String, "called": pl.Enum(CALLS), "gate": pl.String,
}  # fmt: skip
"""Columns of `trends_called`."""
_FIELDS = [field.name for field in fields(Interval)]
Row = Mapping[str, Any]


def trends_called(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return what each rule calls each trend: a row for a subject, conditions and rule (see CALLED).

    Takes rows of `add_trends`. The paper's rule and its code's know no gate; `gate` has what closed.
    """
    found = measurements.filter(
        pl.col("metric").str.contains(r"^(trend|association)(_paper|_code|_change|_turn)?$")
    )
    keys = [pl.col("conditions").map.get(name).alias(name) for name in list(CALLED)[1:6]]
    subject = pl.col("subject").str.replace(r":[^:]*:[^:]*:longest$", "")
    part = pl.col("metric").str.replace(r"^(trend|association)_?", "")
    keyed = found.with_columns(*keys, subject=subject, part=part).sort(*list(CALLED)[:6], "part")
    rows: list[dict[str, Any]] = []
    for key, group in keyed.group_by(list(CALLED)[:6], maintain_order=True):
        shared = dict(zip(CALLED, key, strict=False))
        rows += [shared | one for one in _called({row["part"]: row for row in group.iter_rows(named=True)})]
    return pl.DataFrame(rows, schema=CALLED)


def _called(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Return rule, word and gate of each rule that has its rows: by part `paper`, `code`, `` and so on."""
    known = {part: Interval(**{name: row[name] for name in _FIELDS}) for part, row in rows.items()}
    words = {}
    if "paper" in rows:
        words["paper"] = called_by_paper(known["paper"], _measure(rows["paper"]))
    if "code" in rows:
        words["code"] = called_by_code(known["code"], _measure(rows["code"]))
    if "" in rows:
        own = known[""], known["change"], known.get("turn"), rows[""]["gate"], _measure(rows[""])
        words["study"] = called_by_study(*own)
    gates = {"paper": "paper", "code": "code", "study": ""}
    return [{"rule": rule, "called": word, "gate": rows[gates[rule]]["gate"]} for rule, word in words.items()]


def _measure(row: Row) -> Measure:
    return "error" if "error" in row["unit"] else "accuracy"
