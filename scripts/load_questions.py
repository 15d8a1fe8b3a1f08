#!/usr/bin/env python
"""Bring the questions of the faithfulness experiment: embedded, made, the user's own, or the hub's."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("load_questions")


def main() -> None:
    job = start_job(__doc__ or "", ("questions",))
    from unspoken.questions.sources import questions_of
    from unspoken.tables.base import write_table
    from unspoken.tables.questions import Questions

    spec = job.spec
    questions = questions_of(
        {"sets": spec["sets"]}, Path(os.environ["UNSPOKEN_ROOT"]), spec["seed"], spec["study"]
    )
    write_table(questions, job.questions, Questions)
    log.info("%d questions", questions.height)


if __name__ == "__main__":
    main()
