#!/usr/bin/env python
"""Render the prompts of a room: its own module makes them, of items where it has any."""

import logging
from importlib import import_module

from unspoken.jobs import start_job

log = logging.getLogger("render_prompts")


def main() -> None:
    job = start_job(__doc__ or "", ("prompts",), lists=("items",))
    from unspoken.tables.base import write_table
    from unspoken.tables.prompts import Prompts

    prompts = import_module(job.spec["renderer"]).rendered(job.spec, job.items)
    write_table(prompts, job.prompts, Prompts)
    log.info("%d prompts", prompts.height)


if __name__ == "__main__":
    main()
