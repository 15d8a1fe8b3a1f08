"""Which controls a measured row stands under, and whether one of them failed or is undecided."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from unspoken.verdicts.outcomes import Gate

Row = Mapping[str, Any]
ROLES = ("positive_control", "negative_control")


class Controls:
    """The controls of a study that do not hold, and what they guard."""

    def __init__(self, measurements: pl.DataFrame, guards: Iterable[Row] = ()) -> None:
        """Take the study's measurements, and its rooms' guards (`study.declared.Guard`, with `experiment`).

        A control of which no room says what it guards guards the rows of its experiment that have its
        subject and its objective.
        """
        self.guards = {(guard["experiment"], guard["control"]): guard for guard in guards}
        held = pl.col("passed").fill_null(value=False)
        unheld = measurements.filter(pl.col("role").is_in(ROLES), ~held)
        self.unheld = [{**row, "conditions": dict(row["conditions"])} for row in unheld.iter_rows(named=True)]

    def gate(self, row: Row) -> Gate | None:
        """Return the gate that controls close on a finding: `control`, `control undecided`, or None."""
        found = {control["passed"] for control in self.unheld if self._guards(control, row)}
        return "control" if False in found else "control undecided" if found else None

    def _guards(self, control: Row, row: Row) -> bool:
        if control["experiment"] != row["experiment"]:
            return False
        guard = self.guards.get((control["experiment"], control["metric"]))
        if guard is None:
            return control["subject"] == row["subject"] and _alike(control, row, ["objective"])
        return (
            row["metric"] in guard["metrics"]
            and any(fnmatchcase(row["subject"], one) for one in guard["subjects"])
            and fnmatchcase(row["versus"] or "", guard["versus"])
            and _alike(control, row, guard["same"])
        )


def _alike(control: Row, row: Row, names: Iterable[str]) -> bool:
    """Tell whether both rows have these conditions with the same values, or both lack them."""
    return all(control["conditions"].get(name) == row["conditions"].get(name) for name in names)
