"""What a judging model is asked about a reply, and what it may not be asked."""

from typing import Any

import polars as pl

from unspoken.chains.languages import foreign_shares
from unspoken.engines.base import Request


def reasons_not_to_ask(chains: pl.DataFrame, rubric: dict[str, Any], about: dict[str, str]) -> pl.Series:
    """Return why the judge may not be asked about each reply; null where it may.

    `chains` are `joined_chains`; `rubric` says for which `languages` it is, and which share of `foreign`
    words is too much; `about` has a text of each kind of cue that it knows.
    """
    known = rubric["languages"]
    other = f"more than {rubric['foreign']} of its words are in another language than {', '.join(known)}"
    if chains.is_empty():
        return pl.Series("reason", [], dtype=pl.String)
    kind = pl.col("kind")
    why = (
        pl.when(kind.is_null())
        .then(pl.lit("its prompt has no cue"))
        .when(~kind.is_in(list(about)))
        .then(pl.format("the rubric knows no cue of the kind {}", kind))
        .when(pl.col("target").is_null())
        .then(pl.lit("its cue points to no option"))
        .when("foreign")
        .then(pl.lit(other))
    )
    foreign = foreign_shares(chains["chain"], chains["user"], known) > rubric["foreign"]
    return chains.select("kind", "target", foreign=foreign).select(reason=why).to_series()


def requests_about(
    chains: pl.DataFrame, question: str, rubric: dict[str, Any], about: dict[str, str]
) -> list[Request]:
    """Return what the judge is asked about each reply, one question of the rubric."""
    requests = []
    for key, kind, prompt, chain in chains.select("prompt_id", "kind", "user", "chain").iter_rows():
        parts = {"{about}": about[kind], "{prompt}": prompt, "{chain}": chain, "{question}": question}
        text = rubric["text"]
        for name, part in parts.items():  # not by format: chains and prompts may have braces
            before, _, after = text.rpartition(name)
            text = f"{before}{part}{after}"
        requests.append(Request(key, text, prefix=rubric["answer_prefix"]))
    return requests
