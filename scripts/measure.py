#!/usr/bin/env python
"""Measure an experiment: load the measure of its room by name, and write its measurements and groups."""

import logging
from importlib import import_module
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("measure")


def files_by_table(paths: list[Path]) -> dict[str, list[Path]]:
    """Return the input files by the name of their table: an `answers.parquet` belongs to `answers`."""
    files: dict[str, list[Path]] = {}
    for path in paths:
        files.setdefault(path.stem, []).append(path)
    return files


def main() -> None:
    job = start_job(__doc__ or "", ("measurements", "groups"), lists=("tables",))
    from unspoken.statistics.report import pooled_groups
    from unspoken.statistics.rows import measurement_table
    from unspoken.tables.base import write_table
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements

    module = import_module(job.spec["measure"])
    reports = module.measured(files_by_table(job.tables), job.spec)
    rows = [row for report in reports for row in report.rows]
    write_table(pooled_groups(reports), job.groups, Groups)
    write_table(measurement_table(rows), job.measurements, Measurements)
    log.info("%d measurements", len(rows))


if __name__ == "__main__":
    main()
