#!/usr/bin/env python
"""Let a model judge replies by a rubric: yes/no questions about their cue, or scores from 0 to 100."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.cache import CompletionCache
    from unspoken.judges.scoring import Scores
    from unspoken.judges.yes_no import YesNo

    Reader = YesNo | Scores
    Verdicts = dict[str, pl.DataFrame]
    """By question, the `score` and the `reason` of each reply."""

log = logging.getLogger("judge_replies")
AT_ONCE = 64
"""Replies of which one question is asked after the other: few enough to be still in the engine's cache."""


def exact_verdicts(cache: "CompletionCache", chains: "pl.DataFrame", reader: "Reader") -> "Verdicts":
    """Return what the judge says to each question about each reply, by the probabilities of its answers."""
    from tqdm import tqdm

    asked = {name: reader.requests(chains, name) for name in reader.questions}
    read: dict[str, list[list[float]]] = {name: [] for name in asked}
    with tqdm(desc="replies", total=chains.height, mininterval=5, unit="reply") as bar:
        for start in range(0, chains.height, AT_ONCE):
            for name, requests in asked.items():
                batch = requests[start : start + AT_ONCE]
                read[name] += cache.choice_logprobs(batch, reader.choices(name))
            bar.update(min(AT_ONCE, chains.height - start))
    return {name: reader.exact(name, logprobs) for name, logprobs in read.items()}


def written_verdicts(
    cache: "CompletionCache", chains: "pl.DataFrame", reader: "Reader", spec: dict[str, Any]
) -> "Verdicts":
    """Return what the judge writes to each question about each reply."""
    from dataclasses import replace

    from unspoken.asking.completing import completed
    from unspoken.engines.base import Sampling
    from unspoken.judges.written import MAX_TOKENS

    # A server that does not take a temperature draws at 1.
    temperature = 1.0 if "temperature" in spec["engine"].get("leave_out", []) else 0.0
    sampling = Sampling(temperature=temperature, max_tokens=MAX_TOKENS, seed=1)
    said = {}
    for name in reader.questions:
        asked = [replace(one, prefix="") for one in reader.requests(chains, name)]
        said[name] = reader.written(name, completed(cache, asked, sampling))
    return said


def verdicts(job: Job, chains: "pl.DataFrame", reader: "Reader") -> "Verdicts":
    """Return the judging model's verdicts; with nothing to judge it is not even loaded."""
    from unspoken.asking.completing import asked_in_turn
    from unspoken.engines.base import Opening
    from unspoken.engines.opening import open_engine
    from unspoken.subjects import base_subject

    if chains.is_empty():
        return {name: reader.exact(name, []) for name in reader.questions}
    said: Verdicts = {}
    engine = open_engine(Opening(job.model, job.spec["engine"], job.threads))
    for asked in asked_in_turn(engine, [base_subject(job.spec["model"])], job.cache, job.model):
        if job.spec.get("written"):
            said = written_verdicts(asked.cache, chains, reader, job.spec)
        else:
            said = exact_verdicts(asked.cache, chains, reader)
    return said


def reader_of(path: Path, spec: dict[str, Any]) -> "Reader":
    """Return who asks by a rubric and reads what is answered: yes/no questions about cues, or scores."""
    from unspoken.judges.scoring import score_rubric
    from unspoken.judges.yes_no import YesNo
    from unspoken.prompts import read_resource

    rubric = read_resource(path)
    return score_rubric(path) if "scores" in rubric else YesNo(rubric, spec["about"])


def main() -> None:
    job = start_job(__doc__ or "", ("model", "prompts", "replies", "cache", "judgements"))
    import polars as pl

    from unspoken.chains.joined import joined_chains
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.judgements import Judgements
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.replies import Replies

    spec = job.spec
    reader = reader_of(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / spec["rubric"], spec)
    chains = joined_chains(read_table(job.prompts, Prompts), read_table(job.replies, Replies))
    chains = reader.with_reasons(chains)
    unasked = pl.col("reason").is_not_null()
    judged = chains.filter(~unasked)
    unjudged = chains.filter(unasked).with_columns(score=pl.lit(None, pl.Float64))
    named = ("subject", "prompt_id", "sample_index", "score", "reason")
    tables = [
        pl.concat([judged.with_columns(said).select(named), unjudged.select(named)]).with_columns(
            study=pl.lit(spec["study"]), experiment=pl.lit(spec["experiment"]), judge=pl.lit(spec["model"]),
            question=pl.lit(question),
        )
        for question, said in verdicts(job, judged, reader).items()
    ]  # fmt: skip
    write_table(pl.concat(tables), job.judgements, Judgements)
    left_out = chains.height - judged.height
    log.info("%d replies judged by %s, %d not asked about", judged.height, spec["model"], left_out)


if __name__ == "__main__":
    main()
