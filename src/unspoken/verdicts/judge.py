"""Join the claims' tests to measurements and give every claim its verdicts."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from unspoken.tables.measurements import ASIDE
from unspoken.verdicts.controls import Controls
from unspoken.verdicts.families import adjusted_over
from unspoken.verdicts.fidelity import Fidelity, ModelFacts, fidelity_of
from unspoken.verdicts.outcomes import Reading, verdict_of
from unspoken.verdicts.reasons import not_run_because
from unspoken.verdicts.sensitivity import counterpart_shown
from unspoken.verdicts.tested import ESTIMATES, Test

Row = dict[str, Any]
RANKS: tuple[Fidelity | None, ...] = (None, "analogue", "close", "original")
"""Fidelities, the lowest first; None: the row says nothing of the claim."""


class RegistryError(ValueError):
    """A claim whose test cannot be carried out; the message names it."""


class Judge:
    """Judges claims on the measurements of one study."""

    def __init__(
        self,
        measurements: pl.DataFrame,
        models: dict[str, list[ModelFacts]],
        guards: Iterable[Mapping[str, Any]] = (),
        primary: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Take the study's measurements, and the base models under each subject by its name.

        `guards` as `verdicts.controls.Controls` takes them; `primary`: the conditions of each experiment's
        primary reading, which its tests read.
        """
        self.models, self.controls = models, Controls(measurements, guards)
        self.primary = primary or {}
        self.findings = measurements.filter(pl.col("role") == "finding", pl.col("ci_method") != "permutation")

    def rows_of(self, claim: Row, match: Row) -> list[Row]:
        """Return the rows that a test (or one of its adjacent contrasts) reads, one a subject.

        Raises RegistryError, naming the claim, for two rows of one subject.
        """
        test = claim["test"]
        kind = "estimate" if claim["kind"] in ESTIMATES else "contrast"
        found = self.findings.filter(
            kind=kind, experiment=test["experiment"], metric=test["metric"], unit=test["unit"]
        )
        asked: dict[str, str] = {**test["conditions"], **match["conditions"]}
        for key in dict.fromkeys([*asked, *ASIDE]):
            found = found.filter(pl.col("conditions").map.get(key).eq_missing(pl.lit(asked.get(key))))
        for key, value in self.primary.get(test["experiment"], {}).items():
            if key not in asked:
                # Rows that do not differ in it have no such condition.
                condition = pl.col("conditions").map.get(key)
                found = found.filter(condition.is_null() | (condition == value))
        rows = [
            {**row, "conditions": dict(row["conditions"])}
            for row in found.sort("subject", "measurement_id").iter_rows(named=True)
            if _fits(row, test) and _fits(row, match)
        ]
        subjects = [row["subject"] for row in rows]
        twice = next((name for name in subjects if subjects.count(name) > 1), None)
        if twice:
            raise RegistryError(
                f"claim {claim['id']}: its test matches {subjects.count(twice)} rows of '{twice}'; "
                "expected one: add conditions"
            )
        return rows

    def reading(self, row: Row) -> Reading:
        """Return a row as the rule reads it."""
        known = {name: row[name] for name in Reading.__dataclass_fields__ if name in row}
        return Reading(**known, control=self.controls.gate(row))

    def fidelity(self, claim: Row, row: Row) -> Fidelity | None:
        """Return the fidelity of a row to a claim, None where it says nothing of it.

        Raises RegistryError for a subject without models.
        """
        models: list[ModelFacts] = []
        for name in (row["subject"], row["versus"]):
            if name is not None and name not in self.models:
                raise RegistryError(f"claim {claim['id']}: the subject '{name}' is not in the subjects")
            models += self.models.get(name, [])
        return fidelity_of(claim, row["conditions"], row["replicate"], row["n_replicates"], models)

    def tests(self, claim: Row) -> list[Test]:
        """Return the claim's tests on rows that say something of it: one a subject."""
        return [test for rows in self.measured(claim) if (test := self._test(claim, rows)) is not None]

    def measured(self, claim: Row) -> list[list[Row]]:
        """Return the rows that a claim's test reads, by subject: one, of an order every adjacent contrast."""
        test = claim["test"]
        if claim["kind"] != "order":
            return [[row] for row in self.rows_of(claim, test)]
        steps = [self._step(claim, match) for match in test["adjacent"]]
        whole = set(steps[0]).intersection(*steps[1:])
        return [[step[who] for step in steps] for who in sorted(whole)]

    def _test(self, claim: Row, rows: list[Row]) -> Test | None:
        """Return a claim's test on some rows, at the lowest of their fidelities."""
        found = {self.fidelity(claim, row) for row in rows}
        lowest = next(one for one in RANKS if one in found)
        return None if lowest is None else Test(claim, rows, [self.reading(row) for row in rows], lowest)

    def _step(self, claim: Row, match: Row) -> dict[str, Row]:
        """Return an order's adjacent contrast of each model: of subjects, what stands before the ':'."""
        step: dict[str, Row] = {}
        for row in self.rows_of(claim, match):
            who = row["subject"].split(":")[0]
            if who in step:
                raise RegistryError(
                    f"claim {claim['id']}: an adjacent contrast matches '{step[who]['subject']}' and "
                    f"'{row['subject']}'; expected one of '{who}'"
                )
            step[who] = row
        return step


def _fits(row: Row, match: Row) -> bool:
    versus = match["versus"] is None or fnmatchcase(row["versus"] or "", match["versus"])
    return versus and fnmatchcase(row["subject"], match["subject"])


def judged(claims: list[Row], judge: Judge, study: str) -> list[Row]:
    """Return the verdicts of a study: a row for each claim and subject, or one for a claim not run.

    `claims` are `registry.claims.Claim` as plain values with their `paper`. The order of claims changes
    nothing.
    """
    claims = sorted(claims, key=lambda claim: claim["id"])
    tests = {claim["id"]: judge.tests(claim) if claim["test"] else [] for claim in claims}
    families = adjusted_over(one for made in tests.values() for test in made for one in test.for_family())
    for test in (test for made in tests.values() for test in made):
        if test.kind == "null" and test.gate is None and not counterpart_shown(test, tests, families):
            test.gate = "sensitivity"
    rows: list[Row] = []
    for claim in claims:
        rows += [test.row(families) for test in tests[claim["id"]]]
        if not tests[claim["id"]]:
            rows.append(_not_run(claim, study, measured=bool(claim["test"] and judge.measured(claim))))
    return rows


def _not_run(claim: Mapping[str, Any], study: str, *, measured: bool) -> Row:
    """Return the row of a claim without an outcome; `measured`: its test has rows, on other models."""
    first = claim["values"][0]
    return {
        "claim_id": claim["id"],
        "study": study,
        "fidelity": None,
        "published": first["value"],
        "published_low": first["low"],
        "published_high": first["high"],
        "outcome": None,
        "verdict": verdict_of(None, None),
        "flags": [],
        "reason": not_run_because(claim, measured=measured),
    }
