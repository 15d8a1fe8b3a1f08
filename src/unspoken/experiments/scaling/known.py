"""Trends whose truth is known before anything is asked: of scripted models and of organisms.

Their trials go through the rules of the study as everybody's do. What comes of it is an instrument check:
the word that the study's rule says is held against the truth.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import polars as pl

from unspoken.experiments.scaling.organisms.laws import CHANCE, TRUTHS, known_accuracy
from unspoken.experiments.scaling.trends.baselines import Baseline
from unspoken.experiments.scaling.trends.called import trends_called
from unspoken.experiments.scaling.trends.rows import add_trends
from unspoken.statistics.gates import Gate
from unspoken.statistics.intervals import Interval, without_interval
from unspoken.statistics.report import Report

MOST_LINE_ERROR = 0.003
"""Of lines that a law makes certain: the share of an organism's probability that may lie elsewhere."""
MOST_LAW_GAP = {"steps": 0.05, "recall": 0.05, "notes": 0.1}
"""How far accuracy may lie from a task's law at any budget above 0. The law of `notes` falls by 0.2 or more:
a tenth leaves it falling. The others are to be told from flat, whose margin is 0.05."""
_FIELDS = [field.name for field in fields(Interval)]
_WHOLE = {"level": "all", "items": "all", "unusable": "failure"}
Known = tuple[str, str]
"""A task and a set-up."""


def is_organism() -> pl.Expr:
    """Whether a subject is an organism that the study trained to a law."""
    return pl.col("subject").str.starts_with("organisms:")


def known_of(trials: pl.DataFrame, by_setup: Mapping[str, str]) -> dict[Known, str]:
    """Return the trend of every task under each set-up of which it is known."""
    asked = trials.select("task", "setup").unique().sort("task", "setup").rows()
    return {(task, setup): by_setup[setup] for task, setup in asked if setup in by_setup}


def add_known_trends(
    report: Report,
    trials: pl.DataFrame,
    subject: str,
    truths: Mapping[Known, str],
    baselines: Mapping[str, Baseline],
    gates: Mapping[Known, Gate | None] | None = None,
) -> None:
    """Add whether the study's rule calls each trend of one subject as it is.

    `trials` are of one subject, in the columns of `Trials`. `truths` and `gates` are by task and set-up.
    Metric `known_trend`: the slope over log2 of the tokens used, role `instrument`, conditions `task`,
    `setup`, `truth`; `passed`: the rule's word, over all levels and items, is the truth. Where a gate closed
    there is no value and nothing passed: what the truth is was not known of this subject.
    """
    own = Report("known", "known", "scaling", reproducible=True)
    add_trends(own, trials, subject, baselines)
    called = trends_called(own.measurements()).filter(rule="study", subject=subject, **_WHOLE)
    words = {(task, setup): word for task, setup, word in called.select("task", "setup", "called").rows()}
    for (task, setup), truth in truths.items():
        row = _slope(own, task, setup)
        gate = (gates or {}).get((task, setup))
        interval = Interval(**{name: row[name] for name in _FIELDS})
        if gate is not None:
            interval = without_interval(None, interval.ci_method, interval.n_replicates)
        longest, shortest = (report.arm(subject, f"{task}:{setup}:{end}") for end in ("longest", "shortest"))
        report.add(
            interval, metric="known_trend", unit=row["unit"], kind="contrast", subject=longest,
            versus=shortest, conditions={"task": task, "setup": setup, "truth": truth}, role="instrument",
            passed=gate is None and words[task, setup] == truth, gate=gate, replicate="question",
            n_samples=row["n_samples"], n_missing=row["n_missing"], paired_on=["question"],
        )  # fmt: skip


def _slope(report: Report, task: str, setup: str) -> dict[str, Any]:
    """Return the row of the study's own trend over all levels and items."""
    wanted = {"task": task, "setup": setup, **_WHOLE}
    rows = (row for row in report.rows if row["metric"] == "trend" and row["conditions"] == wanted)
    return next(rows)


def law_gaps(trials: pl.DataFrame) -> dict[Known, float]:
    """Return by task and set-up how far an organism's accuracy lies from the law at most, above budget 0.

    The law is asked of the lines that each chain really has.
    """
    reasoned = trials.filter(pl.col("budget") > 0)
    gaps = {}
    for (task, setup), group in sorted(reasoned.partition_by("task", "setup", as_dict=True).items()):
        law = known_accuracy(str(task), group["used"].to_numpy(), group["level"].to_numpy())
        apart = group.select("budget", apart=pl.col("score") - pl.Series(law))
        means = apart.group_by("budget").agg(pl.col("apart").mean())["apart"]
        gaps[str(task), str(setup)] = float(means.abs().max())  # type: ignore[arg-type]
    return gaps


def add_organisms(report: Report, trials: pl.DataFrame, errors: pl.DataFrame) -> None:
    """Add of every organism whether it is what it was made to be, and whether its trends are called so.

    `trials` are of organisms alone; `errors` has the columns of `LineErrors`. Instruments: `line_error`,
    passed up to MOST_LINE_ERROR; `law_gap`, the largest distance of an accuracy from the law, passed up to
    MOST_LAW_GAP; `known_trend`. Where either is larger, the gate `training` closes on the task's trend: an
    organism that has not learnt its law has a trend that nobody knows.
    """
    baselines = {task: Baseline(CHANCE, {}) for task in TRUTHS}
    for subject in trials["subject"].unique().sort():
        own, of_lines = trials.filter(subject=subject), errors.filter(subject=subject)
        report.group(subject, "organisms", [])
        gaps = law_gaps(own)
        _add_training(report, subject, gaps, of_lines, own)
        unlearnt = set(of_lines.filter(pl.col("error") > MOST_LINE_ERROR)["task"])
        gates: dict[Known, Gate | None] = {
            known: "training" if gap > MOST_LAW_GAP[known[0]] or known[0] in unlearnt else None
            for known, gap in gaps.items()
        }
        truths = {known: TRUTHS[known[0]] for known in gaps}
        add_known_trends(report, own, subject, truths, baselines, gates)


def _add_training(
    report: Report, subject: str, gaps: Mapping[Known, float], errors: pl.DataFrame, trials: pl.DataFrame
) -> None:
    """Add the rows that say whether one organism follows its laws."""
    shared: dict[str, Any] = {
        "kind": "estimate", "subject": subject, "role": "instrument", "replicate": "question",
    }  # fmt: skip
    for task, error, items in errors.select("task", "error", "items").rows():
        report.add(
            without_interval(error, "mean", items), metric="line_error", unit="probability",
            conditions={"task": task}, passed=error <= MOST_LINE_ERROR, n_samples=items, **shared,
        )  # fmt: skip
    for (task, setup), gap in gaps.items():
        asked = trials.filter(task=task, setup=setup)
        report.add(
            without_interval(gap, "largest", asked["item"].n_unique()), metric="law_gap", unit="accuracy",
            conditions={"task": task, "setup": setup}, passed=gap <= MOST_LAW_GAP[task],
            n_samples=asked.height, **shared,
        )  # fmt: skip
