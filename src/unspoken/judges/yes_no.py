"""How a judging model is asked the yes/no questions of a rubric, and how its answers are read."""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from unspoken.engines.base import Completion, Request
from unspoken.judges.rubric import reasons_not_to_ask, requests_about
from unspoken.judges.written import UNCLEAR, written_shares


@dataclass(frozen=True)
class YesNo:
    """A rubric of questions about a chain with a cue; `about` has a text of each kind of cue."""

    rubric: dict[str, Any]
    about: dict[str, str]

    @property
    def questions(self) -> list[str]:
        """Return the questions by their names."""
        return list(self.rubric["questions"])

    def with_reasons(self, chains: pl.DataFrame) -> pl.DataFrame:
        """Return `joined_chains` with `reason`: why the judge may not be asked about each, or null."""
        return chains.with_columns(reason=reasons_not_to_ask(chains, self.rubric, self.about))

    def requests(self, chains: pl.DataFrame, question: str) -> list[Request]:
        """Return what the judge is asked about each chain, under its prompt's id.

        Of a prompt with several chains the others have those of their replies: written verdicts need keys of
        their own, and those of the first stay in the cache as they are.
        """
        asked = requests_about(chains, self.rubric["questions"][question], self.rubric, self.about)
        keys = chains.select(
            pl.when(pl.col("prompt_id").is_first_distinct()).then("prompt_id").otherwise("reply_id")
        )
        return [replace(one, key=key) for one, key in zip(asked, keys.to_series(), strict=True)]

    def choices(self, question: str) -> list[str]:
        """Return the answers whose probabilities are read."""
        return [self.rubric["positive"], self.rubric["negative"]]

    def exact(self, question: str, logprobs: list[list[float]]) -> pl.DataFrame:
        """Return `score`, the probability of yes against no, and a `reason` that is null."""
        odds = pl.Series([yes - no for yes, no in logprobs], dtype=pl.Float64)
        return pl.DataFrame({"score": 1 / (1 + (-odds).exp())}).with_columns(reason=pl.lit(None, pl.String))

    def written(self, question: str, made: list[Completion]) -> pl.DataFrame:
        """Return `score`, 1 for yes and 0 for no as the judge writes; else the `reason`."""
        read = pl.DataFrame({"score": written_shares(made, self.rubric)})
        return read.with_columns(reason=pl.when(pl.col("score").is_null()).then(pl.lit(UNCLEAR)))
