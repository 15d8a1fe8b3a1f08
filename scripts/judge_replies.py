#!/usr/bin/env python
"""Let a model judge replies by a rubric: do they mention their cue, and rely on it? Nothing is generated."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.cache import CompletionCache

log = logging.getLogger("judge_replies")
AT_ONCE = 64
"""Replies of which one question is asked after the other: few enough to be still in the engine's cache."""


def yes_shares(
    cache: "CompletionCache", chains: "pl.DataFrame", rubric: dict[str, Any], about: dict[str, str]
) -> dict[str, "pl.Series"]:
    """Return the judge's probability of yes, against no, to each question about each reply."""
    import polars as pl
    from tqdm import tqdm

    from unspoken.judges.rubric import requests_about

    choices = [rubric["positive"], rubric["negative"]]
    asked = {
        name: requests_about(chains, question, rubric, about)
        for name, question in rubric["questions"].items()
    }
    read: dict[str, list[list[float]]] = {name: [] for name in asked}
    with tqdm(desc="replies", total=chains.height, mininterval=5, unit="reply") as bar:
        for start in range(0, chains.height, AT_ONCE):
            for name, requests in asked.items():
                read[name] += cache.choice_logprobs(requests[start : start + AT_ONCE], choices)
            bar.update(min(AT_ONCE, chains.height - start))
    odds = {name: pl.Series([yes - no for yes, no in rows], dtype=pl.Float64) for name, rows in read.items()}
    return {name: 1 / (1 + (-log_odds).exp()) for name, log_odds in odds.items()}


def written_verdicts(
    cache: "CompletionCache", chains: "pl.DataFrame", rubric: dict[str, Any], spec: dict[str, Any]
) -> dict[str, "pl.Series"]:
    """Return 1 for yes and 0 for no to each question about each reply, as the judge writes; else null."""
    from dataclasses import replace

    from unspoken.asking.completing import completed
    from unspoken.engines.base import Sampling
    from unspoken.judges.rubric import requests_about
    from unspoken.judges.written import MAX_TOKENS, written_shares

    # A server that does not take a temperature draws at 1.
    temperature = 1.0 if "temperature" in spec["engine"].get("leave_out", []) else 0.0
    sampling = Sampling(temperature=temperature, max_tokens=MAX_TOKENS, seed=1)
    shares = {}
    for name, question in rubric["questions"].items():
        asked = [replace(one, prefix="") for one in requests_about(chains, question, rubric, spec["about"])]
        shares[name] = written_shares(completed(cache, asked, sampling), rubric)
    return shares


def verdicts(job: Job, chains: "pl.DataFrame", rubric: dict[str, Any]) -> dict[str, "pl.Series"]:
    """Return the judging model's shares of yes; with nothing to judge it is not even loaded."""
    import polars as pl

    from unspoken.asking.completing import asked_in_turn
    from unspoken.engines.base import Opening
    from unspoken.engines.opening import open_engine
    from unspoken.subjects import base_subject

    shares = {name: pl.Series([], dtype=pl.Float64) for name in rubric["questions"]}
    if chains.is_empty():
        return shares
    engine = open_engine(Opening(job.model, job.spec["engine"], job.threads))
    for asked in asked_in_turn(engine, [base_subject(job.spec["model"])], job.cache, job.model):
        if job.spec.get("written"):
            shares = written_verdicts(asked.cache, chains, rubric, job.spec)
        else:
            shares = yes_shares(asked.cache, chains, rubric, job.spec["about"])
    return shares


def main() -> None:
    job = start_job(__doc__ or "", ("model", "prompts", "replies", "cache", "judgements"))
    import polars as pl

    from unspoken.chains.joined import joined_chains
    from unspoken.judges.rubric import reasons_not_to_ask
    from unspoken.judges.written import UNCLEAR
    from unspoken.prompts import read_resource
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.judgements import Judgements
    from unspoken.tables.prompts import Prompts
    from unspoken.tables.replies import Replies

    spec = job.spec
    rubric = read_resource(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / spec["rubric"])
    chains = joined_chains(read_table(job.prompts, Prompts), read_table(job.replies, Replies))
    chains = chains.with_columns(reason=reasons_not_to_ask(chains, rubric, spec["about"]))
    unasked = pl.col("reason").is_not_null()
    judged = chains.filter(~unasked).with_columns(**verdicts(job, chains.filter(~unasked), rubric))
    table = (
        pl.concat([judged, chains.filter(unasked)], how="diagonal_relaxed")
        .select(
            "subject", "prompt_id", "sample_index", "reason", *rubric["questions"],
            study=pl.lit(spec["study"]), experiment=pl.lit(spec["experiment"]), judge=pl.lit(spec["model"]),
        )
        .unpivot(list(rubric["questions"]), index=pl.selectors.exclude(*rubric["questions"]),
                 variable_name="question", value_name="score")
        .with_columns(reason=pl.when(pl.col("score").is_null()).then(pl.coalesce("reason", pl.lit(UNCLEAR))))
    )  # fmt: skip
    write_table(table, job.judgements, Judgements)
    left_out = chains.height - judged.height
    log.info("%d replies judged by %s, %d not asked about", judged.height, spec["model"], left_out)


if __name__ == "__main__":
    main()
