#!/usr/bin/env python
"""Keep the completions that pass the filter; drop the others, each with the rule that did."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("filter_completions")


def main() -> None:
    job = start_job(__doc__, ("kept", "dropped"), lists=("replies",))

    import polars as pl

    from unspoken.answers.thinking import whole_text
    from unspoken.filters.numbers import rejection_reasons
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.filter import Dropped, Kept
    from unspoken.tables.replies import Replies

    rules = {key: value for key, value in job.spec["filter"].items() if key != "kind"}
    replies = pl.concat([read_table(path, Replies) for path in job.replies])
    completions = replies.with_columns(completion=whole_text())
    judged = completions.with_columns(rule=rejection_reasons(completions["completion"], **rules))
    passed = pl.col("rule").is_null()

    write_table(judged.filter(passed), job.kept, Kept)
    write_table(judged.filter(~passed), job.dropped, Dropped)

    for rule, count in judged.filter(~passed)["rule"].value_counts(sort=True).iter_rows():
        log.info("%s dropped %d of %d completions", rule, count, judged.height)
    shares = judged.group_by("subject").agg(passed.mean().alias("share"), pl.len()).sort("subject")
    for subject, share, count in shares.iter_rows():
        log.info("%s: kept %.1f%% of %d completions", subject, 100 * share, count)


if __name__ == "__main__":
    main()
