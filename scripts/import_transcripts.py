#!/usr/bin/env python
"""Bring a user's own transcripts of chains of thought into the study, as they are."""

import logging

from unspoken.jobs import start_job

log = logging.getLogger("import_transcripts")


def main() -> None:
    job = start_job(__doc__ or "", ("file", "chains", "asked"))
    from unspoken.files import write_json
    from unspoken.questions.transcripts import transcript_chains
    from unspoken.subjects import Subject, described_subjects
    from unspoken.tables.base import write_table
    from unspoken.tables.chains import Chains

    spec = job.spec
    chains = transcript_chains(job.file, spec["columns"], spec["kinds"], spec["study"])
    write_table(chains, job.chains, Chains)
    who = [Subject(name, "dataset", name) for name in chains["subject"].unique().sort()]
    write_json(described_subjects(who), job.asked)
    log.info("%d replies to %d questions", chains.height, chains["question_id"].n_unique())


if __name__ == "__main__":
    main()
