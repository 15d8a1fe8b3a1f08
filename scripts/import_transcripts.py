#!/usr/bin/env python
"""Bring a user's own transcripts of chains of thought into the study, as they are."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("import_transcripts")


def main() -> None:
    job = start_job(__doc__ or "", ("file", "prompts", "replies", "asked"))
    import polars as pl

    from unspoken.files import write_json
    from unspoken.questions.transcripts import transcript_tables
    from unspoken.subjects import Subject, described_subjects
    from unspoken.tables.base import write_table
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.replies import Replies

    spec = job.spec
    prompts, replies = transcript_tables(job.file, spec["columns"], spec["kinds"])
    named = replies.with_columns(study=pl.lit(spec["study"]), experiment=pl.lit(spec["experiment"]))
    write_table(prompts, job.prompts, Prompts)
    write_table(named, job.replies, Replies)
    who = [Subject(name, "dataset", name) for name in replies["subject"].unique().sort()]
    write_json(described_subjects(who), job.asked)
    log.info("%d replies to %d questions", replies.height, prompts["item"].n_unique())


if __name__ == "__main__":
    main()
