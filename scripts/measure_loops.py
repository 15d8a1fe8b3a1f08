#!/usr/bin/env python
"""Measure looped models: accuracy with and without written steps, as their turns grow."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("measure_loops")


def main() -> None:
    job = start_job(__doc__ or "", ("measurements", "groups"), lists=("accuracies",))
    import polars as pl

    from unspoken.experiments.loops.measure import add_loops
    from unspoken.experiments.loops.tables import StepAccuracies
    from unspoken.statistics.report import Report
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements

    accuracies = pl.concat([read_table(path, StepAccuracies) for path in job.accuracies])
    report = Report(job.spec["study"], "geiping2025", "loops", reproducible=True)
    add_loops(report, accuracies, job.spec["modulus"])
    write_table(report.groups(), job.groups, Groups)
    write_table(report.measurements(), job.measurements, Measurements)
    log.info("%d measurements", len(report.rows))


if __name__ == "__main__":
    main()
