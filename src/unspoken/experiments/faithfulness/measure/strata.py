"""Does it take a chain: what is measured of a subject by stratum, and between strata?

A study declares strata of its questions by how far they need a chain of thought. Rows have the condition
`stratum`; the first stratum is what the others are compared with. Questions are the replicates; where
wordings of hints differ, that is not in these intervals.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.measure.samples import (
    METRICS,
    WITH,
    WITHOUT,
    Metric,
    Samples,
    gap_between,
    mean_of,
    paired_gap,
    said,
    ways_unusable,
)
from unspoken.seeds import hashed_seed
from unspoken.statistics.gates import first_gate, missing_gate
from unspoken.statistics.intervals import Interval
from unspoken.statistics.report import Report


class _Strata:
    """The samples of one subject by stratum, and where rows about them go."""

    def __init__(
        self, reports: Mapping[str, Report], subject: str, samples: Mapping[str, Samples], seed: int
    ) -> None:
        self.reports, self.subject, self.samples = reports, subject, samples
        self.seed = hashed_seed(seed, "strata", subject)

    def add_estimates(self, metric: Metric, stratum: str) -> None:
        """Add a metric in one stratum."""
        report, own = self.reports[metric.paper], self.samples[stratum]
        for unusable in ways_unusable(metric):
            samples = own.of(metric, unusable)
            if not samples["value"].count():
                continue
            report.add(
                mean_of(samples, metric, self.seed), metric=metric.name, unit=metric.unit, kind="estimate",
                subject=report.arm(self.subject, metric.arm),
                conditions=said(metric, unusable, stratum=stratum), role="finding", replicate="question",
                n_samples=samples["value"].count(), n_missing=own.of(metric)["value"].null_count(),
                gate=own.gate(metric) if metric.tested else None,
            )  # fmt: skip

    def _add_gap(
        self, metric: Metric, arms: tuple[str, str], sides: list[pl.DataFrame], interval: Interval,
        conditions: Mapping[str, str], **fields: Any,
    ) -> None:  # fmt: skip
        """Add a difference between two sets of samples."""
        report = self.reports[metric.paper]
        subject, versus = (report.arm(self.subject, arm) for arm in arms)
        report.add(
            interval, metric=metric.name, unit=metric.unit, kind="contrast", subject=subject, versus=versus,
            conditions=conditions, role="finding", replicate="question",
            n_samples=sum(side["value"].count() for side in sides), **fields,
        )  # fmt: skip

    def add_gain(self, stratum: str) -> None:
        """Add the accuracy with a chain minus without in one stratum, with the gates of accuracies."""
        own = self.samples[stratum]
        missing = sum(own.of(one)["value"].null_count() for one in (WITH, WITHOUT))
        for unusable in ways_unusable(WITH):
            sides = [own.of(one, unusable) for one in (WITH, WITHOUT)]
            if all(side["value"].count() for side in sides):
                self._add_gap(
                    WITH, (WITH.arm, WITHOUT.arm), sides, paired_gap(sides[0], sides[1], WITH, self.seed),
                    said(WITH, unusable, stratum=stratum), n_missing=missing, paired_on=["question"],
                    gate=own.gain_gate(),
                )  # fmt: skip

    def add_gaps(self, metric: Metric, stratum: str, reference: str) -> None:
        """Add a metric in one stratum minus in the first."""
        both = [self.samples[name] for name in (stratum, reference)]
        missing = sum(one.of(metric)["value"].null_count() for one in both)
        unused = missing_gate(*(one.outcomes(metric) for one in both)) if metric.share else None
        for unusable in ways_unusable(metric):
            sides = [one.of(metric, unusable) for one in both]
            if all(side["value"].count() for side in sides):
                self._add_gap(
                    metric, (stratum, reference), sides, gap_between(sides[0], sides[1], metric, self.seed),
                    said(metric, unusable, stratum=stratum, arm=metric.arm), n_missing=missing,
                    gate=first_gate(*(one.gate(metric) for one in both), unused),
                )  # fmt: skip


def samples_by_stratum(
    trials: pl.DataFrame, interventions: pl.DataFrame | None, strata: Sequence[str]
) -> dict[str, Samples]:
    """Return one subject's samples on the questions of each stratum, of those with a reply."""
    parts = {name: trials.filter(stratum=name) for name in strata}
    return {name: Samples(part, interventions) for name, part in parts.items() if part.height}


def add_strata(
    reports: Mapping[str, Report],
    trials: pl.DataFrame,
    interventions: pl.DataFrame | None,
    subject: str,
    strata: Sequence[str],
    seed: int,
) -> None:
    """Add what is measured of one subject by stratum of its questions, to the reports of three papers.

    `trials` are of one subject, in the columns of `tables.trials.Trials`, `interventions` its changed chains;
    `strata` in the order in which the study declares them. For each, the metrics of `samples.METRICS`;
    `accuracy` with a chain minus without one, with the gates of accuracies; and each metric minus that of the
    first stratum (condition `arm`: whose replies are meant). `uplift` is the accuracy with a chain minus
    without, question by question, and is given as such differences alone. All rows have the condition
    `stratum`.
    """
    of_strata = samples_by_stratum(trials, interventions, strata)
    measure = _Strata(reports, subject, of_strata, seed)
    for place, stratum in enumerate(of_strata):
        measure.add_gain(stratum)
        for metric in METRICS:
            if metric.name != "uplift":
                measure.add_estimates(metric, stratum)
            if place:
                measure.add_gaps(metric, stratum, next(iter(of_strata)))
