#!/usr/bin/env python
"""Estimate and contrast the accuracies of digit classifiers."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__ or "", ("accuracies", "measurements", "groups"))
    from unspoken.experiments.mnist.measure import mnist_measurements
    from unspoken.experiments.mnist.tables import Accuracies
    from unspoken.statistics.report import named_groups
    from unspoken.statistics.rows import measurement_table
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.measure import Groups
    from unspoken.tables.measurements import Measurements

    rows = mnist_measurements(read_table(job.accuracies, Accuracies), job.spec["train_images"])
    # Its networks are members by their conditions and seeds alone: no table lists them.
    groups = {row["subject"]: ("digit classifiers", set[str]()) for row in rows}
    write_table(named_groups(groups), job.groups, Groups)
    write_table(measurement_table(rows), job.measurements, Measurements)


if __name__ == "__main__":
    main()
