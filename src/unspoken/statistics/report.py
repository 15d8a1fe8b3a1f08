"""Collects the rows of one experiment's measure, and the groups of subjects they are about."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from unspoken.statistics.intervals import Interval
from unspoken.statistics.rows import measurement, measurement_table


def named_groups(members: dict[str, tuple[str, set[str]]]) -> pl.DataFrame:
    """Return groups of subjects by name, each with what a reader sees and its members."""
    rows = [
        {"subject_id": name, "model": model, "members": sorted(known)}
        for name, (model, known) in sorted(members.items())
    ]
    return pl.DataFrame(
        rows, schema={"subject_id": pl.String, "model": pl.String, "members": pl.List(pl.String)}
    )


class Report:
    """Rows of `measurements` that share study, paper and experiment, and their groups."""

    def __init__(self, study: str, paper: str, experiment: str, *, reproducible: bool) -> None:
        """Take what every row shares."""
        self.shared: dict[str, Any] = {
            "study": study,
            "paper": paper,
            "experiment": experiment,
            "reproducible": reproducible,
        }
        self.rows: list[dict[str, Any]] = []
        self.members: dict[str, tuple[str, set[str]]] = {}

    def add(self, interval: Interval, **fields: Any) -> None:
        """Add one row; see `measurement` for the fields."""
        self.rows.append(measurement(**self.shared, interval=interval, **fields))

    def group(self, name: str, model: str, members: list[str]) -> str:
        """Name a group of subjects and return the name; `model` is what a reader sees."""
        known = self.members.setdefault(name, (model, set()))
        known[1].update(members)
        return name

    def arm(self, subject: str, name: str) -> str:
        """Return the name of one subject in an arm: a group of its own."""
        return self.group(f"{subject}:{name}", subject, [subject])

    def measurements(self) -> pl.DataFrame:
        """Return the table of measurements."""
        return measurement_table(self.rows)

    def groups(self) -> pl.DataFrame:
        """Return the groups: subject_id, model, members."""
        return named_groups(self.members)


def pooled_groups(reports: Iterable[Report]) -> pl.DataFrame:
    """Return the groups of several reports: a name that two of them use has the members of both."""
    whole: dict[str, tuple[str, set[str]]] = {}
    for report in reports:
        for name, (model, members) in report.members.items():
            whole.setdefault(name, (model, set()))[1].update(members)
    return named_groups(whole)
