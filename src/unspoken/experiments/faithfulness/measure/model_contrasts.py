"""Contrasts between two models that were asked the same questions, paired by question.

The first model of a pair minus the second. Questions are the replicates: what is said is about these two
models, not about what makes them differ.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from unspoken.experiments.faithfulness.measure.samples import (
    METRICS,
    Metric,
    Samples,
    mean_of,
    paired_gap,
    said,
    ways_unusable,
)
from unspoken.experiments.faithfulness.measure.strata import samples_by_stratum
from unspoken.seeds import hashed_seed
from unspoken.statistics.gates import accuracy_gate, first_gate, missing_gate
from unspoken.statistics.report import Report

BETWEEN = {"between": "models"}
"""What says of a row that it compares models."""


def _add_gap(
    report: Report, pair: Sequence[str], both: Sequence[Samples], metric: Metric, part: Mapping[str, str],
    seed: int,
) -> None:  # fmt: skip
    """Add one metric of the first model minus the second, on some questions."""
    subject, versus = (report.arm(name, metric.arm) for name in pair)
    gates = [one.gate(metric) for one in both]
    if metric.share:
        gates.append(missing_gate(*(one.outcomes(metric) for one in both)))
    for unusable in ways_unusable(metric):
        sides = [one.of(metric, unusable) for one in both]
        if not all(side["value"].count() for side in sides):
            continue
        closed = list(gates)
        if metric.name == "accuracy":
            first, other = (mean_of(side, metric, seed) for side in sides)
            closed.append(accuracy_gate(first, other, both[0].chance))
        report.add(
            paired_gap(sides[0], sides[1], metric, seed),
            metric=metric.name, unit=metric.unit, kind="contrast",
            subject=subject, versus=versus, conditions=said(metric, unusable, **BETWEEN, **part),
            role="finding", replicate="question", n_samples=sum(side["value"].count() for side in sides),
            n_missing=sum(one.of(metric)["value"].null_count() for one in both), paired_on=["question"],
            gate=first_gate(*closed),
        )  # fmt: skip


def add_model_contrasts(
    reports: Mapping[str, Report],
    trials: pl.DataFrame,
    interventions: Mapping[str, pl.DataFrame],
    pair: Sequence[str],
    strata: Sequence[str],
    seed: int,
) -> None:
    """Add what the first subject of a pair gave minus the second, on the questions that both were asked.

    `trials` are of all subjects, in the columns of `tables.trials.Trials`; `interventions` the changed chains
    of those that were tested. The metrics of `samples.METRICS`, on all questions and by stratum (condition
    `stratum`); all rows have the condition `between: models`. Gates: those of accuracies, of unusable replies
    and of letters that are read by force, in either model.
    """
    own, other = (trials.filter(subject=name) for name in pair)
    shared = [own.join(other, on="question_id", how="semi"), other.join(own, on="question_id", how="semi")]
    if shared[0].is_empty():
        return
    tests = [interventions.get(name) for name in pair]
    asked = list(zip(shared, tests, strict=True))
    by_stratum = [samples_by_stratum(*one, strata) for one in asked]
    parts: list[tuple[dict[str, str], list[Samples]]] = [({}, [Samples(*one) for one in asked])]
    parts += [({"stratum": name}, [one[name] for one in by_stratum]) for name in by_stratum[0]]
    own_seed = hashed_seed(seed, "model_contrasts", *pair)
    for said_of_part, both in parts:
        for metric in METRICS:
            _add_gap(reports[metric.paper], pair, both, metric, said_of_part, own_seed)
