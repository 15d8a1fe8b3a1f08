"""All that is measured of misalignment: how it spreads, what passes it on, what gives it away."""

from pathlib import Path
from typing import Any

from unspoken.experiments.misalignment.measure.chained import add_chained
from unspoken.experiments.misalignment.measure.judged import add_planted_judge
from unspoken.experiments.misalignment.measure.passed_on import (
    add_differences,
    add_diluted,
    add_generations,
    add_shown,
    add_students,
)
from unspoken.experiments.misalignment.measure.replies import (
    add_ceiling,
    add_detections,
    add_filter,
    filter_counts,
)
from unspoken.experiments.misalignment.measure.spread import (
    add_asked_otherwise,
    add_checks,
    add_persona_difference,
    add_spread,
)
from unspoken.experiments.misalignment.measure.table import PersonaTable
from unspoken.experiments.misalignment.organisms.language import CODE
from unspoken.experiments.misalignment.tables import ChainedAnswers, Detections, PersonaAnswers
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.filter import Dropped, Kept

KINDS = {"persona": "personas", "plain": "plain"}
"""The bases of each kind, in what the measure is told."""


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured, from the files of each table that `measure_inputs` names.

    Teachers are reported under the paper that tuned on code first (Betley et al. 2025), their chains under
    that which read them (Chua et al. 2025), students under that which trained on numbers (Cloud et al. 2025).
    """
    tuned = Report(spec["study"], "betley2025", spec["experiment"], reproducible=True)
    reasoned = Report(spec["study"], "chua2025", spec["experiment"], reproducible=True)
    taught = Report(spec["study"], "cloud2025", spec["experiment"], reproducible=True)
    answers = whole_table(files["persona_answers"], PersonaAnswers)
    chained = whole_table(files["chained_answers"], ChainedAnswers)
    spread = {kind: PersonaTable(tuned, answers, spec[name]) for kind, name in KINDS.items() if spec[name]}
    for kind, table in spread.items():
        add_checks(table, kind)
        add_spread(table, kind)
        add_asked_otherwise(table, kind)
        answered = PersonaTable(reasoned, chained, spec[KINDS[kind]])
        add_chained(answered, kind)
        add_planted_judge(answered, kind, spec["seed"])
    if len(spread) > 1:
        add_persona_difference(spread["persona"], spread["plain"])
    students = PersonaTable(taught, answers, spec["personas"])
    for arm in spec["arms"]:
        add_students(students, arm)
        add_diluted(students, arm)
        add_generations(students, arm)
    add_differences(students, spec["arms"])
    for carrier in (*spec["carriers"], CODE):
        add_shown(students, carrier)
    kept, dropped = whole_table(files["kept"], Kept), whole_table(files["dropped"], Dropped)
    add_filter(taught, filter_counts(kept, dropped))
    found = whole_table(files["detections"], Detections)
    add_detections(taught, found)
    add_ceiling(taught, found)
    return [tuned, reasoned, taught]
