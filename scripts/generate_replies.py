#!/usr/bin/env python
"""Let a model or its subjects reply to prompts, and read exact probabilities beside the replies."""

import logging
import math
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from unspoken.asking.completing import Asked

    Add = Callable[[pl.DataFrame], None]

log = logging.getLogger("generate_replies")
PROMPTS_AT_ONCE = 240
"""Where options are read after the replies: so many prompts and replies fit into what vLLM keeps of its
attention on a processor, so it reads a reply's prompt once, not twice."""


def write_replies(
    asked: "Asked", prompts: "pl.DataFrame", spec: dict[str, Any], add_replies: "Add", add_readings: "Add"
) -> None:
    """Write a subject's replies to prompts, some at a time, and what is read beside them.

    Options are read beside every reply, words beside the first replies alone.
    """
    import polars as pl

    from unspoken.asking.reading import readings_beside
    from unspoken.asking.replying import replied
    from unspoken.engines.base import Sampling
    from unspoken.engines.cache import ROWS_AT_ONCE
    from unspoken.seeds import hashed_seed

    reads = spec["reads"] or {"kind": None}
    seed = hashed_seed(spec["seed"], spec["draw"], asked.subject.subject_id)
    sampling = Sampling(**spec["sampling"], seed=seed, logprobs=spec["logprobs"])
    left = math.ceil(reads["rows"] / spec["shard"][1]) if reads["kind"] == "words" else prompts.height
    at_once = PROMPTS_AT_ONCE if reads["kind"] in ("options", "texts") else ROWS_AT_ONCE
    drawn = replied(asked, prompts, sampling, spec["reasoning"], at_once, spec.get("samples"))
    for some, replies in drawn:
        study, experiment = pl.lit(spec["study"]), pl.lit(spec["experiment"])
        add_replies(replies.with_columns(study=study, experiment=experiment))
        if reads["kind"] and left > 0:
            add_readings(readings_beside(asked, some.head(left), replies.head(left), reads))
            left -= some.height


def main() -> None:
    job = start_job(
        __doc__ or "",
        ("model", "prompts", "cache", "replies", "readings", "asked"),
        lists=("subjects",),
    )
    from unspoken.asking.answering import answering_subjects, kept_prompts, prompts_of_shard
    from unspoken.asking.completing import asked_in_turn
    from unspoken.asking.drawing import check_drawing
    from unspoken.engines.base import Opening
    from unspoken.engines.opening import open_engine
    from unspoken.files import write_json
    from unspoken.subjects import described_subjects, read_subjects
    from unspoken.tables.base import read_table, written_table
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.readings import Readings
    from unspoken.tables.replies import Replies

    spec = job.spec
    prompts = read_table(job.prompts, Prompts)
    check_drawing(prompts, spec)
    prompts = kept_prompts(prompts, spec["keep"])
    trained = [subject for listing in job.subjects for subject in read_subjects(listing)]
    answering = answering_subjects(spec["model"], spec["answering"], trained)
    subjects, counts = [subject for subject, _ in answering], [count for _, count in answering]
    engine = open_engine(Opening(job.model, spec["engine"], job.threads))
    with (
        written_table(job.replies, Replies) as add_replies,
        written_table(job.readings, Readings) as add_readings,
    ):
        in_turn = asked_in_turn(engine, subjects, job.cache, job.model)
        for asked, count in zip(in_turn, counts, strict=True):
            some = prompts if count is None else prompts.head(count)
            write_replies(asked, prompts_of_shard(some, spec["shard"]), spec, add_replies, add_readings)
    untrained = [subject for subject in subjects if subject.weights is None]
    write_json(described_subjects(untrained), job.asked)


if __name__ == "__main__":
    main()
