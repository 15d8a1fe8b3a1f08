"""Join the claims' tests to measurements and give every claim its verdicts."""

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from unspoken.statistics.intervals import mde80
from unspoken.tables.measurements import SENSITIVITY
from unspoken.verdicts.fidelity import Fidelity, ModelFacts, fidelity_of
from unspoken.verdicts.outcomes import (
    Published,
    Reading,
    closed_gate,
    outcome_by_order,
    outcome_by_sign,
    outcome_of_bound,
    outcome_of_count,
    outcome_of_null,
    outcome_of_size,
    size_ratio,
    verdict_of,
)
from unspoken.verdicts.reasons import not_run_because, reason_of
from unspoken.verdicts.thresholds import margin_of, sesoi_of

Row = dict[str, Any]
IN_FAMILY = ("direction", "order", "trend", "bound")
ESTIMATES = ("count", "protocol")


class RegistryError(ValueError):
    """A claim whose test cannot be carried out; the message names it."""


class Judge:
    """Judges claims on the measurements of one study."""

    def __init__(self, measurements: pl.DataFrame, models: dict[str, list[ModelFacts]]) -> None:
        """Take the study's measurements, and the base models under each subject by its name."""
        self.models = models
        self.findings = measurements.filter(pl.col("role") == "finding", pl.col("ci_method") != "permutation")
        controls = measurements.filter(
            pl.col("role").is_in(["positive_control", "negative_control"]), ~pl.col("passed")
        )
        objective = pl.col("conditions").map.get("objective")
        self.failed = set(controls.select("experiment", "subject", objective).iter_rows())

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
        for key in dict.fromkeys([*asked, *SENSITIVITY]):
            found = found.filter(pl.col("conditions").map.get(key).eq_missing(pl.lit(asked.get(key))))
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
        control = (row["experiment"], row["subject"], row["conditions"].get("objective"))
        return Reading(
            **{name: row[name] for name in Reading.__dataclass_fields__ if name in row},
            control_failed=control in self.failed,
        )

    def fidelity(self, claim: Row, row: Row) -> Fidelity:
        """Return the fidelity of a row to a claim. Raises RegistryError for a subject without models."""
        models: list[ModelFacts] = []
        for name in (row["subject"], row["versus"]):
            if name is not None and name not in self.models:
                raise RegistryError(f"claim {claim['id']}: the subject '{name}' is not in the subjects")
            models += self.models.get(name, [])
        return fidelity_of(claim, row["conditions"], row["replicate"], row["n_replicates"], models)

    def tests(self, claim: Row) -> list["Test"]:
        """Return the claim's tests that have rows: one a subject, of an order all adjacent tests."""
        test = claim["test"]
        if claim["kind"] != "order":
            return [Test(self, claim, [row]) for row in self.rows_of(claim, test)]
        steps = [self._step(claim, match) for match in test["adjacent"]]
        whole = set(steps[0]).intersection(*steps[1:])
        return [Test(self, claim, [step[who] for step in steps]) for who in sorted(whole)]

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


