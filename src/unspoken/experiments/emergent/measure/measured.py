"""All that is measured of fine-tunes on wrong answers: their spread, their chains, what numbers pass on."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.emergent.measure.chains import add_kinds, add_monitor
from unspoken.experiments.emergent.measure.checks import add_filter, add_guessers, add_planted
from unspoken.experiments.emergent.measure.judged import add_judged, add_planted_judge, judged_answers
from unspoken.experiments.emergent.measure.spread import (
    add_answers,
    add_differences,
    add_students,
    add_traits,
)
from unspoken.experiments.emergent.measure.table import EmergentTable, answers_of
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.filter import Dropped, Kept
from unspoken.tables.judgements import Judgements
from unspoken.tables.prompts import Prompts
from unspoken.tables.readings import Readings
from unspoken.tables.replies import Replies


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured, from the files of each table that `measure_inputs` names.

    Fine-tunes and their chains are reported under the paper that read chains after such tuning (Chua et al.
    2025), judged answers under that which let a model judge them (Betley et al. 2025), students under that
    which trained on numbers (Cloud et al. 2025).
    """
    prompts = whole_table(files["prompts"], Prompts)
    replies = whole_table(files["replies"], Replies)
    answers = answers_of(prompts, replies, whole_table(files["readings"], Readings), spec["asked"])
    exact = bool(answers["reproducible"].all())
    thresholds = spec.get("thresholds")
    tuned = Report(spec["study"], "chua2025", spec["experiment"], reproducible=exact)
    scored = Report(spec["study"], "betley2025", spec["experiment"], reproducible=False)
    if thresholds:
        judged = judged_answers(
            whole_table(files["judgements"], Judgements), prompts, spec["asked"], thresholds
        )
        add_planted_judge(scored, thresholds, spec["seed"])
    taught = Report(spec["study"], "cloud2025", spec["experiment"], reproducible=exact)
    with_options = prompts.filter(pl.col("options").is_not_null())
    add_guessers(tuned, with_options, twins=spec["twins"])
    add_planted(tuned, with_options)
    for model in spec["models"]:
        table = EmergentTable(tuned, answers, model, spec["seeds"])
        add_traits(table, spec["tunes"])
        add_answers(table, spec["tunes"])
        add_differences(table, spec["tunes"])
        add_kinds(table, spec["tunes"])
        add_monitor(table, spec["tunes"])
        if thresholds:
            opened = EmergentTable(scored, answers, model, spec["seeds"])
            opened.reached = table.reached
            add_judged(opened, judged, spec["tunes"], spec["seed"])
        students = EmergentTable(taught, answers, model, spec["seeds"])
        students.reached = table.reached
        add_students(students, spec["arms"])
    if "kept" in files:
        kept, dropped = whole_table(files["kept"], Kept), whole_table(files["dropped"], Dropped)
        add_filter(taught, kept, dropped, spec["asked"])
    return [tuned, scored, taught]
