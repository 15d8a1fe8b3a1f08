#!/usr/bin/env python
"""Pair each reply with its question's unhinted and sham ones, parse it, and judge its chain."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("pair_trials")


def main() -> None:
    job = start_job(__doc__ or "", ("chains", "trials", "sham", "legibility"), lists=("judgements",))
    import polars as pl

    from unspoken.chains.legibility import LANGUAGES, legibility_columns
    from unspoken.experiments.faithfulness.pairing import answered, judged, paired, sham_verdicts, unmarked
    from unspoken.experiments.faithfulness.tables.trials import Legibility, ShamVerdicts, Trials
    from unspoken.judges.judge_patterns import read_patterns
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.chains import Chains
    from unspoken.tables.judgements import Judgements

    marker = None
    if job.spec["marked"]:
        from unspoken.experiments.faithfulness.follower_texts import MARKER as marker
    patterns = read_patterns(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "judges.yaml")
    chains = unmarked(read_table(job.chains, Chains), marker)
    judgements = [read_table(path, Judgements) for path in job.judgements]
    pairs = paired(answered(chains))
    trials = judged(pairs, patterns, pl.concat(judgements) if judgements else None, job.spec["judge"])
    named = trials.rename({"user": "prompt"}).with_columns(experiment=pl.lit("faithfulness"))
    write_table(named, job.trials, Trials)
    write_table(sham_verdicts(pairs, patterns), job.sham, ShamVerdicts)
    readable = legibility_columns(chains, LANGUAGES).join(
        chains.select("subject", "prompt_id", "question_id", "arm", "mean_logprob"),
        on=["subject", "prompt_id"],
    )
    write_table(readable, job.legibility, Legibility)
    counts = trials["outcome"].value_counts(sort=True)
    log.info("%d trials: %s", trials.height, dict(counts.iter_rows()))


if __name__ == "__main__":
    main()
