"""Rows of measurements by length, and the three trends, of one subject."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from scipy import special

from unspoken.experiments.scaling.trends.baselines import NOTHING, Baseline
from unspoken.experiments.scaling.trends.cells import Cell, cells
from unspoken.experiments.scaling.trends.rules import (
    LEAST_RANGE,
    LOGISTIC,
    code_correlation,
    length_slope,
    paired_change,
    paper_change,
    turn,
)
from unspoken.statistics.gates import Gate, accuracy_gate, first_gate, missing_gate
from unspoken.statistics.intervals import Floats, Interval, t_interval, without_interval
from unspoken.statistics.questions import question_rate
from unspoken.statistics.report import Report

SLOPES = {"accuracy": "log_odds per doubling of tokens", "error": "error per doubling of tokens"}
MOST_MISSING = 0.1
"""Of errors, the difference in unreadable answers between two lengths beyond which nothing is said."""


def best_of(score: Interval, count: int) -> Interval:
    """Return the best of so many scores with a lower end for all of them (Bonferroni).

    The best of four lengths is above chance by luck in 10% of tables, by the interval of one.
    """
    if score.value is None or score.ci_low is None:
        return score
    wider = special.ndtri(1 - 0.025 / count) / special.ndtri(0.975)
    return replace(score, ci_low=score.value - wider * (score.value - score.ci_low))


class CellRows:
    """The rows about one cell of one subject."""

    def __init__(self, report: Report, subject: str, cell: Cell, baseline: Baseline) -> None:
        self.report, self.subject, self.cell, self.baseline = report, subject, cell, baseline
        self.tokens = np.array([cell.tokens(at) for at in range(len(cell.lengths))])
        self.scores = {
            (treatment, at): self._score(treatment, at)
            for treatment in cell.treatments
            for at in range(len(cell.lengths))
        }
        self.trend = "association" if cell.natural else "trend"
        """Nobody set the lengths of natural samples: what goes with them need not come of them."""

    def _estimate(self, interval: Interval, at: int, metric: str, unit: str, **conditions: str) -> None:
        cell, length = self.cell, "rank" if self.cell.natural else "budget"
        self.report.add(
            interval, metric=metric, unit=unit, kind="estimate", subject=self.subject,
            conditions=cell.conditions | {length: str(cell.lengths[at])} | conditions, role="finding",
            replicate="question", n_samples=int(cell.samples[:, at].sum()),
            n_missing=int(cell.unread[:, at].sum()),
        )  # fmt: skip

    def _contrast(
        self, interval: Interval, metric: str, unit: str, places: list[int], *, gate: Gate | None,
        names: tuple[str, str] = ("longest", "shortest"), **conditions: str,
    ) -> None:  # fmt: skip
        cell = self.cell
        longest, shortest = (
            self.report.arm(self.subject, f"{cell.conditions['task']}:{cell.conditions['setup']}:{one}")
            for one in names
        )
        samples, unread = (int(part[:, places].sum()) for part in (cell.samples, cell.unread))
        self.report.add(
            interval, metric=metric, unit=unit, kind="contrast", subject=longest, versus=shortest,
            conditions=cell.conditions | conditions, role="finding", replicate="question", gate=gate,
            n_samples=samples, n_missing=unread, paired_on=["question"],
        )  # fmt: skip

    def add_lengths(self) -> None:
        """Add tokens used at each length, what was cut or put in, and how far use follows what was asked."""
        cell = self.cell
        for at in range(len(cell.lengths)):
            for metric, unit, part in (
                ("used_tokens", "tokens", cell.used[:, at]),
                ("cut_share", "probability", cell.cut[:, at]),
                ("insertions", "continuations", cell.inserted[:, at]),
            ):
                known = part[~np.isnan(part)]
                if known.size:
                    found = question_rate(known) if unit == "probability" else t_interval(known)
                    self._estimate(found, at, metric, unit)
        if not cell.natural and len(cell.reasoned) > 1:
            asked = np.log2([cell.lengths[at] for at in cell.reasoned])
            used = np.log2(np.maximum(cell.used[:, cell.reasoned], 1))
            used = used[~np.isnan(used).any(axis=1)]
            centred = asked - asked.mean()
            slopes = used @ centred / (centred @ centred)
            unit = "doublings per doubling of the budget"
            self._contrast(t_interval(slopes), "length_response", unit, cell.reasoned, gate=None)

    def add_scores(self) -> None:
        """Add the score at each length, with what could not be read counted in each way."""
        metric, unit = f"{self.cell.measure}_by_length", self.cell.measure
        for (treatment, at), found in self.scores.items():
            if found.n_replicates:
                self._estimate(found, at, metric, unit, unusable=treatment)

    def _score(self, treatment: str, at: int) -> Interval:
        scores = self.cell.scores[treatment][:, at]
        if self.cell.measure == "accuracy":
            return question_rate(scores)
        return t_interval(scores[~np.isnan(scores)])

    def _gate(self, treatment: str, places: list[int]) -> Gate | None:
        """Return the gate of what is said of some lengths, the first against the last above all."""
        scores = {at: self.scores[treatment, at] for at in places}
        known = [at for at in places if scores[at].value is not None]
        if not known:
            return None

        def value(at: int) -> float:
            return scores[at].value or 0.0

        lowest, highest = min(known, key=value), max(known, key=value)
        if self.cell.measure == "error":
            floor = self._error_floor(treatment, lowest, len(known))
            return first_gate(floor, self._error_missing(places))
        best = best_of(scores[highest], len(known))
        accuracy = accuracy_gate(best, scores[lowest], self.baseline.chance)
        return first_gate(accuracy, missing_gate(*(self.cell.outcomes(at) for at in (places[0], places[-1]))))

    def _error_floor(self, treatment: str, least: int, count: int) -> Gate | None:
        """Return `floor` where the least error is not surely below that of the constant answer."""
        gained = self.baseline.of_items(self.cell.items) - self.cell.scores[treatment][:, least]
        gained = gained[~np.isnan(gained)]
        if not gained.size:
            return None
        end = best_of(t_interval(gained), count).ci_low
        return None if end is not None and end > 0 else "floor"

    def _error_missing(self, places: list[int]) -> Gate | None:
        """Return `missing` where unreadable answers differ between the ends: errors have no worst value."""
        first, last = (
            self.cell.unread[:, at].sum() / self.cell.samples[:, at].sum() for at in (places[0], places[-1])
        )
        return "missing" if abs(last - first) > MOST_MISSING else None

    def add_trends(self) -> None:
        """Add the three trends over lengths above 0 (the code's with 0, as published), each by itself."""
        if len(self.cell.reasoned) < 2:
            return
        for treatment in self.cell.treatments:
            self._add_published(treatment)
            self._add_own(treatment)

    def _add_own(self, treatment: str) -> None:
        """Add slope, change and turn by tokens used; none has a value where lengths are alike or unknown."""
        cell, measure = self.cell, self.cell.measure
        places = sorted(cell.reasoned, key=lambda at: (np.nan_to_num(self.tokens[at]), at))
        scores, tokens = cell.whole(treatment, places), np.log2(np.maximum(self.tokens[places], 1))
        if len(scores) < 2:
            return
        slope = change = without_interval(None, LOGISTIC, len(scores))
        bend = None
        if np.ptp(tokens) >= LEAST_RANGE:
            slope = length_slope(scores, tokens, measure)
            change, bend = paired_change(scores[:, -1], scores[:, 0], measure), turn(scores, measure)
        shared: dict[str, Any] = {"gate": self._gate(treatment, places), "unusable": treatment}
        self._contrast(slope, self.trend, SLOPES[measure], places, **shared)
        self._contrast(change, f"{self.trend}_change", measure, places, **shared)
        if bend is not None:
            self._contrast(bend, f"{self.trend}_turn", measure, places, **shared)

    def _add_published(self, treatment: str) -> None:
        """Add the paper's change and its code's correlation, over the samples one by one."""
        cell, measure = self.cell, self.cell.measure
        rows = {at: self._counted(at, treatment) for at in range(len(cell.lengths))}
        known = [at for at in rows if rows[at].size]
        shared: dict[str, Any] = {"gate": self._gate(treatment, cell.reasoned), "unusable": treatment}
        first, last = cell.reasoned[0], cell.reasoned[-1]
        if first in known and last in known:
            change = paper_change(rows[first], rows[last])
            self._contrast(change, f"{self.trend}_paper", measure, [first, last], **shared)
        means = [float(rows[at].mean()) for at in known]
        correlation = code_correlation([cell.lengths[at] for at in known], means)
        self._contrast(correlation, f"{self.trend}_code", f"correlation with {measure}", known, **shared)

    def _counted(self, at: int, treatment: str) -> Floats:
        """Return the scores of all samples: those that could not be read count 0, or are left out."""
        rows = self.cell.rows[self.cell.lengths[at]]
        if treatment == "failure" or self.cell.measure == "error":
            return rows
        outcomes = self.cell.outcomes(at)
        return np.repeat([1.0, 0.0], [outcomes.hits, outcomes.misses])

    def add_after_zero(self) -> None:
        """Add the score at the smallest budget above 0 minus that at 0: another prompt, so apart."""
        cell = self.cell
        if 0 not in cell.lengths or not cell.reasoned:
            return
        places = [cell.reasoned[0], cell.lengths.index(0)]
        for treatment in cell.treatments:
            scores = cell.whole(treatment, places)
            if len(scores) > 1:
                change = paired_change(scores[:, 0], scores[:, 1], cell.measure)
                self._contrast(
                    change, "after_zero", cell.measure, places, gate=self._gate(treatment, places),
                    names=("least", "zero"), unusable=treatment,
                )  # fmt: skip


def add_trends(report: Report, trials: pl.DataFrame, subject: str, baselines: Mapping[str, Baseline]) -> None:
    """Add all rows by length about one subject (Gema et al. 2025, sections 3 and 4).

    `trials` are of one subject, in the columns of `Trials`; `baselines` is what `baselines` returns. Items
    are the replicates, with the mean of an item's samples. Conditions: `task`, `setup`, `level` (`all` or
    one), `items` (`all`, or `never_cut`: capped, not cut at any budget), `unusable`.

    By `budget` (or, of natural samples, `rank` by tokens within the item): `used_tokens`, `cut_share`,
    `insertions`, `accuracy_by_length` or `error_by_length`. As contrasts: `length_response`; `after_zero`;
    the paper's rule `trend_paper`, its code's `trend_code`, and the study's own: `trend` (a slope over log2
    of the mean tokens used), `trend_change` (the longest minus the shortest by tokens used) and
    `trend_turn`; of natural samples `association...`, as nobody set their lengths. `called` makes words of
    them. Gates: `floor`, `ceiling` (saturated), `missing`.
    """
    for cell in cells(trials):
        task, level = cell.conditions["task"], cell.conditions["level"]
        name = task if level == "all" else f"{task}:{level}"
        rows = CellRows(report, subject, cell, baselines.get(name, NOTHING))
        rows.add_lengths()
        rows.add_scores()
        rows.add_after_zero()
        rows.add_trends()
