"""Pair each reply with the unhinted and sham replies to its question, parse it, and judge its chain."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("pair_trials")


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(
        __doc__ or "",
        ("prompts", "replies", "trials", "sham", "legibility"),
        lists=("readings", "judgements"),
    )
    import polars as pl

    from unspoken.chains.joined import joined_chains
    from unspoken.chains.legibility import LANGUAGES, legibility_columns
    from unspoken.experiments.faithfulness.follower_texts import MARKER
    from unspoken.experiments.faithfulness.pairing import answered, judged, paired, sham_verdicts, unmarked
    from unspoken.experiments.faithfulness.tables.trials import Legibility, ShamVerdicts, Trials
    from unspoken.judges.judge_patterns import read_patterns
    from unspoken.tables.base import read_table, whole_table, write_table
    from unspoken.tables.judgements import Judgements
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.readings import Readings
    from unspoken.tables.replies import Replies

    # Only a planted organism's chains end with the mark that says what they did.
    marker = MARKER if job.spec["marked"] else None
    patterns = read_patterns(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "judges.yaml")
    prompts, replies = read_table(job.prompts, Prompts), read_table(job.replies, Replies)
    readings = whole_table(job.readings, Readings) if job.readings else None
    chains = unmarked(joined_chains(prompts, replies, readings), marker)
    pairs = paired(answered(chains))
    judgements = whole_table(job.judgements, Judgements) if job.judgements else None
    trials = judged(pairs, patterns, judgements, job.spec["judge"])
    named = trials.with_columns(experiment=pl.lit(job.spec["experiment"]))
    write_table(named, job.trials, Trials)
    write_table(sham_verdicts(pairs, patterns), job.sham, ShamVerdicts)
    readable = legibility_columns(chains, LANGUAGES).join(
        chains.select("subject", "prompt_id", "question_id", "arm", "mean_logprob"),
        on=["subject", "prompt_id"],
    )
    write_table(readable, job.legibility, Legibility)
    counts = trials["outcome"].value_counts(sort=True)
    log.info("%d trials: %s", trials.height, dict(counts.iter_rows()))
    unjudged = trials["unjudged"].drop_nulls().value_counts(sort=True)
    log.info("%d of them have a hint and no verdict: %s", unjudged["count"].sum(), dict(unjudged.iter_rows()))


if __name__ == "__main__":
    main()
