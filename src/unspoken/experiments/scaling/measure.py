"""What longer reasoning does to answers: trends, failures and forced answers, by model and task."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.scaling.distracted import add_distracted
from unspoken.experiments.scaling.distracted_students import add_distracted_students
from unspoken.experiments.scaling.failures import add_failures
from unspoken.experiments.scaling.items import Items
from unspoken.experiments.scaling.known import add_known_trends, add_organisms, is_organism, known_of
from unspoken.experiments.scaling.planted import add_planted
from unspoken.experiments.scaling.power import add_power
from unspoken.experiments.scaling.spurious import add_spurious
from unspoken.experiments.scaling.tables import Distracted, Forced, LineErrors, Trials
from unspoken.experiments.scaling.trends.baselines import baselines
from unspoken.experiments.scaling.trends.rows import add_trends
from unspoken.experiments.scaling.within import add_within_chains
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.replies import Replies


def called_subjects(trials: pl.DataFrame, students: Mapping[str, Collection[str]]) -> list[str]:
    """Return whose trends are called something: those of models as they are, organisms apart.

    Students are compared with their model alone: no paper's claim is about what this study trained.
    """
    trained = [name for names in students.values() for name in names]
    called = trials.filter(~is_organism(), ~pl.col("subject").is_in(trained))
    return called["subject"].unique().sort().to_list()


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of every model, and the planted tables of which the trends are known."""
    items, trials = whole_table(files["items"], Items), whole_table(files["length_trials"], Trials)
    forced = whole_table(files["forced"], Forced)
    reproducible = bool(whole_table(files["replies"], Replies)["reproducible"].all())
    report = Report(spec["study"], "gema2025", spec["experiment"], reproducible=reproducible)
    instrument = Report(spec["study"], "gema2025", spec["experiment"], reproducible=True)
    guessed, known = baselines(items), spec.get("known", {})
    students = spec.get("students", {})
    for subject in called_subjects(trials, students):
        own = trials.filter(subject=subject)
        if subject in known:
            add_known_trends(instrument, own, subject, known_of(own, known[subject]), guessed)
            continue
        add_trends(report, own, subject, guessed)
        add_failures(report, own, items, subject, spec["seed"], safe_tasks=spec["safe_tasks"])
        add_spurious(report, own, items, subject, spec["seed"])
        add_within_chains(report, forced.filter(subject=subject), subject)
    for model, own_students in students.items():
        add_distracted_students(report, trials, items, model, own_students, spec["trained_kinds"], guessed)
    errors = whole_table(files.get("errors", []), LineErrors)
    add_organisms(instrument, trials.filter(is_organism()), errors)
    add_distracted(instrument, whole_table(files.get("distracted", []), Distracted))
    add_planted(instrument, spec["seed"])
    add_power(instrument, spec["seed"])
    return [report, instrument]
