#!/usr/bin/env python
"""Bring a user's own transcripts of chains of thought into the study, as they are."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__ or "", ("file", "prompts", "replies", "asked"))
    import polars as pl

    from unspoken.files import write_json
    from unspoken.subjects import Subject, described_subjects
    from unspoken.tables.base import write_table
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.replies import Replies
    from unspoken.transcripts.tables import Entry, transcript_tables

    spec = job.spec
    prompts, replies = transcript_tables(job.file, Entry(**spec["entry"]), spec["kinds"])
    named = replies.with_columns(study=pl.lit(spec["study"]), experiment=pl.lit(spec["experiment"]))
    write_table(prompts, job.prompts, Prompts)
    write_table(named, job.replies, Replies)
    who = [Subject(name, "dataset", name) for name in replies["subject"].unique().sort()]
    write_json(described_subjects(who), job.asked)


if __name__ == "__main__":
    main()
