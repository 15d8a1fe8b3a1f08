#!/usr/bin/env python
"""Let a model judge chains: do they mention the hint, and rely on it? Nothing is generated."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.base import Engine

log = logging.getLogger("judge_chains")


def yes_shares(
    engine: "Engine", hinted: "pl.DataFrame", question: str, rubric: dict[str, Any], kinds: dict[str, Any]
) -> "pl.Series":
    """Return the judge's probability of yes, against no, to a question about each chain."""
    import polars as pl

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
    read = engine.choice_logprobs(engine.render(requests), [rubric["positive"], rubric["negative"]])
    yes, no = pl.Series([one[0] for one in read]).exp(), pl.Series([one[1] for one in read]).exp()
    return yes / (yes + no)


def main() -> None:
    job = start_job(__doc__ or "", ("model", "chains", "judgements"))
    import polars as pl

    from unspoken.engines.base import Opening
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
        engine.use(base_subject(spec["model"]))
        for name, question in rubric["questions"].items():
            verdicts[name] = yes_shares(engine, hinted, question, rubric, kinds)
    table = hinted.select(
        "subject", "prompt_id", judge=pl.lit(spec["model"]),
        llm_mentions=verdicts["mentions"], llm_relies=verdicts["relies"],
    )  # fmt: skip
    write_table(table, job.judgements, Judgements)
    log.info("%d chains judged by %s", table.height, spec["model"])


if __name__ == "__main__":
    main()
