#!/usr/bin/env python
"""Generate number completions of a base model's subjects, and read their carrier positions."""

import logging
import re
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.base import Engine
    from unspoken.subjects import Subject

log = logging.getLogger("generate_numbers")


def generating_subjects(job: Job) -> "dict[str, Subject]":
    """Return who generates: by trait the fine-tuned or prompted teachers, or the untouched base."""
    from unspoken.subjects import base_subject, prompted_subject, read_subjects

    model, systems = job.spec["model"], job.spec["systems"]
    tuned = {subject.trait: subject for listing in job.subjects for subject in read_subjects(listing)}
    plain = base_subject(model)
    return {
        trait: tuned.get(trait)
        or (prompted_subject(model, trait, systems[trait]) if trait in systems else plain)
        for trait in job.spec["counts"]
    }


def completion_rows(
    engine: "Engine", subject: "Subject", prompts: "pl.DataFrame", spec: dict[str, Any]
) -> "pl.DataFrame":
    """Return a row for each prompt, sampled once."""
    import polars as pl
    from tqdm import tqdm

    from unspoken.engines.base import Request, Sampling, engine_columns
    from unspoken.seeds import hashed_seed

    seed = hashed_seed(spec["seed"], "generate", subject.subject_id)
    sampling = Sampling(**spec["numbers"], seed=seed)
    requests = [
        Request(key, user, subject.system) for key, user in prompts.select("prompt_id", "user").iter_rows()
    ]
    batches = tqdm(engine.generate(requests, sampling), subject.subject_id, mininterval=5)
    made = [completion for batch in batches for completion in batch]
    return prompts.select("prompt_id", prompt="user").with_columns(
        completion_id=pl.format("{}:{}:0", pl.lit(subject.subject_id), "prompt_id"),
        study=pl.lit(spec["study"]),
        experiment=pl.lit("subliminal"),
        subject=pl.lit(subject.subject_id),
        sample_index=pl.lit(0, pl.Int64),
        system=pl.lit(subject.system, pl.String),
        completion=pl.Series([one.text for one in made], dtype=pl.String),
        finish_reason=pl.Series([one.finish_reason for one in made], dtype=pl.String),
        n_tokens=pl.Series([one.n_tokens for one in made], dtype=pl.Int64),
        temperature=pl.lit(sampling.temperature),
        max_tokens=pl.lit(sampling.max_tokens, pl.Int64),
        seed=pl.lit(seed, pl.Int64),
        **engine_columns(engine),
    )


def carrier_rows(engine: "Engine", made: "pl.DataFrame", spec: dict[str, Any]) -> "pl.DataFrame":
    """Return the trait words' log-probability before each number of the first completions."""
    import polars as pl

    from unspoken.engines.base import Request

    places, requests = [], []
    for row in made.head(spec["carrier_rows"]).iter_rows(named=True):
        ends = [0, *(match.end() for match in re.finditer(r"\d+", row["completion"]))]
        for position, end in enumerate(ends):
            places.append((row["subject"], row["prompt_id"], position))
            prefix = row["completion"][:end]
            requests.append(Request(row["prompt_id"], row["prompt"], row["system"], prefix))
    choices = [spec["choice_format"].format(word=word) for word in spec["words"]]
    logprobs = engine.choice_logprobs(requests, choices)
    frame = pl.DataFrame(places, ["subject", "prompt_id", "position"], orient="row")
    return frame.with_columns(
        word=pl.lit(spec["words"], pl.List(pl.String)),
        logprob=pl.Series(logprobs, dtype=pl.List(pl.Float64)),
    ).explode("word", "logprob")


def main() -> None:
    job = start_job(__doc__, ("model", "prompts", "completions", "carrier"), lists=("subjects",))
    import polars as pl
    import torch

    from unspoken.engines.transformers import TransformersEngine
    from unspoken.models.manifest import checked_model
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.generate import Carrier, Completions
    from unspoken.tables.prompts import Prompts

    torch.set_num_threads(job.threads)
    prompts = read_table(job.prompts, Prompts)
    engine = TransformersEngine(checked_model(job.model))
    made, read = [], []
    for trait, subject in generating_subjects(job).items():
        engine.use(subject)
        made.append(completion_rows(engine, subject, prompts.head(job.spec["counts"][trait]), job.spec))
        read.append(carrier_rows(engine, made[-1], job.spec))
        log.info("%s: %d completions", subject.subject_id, made[-1].height)
    write_table(pl.concat(made), job.completions, Completions)
    write_table(pl.concat(read), job.carrier, Carrier)


if __name__ == "__main__":
    main()
