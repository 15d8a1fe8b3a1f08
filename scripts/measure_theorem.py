#!/usr/bin/env python
"""Check what the theorem says of single steps, and measure what lies beside it."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__ or "", ("steps", "measurements"))
    from unspoken.measure.rows import measurement_table
    from unspoken.measure.theorem import theorem_measurements
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measurements import Measurements
    from unspoken.tables.theorem import Steps

    rows = theorem_measurements(read_table(job.steps, Steps))
    write_table(measurement_table(rows), job.measurements, Measurements)


if __name__ == "__main__":
    main()