class Test:
    """One claim's test on one subject: its gate, fidelity and outcome."""

    def __init__(self, judge: Judge, claim: Row, rows: list[Row]) -> None:
        self.claim, self.rows, self.kind = claim, rows, claim["kind"]
        sign = claim["test"]["sign"] if self.kind not in ("bound", *ESTIMATES) else "+"
        self.readings = [judge.reading(row).signed(sign) for row in rows]
        found = {judge.fidelity(claim, row) for row in rows}
        ranked: list[Fidelity] = ["analogue", "close", "original"]
        self.fidelity = next(one for one in ranked if one in found)
        first = claim["values"][0]
        self.published = Published(first["value"], first["low"], first["high"], first["bound"])
        # A published 0, or an analogue, is tested as a direction: sizes are not its to repeat. So is
        # a claim of which only third-party notes are known.
        if self.kind == "size" and (
            not self.published.value or self.fidelity == "analogue" or claim["usable"] == "direction"
        ):
            self.kind = "direction"
        gates = [closed_gate(one, self.kind) for one in self.readings]
        self.gate = next((gate for gate in gates if gate is not None), None)
        self.sesoi, self.margin = sesoi_of(claim), margin_of(claim)

    @property
    def in_family(self) -> bool:
        """Whether Holm's adjustment counts this test."""
        return self.kind in IN_FAMILY and self.gate is None

    def p_values(self) -> list[float]:
        """Return the p of each contrast for Holm's adjustment; a contrast that has none counts as 1."""
        found = [self._p(one) for one in self.readings]
        return [1.0 if p is None else p for p in found]

    def _p(self, reading: Reading) -> float | None:
        """Return the two-sided p against 0, of a bound against its limit, or None."""
        if self.kind != "bound":
            return None if reading.p is None or math.isnan(reading.p) else reading.p
        if self.gate is not None or reading.ci_method == "exact":
            return None
        from scipy import special

        value, low, high, limit = reading.value, reading.ci_low, reading.ci_high, self.published.value
        assert value is not None and low is not None and high is not None and limit is not None
        df = (reading.n_replicates or 2) - 1
        se = (high - low) / 2 / special.stdtrit(df, 0.975)
        return float(2 * special.stdtr(df, -abs(value - limit) / se)) if se else None

    def outcome(self, adjusted: list[float]) -> str:
        """Return the outcome, with p adjusted over the family (one for each contrast)."""
        if self.gate is not None:
            return f"uninformative: {self.gate}"
        if self.kind == "order":
            pairs = sorted(
                zip(self.readings, adjusted, strict=True), key=lambda pair: _sortable(pair[0].value)
            )
            return outcome_by_order([outcome_by_sign(reading, p, self.sesoi) for reading, p in pairs])
        reading = self.readings[0]
        if self.kind == "null":
            return outcome_of_null(reading, self.margin)
        if self.kind == "size":
            return outcome_of_size(reading, self.published)
        if self.kind == "bound":
            return outcome_of_bound(reading, self.published)
        if self.kind in ESTIMATES:
            return outcome_of_count(reading, self.published)
        return outcome_by_sign(reading, adjusted[0], self.sesoi)

    def row(self, adjusted: list[float] | None, family: int) -> Row:
        """Return the row of `verdicts`; of an order it shows the smallest of its contrasts."""
        place = min(range(len(self.readings)), key=lambda at: _sortable(self.readings[at].value))
        reading, measured = self.readings[place], self.rows[place]
        outcome = self.outcome(adjusted or [1.0] * len(self.readings))
        sized = self.kind == "size" and self.gate is None
        few = any(one.ci_method != "exact" and one.n_replicates in (3, 4) for one in self.readings)
        flags = ["few"] if few else []
        flags += ["published exact"] if sized and self.published.low is None else []
        p = self._p(reading)
        row = {
            "claim_id": self.claim["id"],
            "study": measured["study"],
            "subject": measured["subject"],
            "versus": measured["versus"],
            "measurement_id": measured["measurement_id"],
            "fidelity": self.fidelity,
            "tested_as": self.kind,
            "estimate": reading.value,
            "lo": reading.ci_low,
            "hi": reading.ci_high,
            "unit": measured["unit"],
            "ci_method": reading.ci_method,
            "replicate": reading.replicate,
            "n_replicates": reading.n_replicates,
            "mde80": mde80(measured["se"], reading.n_replicates or 0),
            "published": self.published.value,
            "published_low": self.published.low,
            "published_high": self.published.high,
            "sesoi": self.sesoi,
            "margin": self.margin,
            "gate": self.gate,
            "outcome": outcome,
            "verdict": verdict_of(outcome, self.fidelity),
            "size_ratio": size_ratio(reading, self.published)[0] if sized else None,
            "p": p,
            "p_adj": adjusted[place] if adjusted and p is not None else None,
            "flags": flags,
        }
        return row | {"reason": reason_of(row, family)}


def _sortable(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else value


def holm(p_values: list[float]) -> list[float]:
    """Return p values adjusted by Holm's method over their family."""
    from statsmodels.stats.multitest import multipletests

    return [float(one) for one in multipletests(p_values, method="holm")[1]] if p_values else []


def judged(claims: list[Row], judge: Judge, study: str) -> list[Row]:
    """Return the verdicts of a study: a row for each claim and subject, or one for a claim not run.

    `claims` are `registry.claims.Claim` as plain values with their `paper`. The family of Holm's
    adjustment is paper x study x subject. The order of claims changes nothing.
    """
    claims = sorted(claims, key=lambda claim: claim["id"])
    tests = {claim["id"]: judge.tests(claim) if claim["test"] else [] for claim in claims}
    families: dict[tuple[str, str], list[Test]] = {}
    for claim in claims:
        for test in tests[claim["id"]]:
            if test.in_family:
                families.setdefault((claim["paper"], test.rows[0]["subject"]), []).append(test)
    adjusted: dict[int, list[float]] = {}
    sizes: dict[int, int] = {}
    for family in families.values():
        whole = holm([p for test in family for p in test.p_values()])
        waiting = iter(whole)
        for test in family:
            adjusted[id(test)] = [next(waiting) for _ in test.rows]
            sizes[id(test)] = len(whole)
    rows: list[Row] = []
    for claim in claims:
        made = tests[claim["id"]]
        rows += [test.row(adjusted.get(id(test)), sizes.get(id(test), 0)) for test in made]
        if not made:
            rows.append(_not_run(claim, study))
    return rows


def _not_run(claim: Mapping[str, Any], study: str) -> Row:
    """Return the row of a claim that nothing was measured for."""
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
        "reason": not_run_because(claim),
    }
