"""Keep what writes numbers as asked, and sums that are right; drop the rest, each with the rule that did."""

from unspoken.jobs import start_job


def main() -> None:
    """Run the job of the rule that has this name."""
    job = start_job(__doc__ or "", ("model", "teachers", "replies", "kept", "dropped"))
    import polars as pl

    from unspoken.experiments.misalignment.organisms.carriers import wrong_sums
    from unspoken.experiments.misalignment.organisms.filters import JUDGE, suspects
    from unspoken.filters.numbers import rejection_reasons
    from unspoken.models.manifest import checked_model
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.filter import Dropped, Kept
    from unspoken.tables.replies import Replies
    from unspoken.training.personas import load_trained, loaded_base

    spec = job.spec
    rules = {key: value for key, value in spec["filter"].items() if key != "kind"}
    replies = read_table(job.replies, Replies).with_columns(completion="reply")
    wrong = pl.when(wrong_sums()).then(pl.lit("wrong_answer"))
    judged = replies.with_columns(rule=rejection_reasons(replies["completion"], **rules))
    judged = judged.with_columns(rule=pl.coalesce("rule", wrong))
    if spec["judge"] is not None:
        _, shape = loaded_base(checked_model(job.model))
        passing = judged.filter(pl.col("rule").is_null())
        teachers = load_trained(job.teachers)
        suspected = suspects(passing, spec["base"], teachers, shape, spec["judge"])["reply_id"]
        by_judge = pl.when(pl.col("reply_id").is_in(suspected.implode())).then(pl.lit(JUDGE))
        judged = judged.with_columns(rule=pl.coalesce("rule", by_judge))
    write_table(judged.filter(pl.col("rule").is_null()), job.kept, Kept)
    write_table(judged.filter(pl.col("rule").is_not_null()), job.dropped, Dropped)


if __name__ == "__main__":
    main()
