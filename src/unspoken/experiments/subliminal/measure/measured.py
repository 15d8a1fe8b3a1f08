"""All that is measured of the subliminal experiment: specificity, controls, doses, shuffles, the data."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.answers.shuffled import add_shares, shuffled_cells
from unspoken.answers.traits import trait_cells
from unspoken.experiments.subliminal.measure.adapters import add_learning, add_middle_ranks
from unspoken.experiments.subliminal.measure.instruments import (
    add_carrier_mass,
    add_interpolation,
    add_teachers,
    add_valid_rows,
    carrier_places,
    filter_counts,
)
from unspoken.experiments.subliminal.measure.preferences import (
    add_kept_shares,
    add_neutral_control,
    add_own_data,
    add_preferences,
    add_shifts,
    add_vector,
)
from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure, subject_frame
from unspoken.files import read_json
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.filter import Dropped, Kept
from unspoken.tables.probe import Answers
from unspoken.tables.readings import Readings
from unspoken.tables.training import TrainingSteps

Files = dict[str, list[Path]]
EXACT = {"scorer": "choice", "questions": "held_out"}
"""How checks read a trait: without the noise of sampling."""


def _add_arms(measure: TraitMeasure, primary: dict[str, str], bound: float) -> None:
    """Add what is measured of each arm's students; pairs, words and the control by the primary scorer."""
    for arm, fields in measure.arms.items():
        if fields["dataset"] is not None:  # a file has no other-trait students, and no controls
            for key in measure.score_keys():
                add_own_data(measure, arm, key)
            continue
        measure.add_specificity(arm)
        for key in measure.score_keys():
            add_preferences(measure, arm, key)
            add_shifts(measure, arm, key)
            for early in measure.snapshots():
                add_shifts(early, arm, key)
        measure.add_cells(arm, primary)
        add_vector(measure, arm, primary)
        add_neutral_control(measure, arm, primary, bound)


def _add_comparisons(measure: TraitMeasure, spec: dict[str, Any]) -> None:
    """Add the differences of arms, those of adapters by their rank, and the trends over doses."""
    for arm, versus in spec["compared"]:
        for key in measure.score_keys():
            measure.add_difference(arm, versus, key)
    for key in measure.score_keys():
        add_middle_ranks(measure, key)
    for dose in spec["doses"]:
        for key in measure.score_keys():
            measure.add_trend(dose["arms"], dose["models"], key)


def _add_data(measure: TraitMeasure, files: Files, own_data: list[str]) -> None:
    """Add what the filter kept of the numbers, and the trait words' probability beside them."""
    kept, dropped = whole_table(files["kept"], Kept), whole_table(files["dropped"], Dropped)
    counts = filter_counts(kept, dropped)
    own = pl.col("subject").is_in(own_data)
    add_valid_rows(measure, counts.filter(~own))
    add_kept_shares(measure, counts.filter(own))
    if files.get("readings"):  # a study of the user's own data alone generates no numbers
        add_carrier_mass(measure, carrier_places(whole_table(files["readings"], Readings)))


def measured(files: Files, spec: dict[str, Any]) -> list[Report]:
    """Return what is measured, from the files of answers, subject, kept, dropped, readings and training."""
    answers = whole_table(files["answers"], Answers)
    reproducible = bool(answers["reproducible"].all())
    report = Report(spec["study"], "cloud2025", spec["experiment"], reproducible=reproducible)
    cells = pl.concat([trait_cells(answers, spec["words"]), shuffled_cells(answers)])
    subjects = subject_frame([read_json(path) for path in files.get("subject", [])])
    measure = TraitMeasure(report, cells, subjects, spec)
    if files.get("training"):
        add_learning(measure, whole_table(files["training"], TrainingSteps))
    _add_arms(measure, spec["primary"], spec["bounds"]["neutral_shift"])
    _add_comparisons(measure, spec)
    add_interpolation(measure, EXACT)
    add_teachers(measure, EXACT)
    add_shares(report, answers, spec["models"])
    _add_data(measure, files, spec["data"])
    return [report]
