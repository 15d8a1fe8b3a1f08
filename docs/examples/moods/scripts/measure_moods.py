#!/usr/bin/env python
"""Measure moods: what a system prompt does to a chat model's choice between two words."""

from unspoken.jobs import start_job


def main() -> None:
    """Write the measurements of the answers."""
    job = start_job(__doc__ or "", ("measurements", "groups"), lists=("answers",))
    import polars as pl

    from unspoken.statistics.moods import add_moods
    from unspoken.statistics.report import Report
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements
    from unspoken.tables.probe import Answers

    answers = pl.concat([read_table(path, Answers) for path in job.answers])
    reproducible = bool(answers["reproducible"].all())
    report = Report(job.spec["study"], "an example", "moods", reproducible=reproducible)
    for model in answers["subject"].str.split(":").list.first().unique().sort():
        add_moods(report, answers, model, job.spec["seed"])
    write_table(report.groups(), job.groups, Groups)
    write_table(report.measurements(), job.measurements, Measurements)


if __name__ == "__main__":
    main()
