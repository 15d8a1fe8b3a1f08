"""One claim's test on one subject: its gate, its outcome, its row of verdicts."""

import math
from typing import Any

from unspoken.statistics.intervals import mde80
from unspoken.verdicts.families import Families, Hypothesis, Tested
from unspoken.verdicts.fidelity import Fidelity
from unspoken.verdicts.outcomes import (
    Published,
    Reading,
    closed_gate,
    outcome_by_order,
    outcome_by_sign,
    outcome_of_bound,
    outcome_of_count,
    outcome_of_gate,
    outcome_of_null,
    outcome_of_size,
    size_ratio,
    verdict_of,
)
from unspoken.verdicts.reasons import reason_of
from unspoken.verdicts.thresholds import margin_of, sesoi_of

Row = dict[str, Any]
IN_FAMILY = ("direction", "order", "trend", "bound")
ESTIMATES = ("count", "protocol")


class Test:
    """One claim's test on the rows of one subject: of an order, all adjacent contrasts."""

    def __init__(self, claim: Row, rows: list[Row], readings: list[Reading], fidelity: Fidelity) -> None:
        """Take the claim, the measured rows, these as the rule reads them, and how nearly they repeat it."""
        self.claim, self.rows, self.kind, self.fidelity = claim, rows, claim["kind"], fidelity
        self.sign = claim["test"]["sign"] if self.kind not in ("bound", *ESTIMATES) else "+"
        self.readings = [reading.signed(self.sign) for reading in readings]
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
        """The first gate that closed; of a null `sensitivity` too, which other tests of its study decide."""
        self.sesoi, self.margin = sesoi_of(claim), margin_of(claim)

    @property
    def in_family(self) -> bool:
        """Whether Holm's adjustment counts this test."""
        return self.kind in IN_FAMILY and self.gate is None

    @property
    def expects(self) -> str:
        """What the claim expects of the contrast as measured: `above 0`, `below 0`, `none`, or a number."""
        if self.kind == "null":
            return "none"
        if self.kind in ("bound", *ESTIMATES):
            return f"{self.published.bound or ''} {self.published.value:g}".strip()
        return "above 0" if self.sign == "+" else "below 0"

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """Return what is tested: each contrast against 0, of a bound against its limit."""
        limit = self.published.value if self.kind == "bound" else None
        return [(row["measurement_id"], 0.0 if limit is None else limit) for row in self.rows]

    def for_family(self) -> list[Tested]:
        """Return what Holm's adjustment takes of this test; nothing of one that it does not count."""
        if not self.in_family:
            return []
        found = zip(self.rows, self.hypotheses, self.readings, strict=True)
        return [(row["paper"], hypothesis, self._p(reading)) for row, hypothesis, reading in found]

    def _p(self, reading: Reading) -> float | None:
        """Return the two-sided p of a contrast against 0, of a bound against its limit, or None."""
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

    def outcome(self, families: Families) -> str:
        """Return the outcome, by the p that are adjusted over the families of the study."""
        if self.gate is not None:
            return outcome_of_gate(self.gate)
        adjusted = [families.p_adjusted.get(one, 1.0) for one in self.hypotheses]
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

    def row(self, families: Families) -> Row:
        """Return the row of `verdicts`; of an order it shows the smallest of its contrasts."""
        place = min(range(len(self.readings)), key=lambda at: _sortable(self.readings[at].value))
        reading, measured = self.readings[place], self.rows[place]
        outcome = self.outcome(families)
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
            "contrasts": sorted(one["measurement_id"] for one in self.rows),
            "family": measured["paper"],
            "fidelity": self.fidelity,
            "tested_as": self.kind,
            "expects": self.expects,
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
            "p_adj": None if p is None else families.p_adjusted.get(self.hypotheses[place]),
            "flags": flags,
        }
        return row | {"reason": reason_of(row, families.sizes.get(measured["paper"], 0))}


def _sortable(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else value
