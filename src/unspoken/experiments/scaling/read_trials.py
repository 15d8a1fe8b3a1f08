"""Read the answers of replies, and score them: one row for each item, set-up, budget and sample."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("read_trials")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("items", "prompts", "replies", "trials", "forced"))
    from unspoken.experiments.scaling.items import Items
    from unspoken.experiments.scaling.tables import Forced, Trials
    from unspoken.experiments.scaling.trials import forced_of, scored_replies, trials_of
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.replies import Replies

    items, prompts = read_table(job.items, Items), read_table(job.prompts, Prompts)
    scored = scored_replies(items, prompts, read_table(job.replies, Replies))
    write_table(forced_of(scored), job.forced, Forced)
    write_table(trials_of(scored), job.trials, Trials)
    log.info("%d replies, %d of them without an answer", scored.height, scored["unread"].count())


if __name__ == "__main__":
    main()
