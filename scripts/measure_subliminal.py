#!/usr/bin/env python
"""Measure the subliminal experiment: specificity, its controls, doses, shuffles, and the data."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("measure_subliminal")
NEUTRAL_LIMIT = 0.5
"""Log-odds outside which the neutral teacher's students count as moved."""
PRIMARY = {"scorer": "choice", "questions": "held_out"}


def main() -> None:
    job = start_job(
        __doc__,
        ("measurements", "groups"),
        lists=("answers", "subjects", "kept", "dropped", "carrier"),
    )
    import polars as pl

    from unspoken.experiments.subliminal.measure.instruments import (
        add_carrier_mass,
        add_interpolation,
        add_teachers,
        add_valid_rows,
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
    from unspoken.experiments.subliminal.measure.shuffled import add_shares, shuffled_cells
    from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure, subject_frame
    from unspoken.experiments.subliminal.measure.traits import trait_cells
    from unspoken.files import read_json
    from unspoken.statistics.report import Report
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.filter import Dropped, Kept
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements
    from unspoken.tables.probe import Answers
    from unspoken.tables.readings import Readings

    spec = job.spec
    answers = pl.concat([read_table(path, Answers) for path in job.answers])
    report = Report(
        spec["study"], "cloud2025", "subliminal",
        reproducible=bool(answers["reproducible"].all()),
    )  # fmt: skip
    cells = pl.concat([trait_cells(answers, spec["words"]), shuffled_cells(answers)])
    subjects = subject_frame([read_json(path) for path in job.subjects])
    measure = TraitMeasure(report, cells, subjects, spec)

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
        measure.add_cells(arm, PRIMARY)
        add_vector(measure, arm, PRIMARY)
        add_neutral_control(measure, arm, PRIMARY, NEUTRAL_LIMIT)
    for arm, versus in spec["compared"]:
        for key in measure.score_keys():
            measure.add_difference(arm, versus, key)
    for dose in spec["doses"]:
        for key in measure.score_keys():
            measure.add_trend(dose["arms"], dose["model"], key)
    add_interpolation(measure, PRIMARY)
    add_teachers(measure, PRIMARY)
    add_shares(report, answers, spec["models"])
    kept = pl.concat([read_table(path, Kept) for path in job.kept])
    dropped = pl.concat([read_table(path, Dropped) for path in job.dropped])
    counts = filter_counts(kept, dropped)
    own = pl.col("subject").is_in(spec["data"])
    add_valid_rows(measure, counts.filter(~own))
    add_kept_shares(measure, counts.filter(own))
    if job.carrier:
        readings = pl.concat([read_table(path, Readings) for path in job.carrier]).filter(reading="at")
        carrier = readings.explode("choices", "logprobs").rename({"choices": "word", "logprobs": "logprob"})
        add_carrier_mass(measure, carrier)

    write_table(report.groups(), job.groups, Groups)
    write_table(report.measurements(), job.measurements, Measurements)
    log.info("%d measurements", len(report.rows))


if __name__ == "__main__":
    main()
