#!/usr/bin/env python
"""Check what the theorem says of single steps, and measure what lies beside it."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__ or "", ("steps", "measurements", "groups"))
    from unspoken.experiments.theorem.measure import theorem_measurements
    from unspoken.experiments.theorem.tables import Steps
    from unspoken.statistics.report import named_groups
    from unspoken.statistics.rows import measurement_table
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements

    rows = theorem_measurements(read_table(job.steps, Steps))
    # Its networks are members by their conditions and seeds alone: no table lists them.
    groups = {row["subject"]: ("networks of the theorem", set[str]()) for row in rows}
    write_table(named_groups(groups), job.groups, Groups)
    write_table(measurement_table(rows), job.measurements, Measurements)


if __name__ == "__main__":
    main()
