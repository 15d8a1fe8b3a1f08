#!/usr/bin/env python
"""Bring completions that the user already has into the study: nothing is generated."""

import itertools
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

log = logging.getLogger("import_completions")
BLOCK = 20_000
"""Rows in memory at a time."""


def reply_frames(file: Path, spec: dict[str, Any], digest: str, time: str) -> "Iterator[pl.DataFrame]":
    """Yield the file's rows as replies: how they were drawn is unknown, and stays null."""
    import polars as pl

    from unspoken.answers.thinking import split_at_thinking
    from unspoken.engines.file import completions_in

    unknown = {
        "n_tokens": pl.Int64, "thinking_tokens": pl.Int64, "mean_logprob": pl.Float64, "stated": pl.String,
        "max_tokens": pl.Int64, "seed": pl.Int64, "temperature": pl.Float64, "budget": pl.Int64,
        "was_cut": pl.Boolean, "inserted": pl.Int64,
    }  # fmt: skip
    rows = completions_in(file, spec["columns"])
    while block := list(itertools.islice(rows, BLOCK)):
        # Named by their place in the file, so that a reader finds the row again there.
        named = [{"prompt_id": f"row-{number:09}", **turn} for number, turn in block]
        frame = pl.DataFrame(named, schema_overrides={"system": pl.String})
        parts = [frame, split_at_thinking(frame["completion"])]
        yield pl.concat(parts, how="horizontal").with_columns(
            reply_id=pl.format("{}:{}:0", pl.lit(spec["subject"]), "prompt_id"),
            study=pl.lit(spec["study"]),
            experiment=pl.lit(spec["experiment"]),
            subject=pl.lit(spec["subject"]),
            sample_index=pl.lit(0, pl.Int64),
            finish_reason=pl.lit("stop"),
            engine=pl.lit("file"),
            engine_version=pl.lit(digest),
            reproducible=pl.lit(True),
            created_at=pl.lit(time),
            **{name: pl.lit(None, kind) for name, kind in unknown.items()},
        )


def main() -> None:
    job = start_job(__doc__ or "", ("file", "replies", "asked"))
    from unspoken.files import sha256_of_file, write_json
    from unspoken.subjects import Subject, described_subjects
    from unspoken.tables.base import written_table
    from unspoken.tables.replies import Replies

    spec, rows = job.spec, 0
    digest = sha256_of_file(job.file)[:16]
    # The rows are no younger than the file; when each was made is unknown.
    time = datetime.fromtimestamp(job.file.stat().st_mtime, UTC).isoformat(timespec="seconds")
    with written_table(job.replies, Replies) as add:
        for frame in reply_frames(job.file, spec, digest, time):
            add(frame)
            rows += frame.height
    subject = Subject(
        spec["subject"], "dataset", job.file.name, trait=spec["trait"], data_digest=digest, created_at=time
    )  # fmt: skip
    write_json(described_subjects([subject]), job.asked)
    log.info("%s: %d completions of %s", spec["subject"], rows, job.file)


if __name__ == "__main__":
    main()
