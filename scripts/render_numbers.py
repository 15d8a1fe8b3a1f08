#!/usr/bin/env python
"""Render the requests for numbers; a raised count keeps the first ones as they were."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("render_numbers")


def main() -> None:
    job = start_job(__doc__, ("prompts",))
    from unspoken.experiments.subliminal.prompts import (
        chat_number_prompts,
        list_number_prompts,
        load_number_templates,
        organism_number_prompts,
    )
    from unspoken.models.corpus import number_walks
    from unspoken.prompts.preferences import prompt_rows
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table
    from unspoken.tables.prompts import Prompts

    seed = hashed_seed(job.spec["seed"], "prompts", "numbers")
    if job.spec["style"] == "organism":
        prompts = organism_number_prompts(job.spec["count"], seed, number_walks)
    else:
        resources = Path(os.environ["UNSPOKEN_ROOT"]) / "resources"
        templates = load_number_templates(resources / "prompts" / "numbers.yaml")
        render = list_number_prompts if job.spec["form"] == "lists" else chat_number_prompts
        prompts = render(job.spec["count"], seed, templates)
    write_table(prompt_rows("numbers", prompts, digits=6), job.prompts, Prompts)
    log.info("%d requests for numbers", prompts.height)


if __name__ == "__main__":
    main()
