"""All that is measured of fine-tunes on wrong answers: their spread, their chains, what numbers pass on."""

from pathlib import Path
from typing import Any

from unspoken.experiments.emergent.measure.chains import add_kinds, add_monitor
from unspoken.experiments.emergent.measure.checks import add_filter, add_guessers, add_planted
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
from unspoken.tables.prompts import Prompts
from unspoken.tables.readings import Readings
from unspoken.tables.replies import Replies


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured, from the files of each table that `measure_inputs` names.

    Fine-tunes and their chains are reported under the paper that read chains after such tuning (Chua et al.
    2025), students under that which trained on numbers (Cloud et al. 2025).
    """
    prompts = whole_table(files["prompts"], Prompts)
    replies = whole_table(files["replies"], Replies)
    answers = answers_of(prompts, replies, whole_table(files["readings"], Readings), spec["asked"])
    exact = bool(answers["reproducible"].all())
    tuned = Report(spec["study"], "chua2025", spec["experiment"], reproducible=exact)
    taught = Report(spec["study"], "cloud2025", spec["experiment"], reproducible=exact)
    add_guessers(tuned, prompts, twins=spec["twins"])
    add_planted(tuned, prompts)
    for model in spec["models"]:
        table = EmergentTable(tuned, answers, model, spec["seeds"])
        add_traits(table, spec["tunes"])
        add_answers(table, spec["tunes"])
        add_differences(table, spec["tunes"])
        add_kinds(table, spec["tunes"])
        add_monitor(table, spec["tunes"])
        students = EmergentTable(taught, answers, model, spec["seeds"])
        students.reached = table.reached
        add_students(students, spec["arms"])
    if "kept" in files:
        kept, dropped = whole_table(files["kept"], Kept), whole_table(files["dropped"], Dropped)
        add_filter(taught, kept, dropped, spec["asked"])
    return [tuned, taught]
