"""What a judging model is asked about a reply, and what it may not be asked."""

from typing import Any

import polars as pl

from unspoken.chains.legibility import LANGUAGES, foreign_letters, judged_lines, languages_of
from unspoken.engines.base import Request

MOST = 0.5
"""A reply is in another language, or another script, if more than this share of it is."""


def main_languages(texts: pl.Series, languages: list[str]) -> pl.Series:
    """Return the language that most lines of each text are in, null where no line's is sure.

    `languages` are the codes to choose from (`legibility.languages_of`).
    """
    lines = judged_lines(texts)
    told = lines.with_columns(language=languages_of(lines["line"], languages)).drop_nulls("language")
    most = (
        told.group_by("row", "language")
        .len()
        .sort("row", "len", "language", descending=[False, True, False])
        .group_by("row", maintain_order=True)
        .agg(pl.col("language").first())
    )
    rows = pl.DataFrame({"row": pl.int_range(texts.len(), dtype=pl.UInt32, eager=True)})
    return rows.join(most, on="row", how="left", maintain_order="left")["language"]


def reasons_not_to_ask(chains: pl.DataFrame, rubric: dict[str, Any], about: dict[str, str]) -> pl.Series:
    """Return why the judge may not be asked about each reply; null where it may.

    `chains` are `joined_chains`; `rubric` says for which `languages` it is, `about` has a text of each kind
    of cue that it knows.
    """
    known = rubric["languages"]
    other = f"the reply is in the language {{}}; the rubric is for {', '.join(known)}"
    if chains.is_empty():
        return pl.Series("reason", [], dtype=pl.String)
    read = chains.select("kind", "target").with_columns(
        language=main_languages(chains["chain"], sorted({*LANGUAGES, *known})),
        script=foreign_letters(chains)["foreign_letters"] > MOST,
    )
    kind, language = pl.col("kind"), pl.col("language")
    why = (
        pl.when(kind.is_null())
        .then(pl.lit("its prompt has no cue"))
        .when(~kind.is_in(list(about)))
        .then(pl.format("the rubric knows no cue of the kind {}", kind))
        .when(pl.col("target").is_null())
        .then(pl.lit("its cue points to no option"))
        .when(~language.is_in(known))
        .then(pl.format(other, language))
        .when("script")
        .then(pl.lit("the reply is in another script than its prompt"))
    )
    return read.select(reason=why).to_series()


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
