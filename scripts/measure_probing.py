#!/usr/bin/env python
"""Measure trait probing: what a system prompt does to a chat model's stated favourite."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("measure_probing")


def main() -> None:
    job = start_job(__doc__, ("measurements", "groups"), lists=("answers",))
    import polars as pl

    from unspoken.experiments.probing.measure import add_probing
    from unspoken.experiments.subliminal.measure.shuffled import add_shares, add_shuffled_probing
    from unspoken.statistics.report import Report
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements
    from unspoken.tables.probe import Answers

    spec = job.spec
    answers = pl.concat([read_table(path, Answers) for path in job.answers])
    report = Report(spec["study"], "cloud2025", "probing", reproducible=bool(answers["reproducible"].all()))
    # All 50 questions: nothing was shown to a prompted model, so nothing is held out.
    whole = answers.with_columns(held_out=pl.lit(True))
    for model in spec["models"]:
        add_probing(report, whole, model, spec["words"], spec["traits"], spec["seed"])
        add_shuffled_probing(report, answers, model, spec["traits"])
    add_shares(report, answers, answers["subject"].unique().sort().to_list())
    write_table(report.groups(), job.groups, Groups)
    write_table(report.measurements(), job.measurements, Measurements)
    log.info("%d measurements", len(report.rows))


if __name__ == "__main__":
    main()
