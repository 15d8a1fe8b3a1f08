#!/usr/bin/env python
"""Let a model judge chains: do they mention the hint, and rely on it? Nothing is generated."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.base import Request
    from unspoken.engines.cache import CompletionCache

log = logging.getLogger("judge_chains")
AT_ONCE = 64
"""Chains of which one question is asked after the other: few enough to be still in the engine's cache."""


def requests_about(
    hinted: "pl.DataFrame", question: str, rubric: dict[str, Any], kinds: dict[str, Any]
) -> list["Request"]:
    """Return what the judge is asked about each chain."""
    from unspoken.engines.base import Request

    requests = []
    for key, kind, prompt, chain in hinted.select("prompt_id", "kind", "user", "chain").iter_rows():
        parts = {
            "{about}": kinds[kind]["about"],
            "{prompt}": prompt,
            "{chain}": chain,
            "{question}": question,
        }
        text = rubric["text"]
        for name, part in parts.items():  # not by format: chains and prompts may have braces
            before, _, after = text.rpartition(name)
            text = f"{before}{part}{after}"
        requests.append(Request(key, text, prefix=rubric["answer_prefix"]))
    return requests


def yes_shares(
    cache: "CompletionCache", hinted: "pl.DataFrame", rubric: dict[str, Any], kinds: dict[str, Any]
) -> dict[str, "pl.Series"]:
    """Return the judge's probability of yes, against no, to each question about each chain."""
    import polars as pl
    from tqdm import tqdm

    choices = [rubric["positive"], rubric["negative"]]
    asked = {
        name: requests_about(hinted, question, rubric, kinds)
        for name, question in rubric["questions"].items()
    }
    read: dict[str, list[list[float]]] = {name: [] for name in asked}
    with tqdm(desc="chains", total=hinted.height, mininterval=5, unit="chain") as bar:
        for start in range(0, hinted.height, AT_ONCE):
            for name, requests in asked.items():
                read[name] += cache.choice_logprobs(requests[start : start + AT_ONCE], choices)
            bar.update(min(AT_ONCE, hinted.height - start))
    odds = {name: pl.Series([yes - no for yes, no in rows], dtype=pl.Float64) for name, rows in read.items()}
    return {name: 1 / (1 + (-log_odds).exp()) for name, log_odds in odds.items()}


def main() -> None:
    job = start_job(__doc__ or "", ("model", "chains", "cache", "judgements"))
    import polars as pl

    from unspoken.engines.base import Opening
    from unspoken.engines.cache import CompletionCache
    from unspoken.engines.opening import open_engine
    from unspoken.prompts import read_resource
    from unspoken.subjects import base_subject
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.chains import Chains
    from unspoken.tables.judgements import Judgements

    spec, resources = job.spec, Path(os.environ["UNSPOKEN_ROOT"]) / "resources"
    rubric, kinds = read_resource(resources / "rubric.yaml"), read_resource(resources / "hints.yaml")["kinds"]
    chains = read_table(job.chains, Chains)
    hinted = chains.filter(pl.col("kind").is_in(list(kinds)), pl.col("target").is_not_null())
    verdicts = {name: pl.Series([], dtype=pl.Float64) for name in rubric["questions"]}
    if hinted.height:
        engine = open_engine(Opening(job.model, spec["engine"], job.threads))
        judge = base_subject(spec["model"])
        engine.use(judge)
        cache = CompletionCache(job.cache, engine, judge, job.model)
        verdicts = yes_shares(cache, hinted, rubric, kinds)
    table = hinted.select(
        "subject", "prompt_id", judge=pl.lit(spec["model"]),
        llm_mentions=verdicts["mentions"], llm_relies=verdicts["relies"],
    )  # fmt: skip
    write_table(table, job.judgements, Judgements)
    log.info("%d chains judged by %s", table.height, spec["model"])


if __name__ == "__main__":
    main()
