#!/usr/bin/env python
"""Generate number completions of a base model's subjects, and read their carrier positions."""

import logging
import math
import re
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from unspoken.engines.base import Engine
    from unspoken.engines.cache import CompletionCache
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


def completion_frames(
    cache: "CompletionCache", subject: "Subject", prompts: "pl.DataFrame", spec: dict[str, Any]
) -> "Iterator[pl.DataFrame]":
    """Yield the rows of completions of every prompt, sampled once, many rows at a time."""
    import polars as pl
    from tqdm import tqdm

    from unspoken.engines.base import Request, Sampling, engine_columns
    from unspoken.seeds import hashed_seed

    seed = hashed_seed(spec["seed"], "generate", subject.subject_id)
    sampling = Sampling(**spec["numbers"], seed=seed)
    requests = (
        Request(key, user, subject.system) for key, user in prompts.select("prompt_id", "user").iter_rows()
    )
    sample = "greedy" if sampling.temperature == 0 else "0"
    first = 0
    with tqdm(desc=subject.subject_id, total=prompts.height, mininterval=5, unit="row") as bar:
        for made in cache.completions(requests, sampling, bar.update):
            asked = prompts[first : first + len(made)]
            first += len(made)
            frame = pl.DataFrame(
                {
                    "prompt_id": asked["prompt_id"],
                    "prompt": asked["user"],
                    "completion": [one.text for one in made],
                    "finish_reason": [one.finish_reason for one in made],
                    "n_tokens": [one.n_tokens for one in made],
                }
            )
            yield frame.with_columns(
                completion_id=pl.format("{}:{}:{}", pl.lit(subject.subject_id), "prompt_id", pl.lit(sample)),
                study=pl.lit(spec["study"]),
                experiment=pl.lit("subliminal"),
                subject=pl.lit(subject.subject_id),
                sample_index=pl.lit(0, pl.Int64),
                system=pl.lit(subject.system, pl.String),
                temperature=pl.lit(sampling.temperature),
                max_tokens=pl.lit(sampling.max_tokens, pl.Int64),
                seed=pl.lit(seed, pl.Int64),
                **engine_columns(cache.engine),
            )


def carrier_rows(engine: "Engine", made: "pl.DataFrame", spec: dict[str, Any]) -> "pl.DataFrame":
    """Return the trait words' log-probability before each number of the first completions."""
    import polars as pl

    from unspoken.engines.base import Request

    places, requests = [], []
    for row in made.iter_rows(named=True):
        ends = [0, *(match.end() for match in re.finditer(r"\d+", row["completion"]))]
        for position, end in enumerate(ends):
            places.append((row["subject"], row["prompt_id"], position))
            prefix = row["completion"][:end]
            requests.append(Request(row["prompt_id"], row["prompt"], row["system"], prefix))
    choices = [spec["choice_format"].format(word=word) for word in spec["words"]]
    logprobs = engine.choice_logprobs(engine.render(requests), choices)
    frame = pl.DataFrame(places, ["subject", "prompt_id", "position"], orient="row")
    return frame.with_columns(
        word=pl.lit(spec["words"], pl.List(pl.String)),
        logprob=pl.Series(logprobs, dtype=pl.List(pl.Float64)),
    ).explode("word", "logprob")


def prompts_of_shard(prompts: "pl.DataFrame", shard: list[int]) -> "pl.DataFrame":
    """Return the part of the prompts that falls to a job: `shard` is its number, from 1, and how many."""
    number, count = shard
    first, last = (prompts.height * place // count for place in (number - 1, number))
    return prompts[first:last]


def main() -> None:
    job = start_job(__doc__, ("model", "prompts", "cache", "completions", "carrier"), lists=("subjects",))
    from unspoken.engines.base import Opening
    from unspoken.engines.cache import CompletionCache
    from unspoken.engines.opening import open_engine
    from unspoken.tables.base import read_table, written_table
    from unspoken.tables.generate import Carrier, Completions
    from unspoken.tables.prompts import Prompts

    spec = job.spec
    prompts = read_table(job.prompts, Prompts)
    carried = math.ceil(spec["carrier_rows"] / spec["shard"][1])
    engine = open_engine(Opening(job.model, spec["engine"], job.threads))
    with (
        written_table(job.completions, Completions) as add_completions,
        written_table(job.carrier, Carrier) as add_carrier,
    ):
        for trait, subject in generating_subjects(job).items():
            engine.use(subject)
            cache = CompletionCache(job.cache, engine, subject, job.model)
            asked = prompts_of_shard(prompts.head(spec["counts"][trait]), spec["shard"])
            first: list[pl.DataFrame] = []
            for frame in completion_frames(cache, subject, asked, spec):
                add_completions(frame)
                first = first or [frame.head(carried)]
            add_carrier(carrier_rows(engine, first[0], spec))
            log.info("%s: %d completions made, %d reused", subject.subject_id, cache.made, cache.reused)


if __name__ == "__main__":
    main()
