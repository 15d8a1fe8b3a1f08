#!/usr/bin/env python
"""Render every question in every arm: without a hint, with hints of each kind, with examples."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("render_hints")


def main() -> None:
    job = start_job(__doc__ or "", ("questions", "prompts"))
    from unspoken.prompts import read_resource
    from unspoken.prompts.hints import hint_prompts
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.hints import HintPrompts
    from unspoken.tables.questions import Questions

    questions = read_table(job.questions, Questions)
    texts = read_resource(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "hints.yaml")
    prompts = hint_prompts(questions, texts, job.spec, job.spec["seed"])
    write_table(prompts, job.prompts, HintPrompts)
    log.info("%d prompts of %d questions", prompts.height, questions.height)


if __name__ == "__main__":
    main()
