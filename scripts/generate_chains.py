#!/usr/bin/env python
"""Let a model reason about every prompt, then read its answer: after the chain, and with no chain."""

import logging
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.base import Sampling
    from unspoken.engines.cache import CompletionCache
    from unspoken.subjects import Subject

log = logging.getLogger("generate_chains")
PROMPTS_AT_ONCE = 240
"""So many fit, with their chains, into what vLLM keeps of its attention on a processor."""


def answering_subjects(spec: dict[str, Any]) -> "list[Subject]":
    """Return who answers: the model as it is, or under each persona's system prompt."""
    from unspoken.subjects import base_subject, prompted_subject

    model, personas = spec["model"], spec["personas"]
    return [prompted_subject(model, one, one) for one in personas] or [base_subject(model)]


def chains_of(
    cache: "CompletionCache", subject: "Subject", prompts: "pl.DataFrame", sampling: "Sampling"
) -> "pl.DataFrame":
    """Return prompts with one sampled reply each."""
    import polars as pl

    from unspoken.engines.base import Request

    requests = [
        Request(key, user, subject.system) for key, user in prompts.select("prompt_id", "user").iter_rows()
    ]
    made = [one for batch in cache.completions(requests, sampling) for one in batch]
    return prompts.with_columns(
        chain=pl.Series([one.text for one in made], dtype=pl.String),
        finish_reason=pl.Series([one.finish_reason for one in made], dtype=pl.String),
        n_tokens=pl.Series([one.n_tokens for one in made], dtype=pl.Int64),
        mean_logprob=pl.Series(
            [sum(one.logprobs) / len(one.logprobs) if one.logprobs else None for one in made],
            dtype=pl.Float64,
        ),
    )


def with_readings(
    cache: "CompletionCache", subject: "Subject", chains: "pl.DataFrame", answer_prefix: str
) -> "pl.DataFrame":
    """Add the log-probability of each option's letter: after the chain, and where unhinted with none."""
    import polars as pl

    from unspoken.answers.readings import letter_logprobs, reasoning

    prefixes = [f"{reasoning(chain, answer_prefix)}{answer_prefix}" for chain in chains["chain"]]
    asked = chains.select("prompt_id", "user", "n_options").with_columns(prefix=pl.Series(prefixes))
    bare = asked.filter(chains["arm"] == "unhinted").with_columns(prefix=pl.lit(answer_prefix))
    forced, unreasoned = (
        letter_logprobs(cache.choice_logprobs, subject.system, part) for part in (asked, bare)
    )
    direct = dict(zip(bare["prompt_id"], unreasoned, strict=True))
    return chains.with_columns(
        forced=pl.Series(forced, dtype=pl.List(pl.Float64)),
        direct=pl.Series([direct.get(key) for key in chains["prompt_id"]], dtype=pl.List(pl.Float64)),
    )


def answered_prompts(
    cache: "CompletionCache", subject: "Subject", prompts: "pl.DataFrame", spec: dict[str, Any]
) -> "pl.DataFrame":
    """Return every prompt with the subject's reply and readings, part by part.

    An engine that remembers what it has just read then reads a chain's prompt once, not twice.
    """
    import polars as pl
    from tqdm import tqdm

    from unspoken.engines.base import Sampling
    from unspoken.seeds import hashed_seed

    seed = hashed_seed(spec["seed"], "chains", subject.subject_id)
    sampling = Sampling(**spec["chains"], seed=seed, logprobs=spec["logprobs"])
    parts = []
    with tqdm(desc=subject.subject_id, total=prompts.height, mininterval=5, unit="chain") as bar:
        for part in prompts.iter_slices(PROMPTS_AT_ONCE):
            chains = chains_of(cache, subject, part, sampling)
            parts.append(with_readings(cache, subject, chains, spec["answer_prefix"]))
            bar.update(part.height)
    return pl.concat(parts).with_columns(subject=pl.lit(subject.subject_id))


def main() -> None:
    job = start_job(__doc__ or "", ("model", "prompts", "cache", "chains", "asked"))
    import polars as pl

    from unspoken.engines.base import Opening, engine_columns
    from unspoken.engines.cache import CompletionCache
    from unspoken.engines.opening import open_engine
    from unspoken.files import write_json
    from unspoken.subjects import described_subjects
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.chains import Chains
    from unspoken.tables.hints import HintPrompts

    spec = job.spec
    prompts = read_table(job.prompts, HintPrompts)
    if spec["kinds"] is not None:
        prompts = prompts.filter(pl.col("kind").is_in(spec["kinds"]) | pl.col("kind").is_null())
    subjects, written = answering_subjects(spec), []
    engine = open_engine(Opening(job.model, spec["engine"], job.threads))
    for subject in subjects:
        engine.use(subject)
        cache = CompletionCache(job.cache, engine, subject, job.model)
        written.append(answered_prompts(cache, subject, prompts, spec))
        log.info("%s: %d chains made, %d reused", subject.subject_id, cache.made, cache.reused)
    table = pl.concat(written).with_columns(
        study=pl.lit(spec["study"]), stated=pl.lit(None, pl.String), **engine_columns(engine)
    )
    write_table(table, job.chains, Chains)
    write_json(described_subjects(subjects), job.asked)


if __name__ == "__main__":
    main()
