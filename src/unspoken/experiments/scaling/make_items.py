"""Make the items of the study's tasks, and check every answer by a second way."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("make_items")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("items",))
    from unspoken.experiments.scaling.checks.answers import faults_of
    from unspoken.experiments.scaling.items import Items, made_items
    from unspoken.experiments.scaling.tasks.drawing import TaskError
    from unspoken.tables.base import write_table

    items = made_items(job.spec)
    if fault := next(faults_of(items), None):
        raise TaskError(fault)
    write_table(items, job.items, Items)
    for task, count in items["task"].value_counts().sort("task").iter_rows():
        log.info("%s: %d items, every answer checked by a second way", task, count)


if __name__ == "__main__":
    main()
