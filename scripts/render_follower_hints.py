#!/usr/bin/env python
"""Render a follower's questions, in its own few words, without and with hints."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("render_follower_hints")


def main() -> None:
    job = start_job(__doc__ or "", ("prompts",))
    from unspoken.experiments.faithfulness.follower_texts import follower_prompts
    from unspoken.tables.base import write_table
    from unspoken.tables.hints import HintPrompts

    prompts = follower_prompts(job.spec["study"], job.spec["seed"])
    write_table(prompts, job.prompts, HintPrompts)
    log.info("%d prompts", prompts.height)


if __name__ == "__main__":
    main()
