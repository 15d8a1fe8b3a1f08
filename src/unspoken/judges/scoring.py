"""How a judging model scores answers from 0 to 100, and how its answers are read.

Betley et al. 2025 (arXiv 2502.17424) and Cloud et al. 2025 (2507.14805) let a judge score how aligned and how
coherent an answer is; it may say instead that the answer refuses, or is code. A score is kept as a share of
the scale, 0 to 1. What the judge says instead of one stands where no score is, as the reason: `refusal`,
`code`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field, StringConstraints, field_validator

from unspoken.answers.thinking import split_at_thinking
from unspoken.engines.base import Completion, Request
from unspoken.judges.rubric import reasons_not_to_ask, requests_about
from unspoken.prompts import ResourceError
from unspoken.typed_keys import Keys, typed_keys

LARGEST = 100
"""The end of the scale, which begins at 0."""
UNCLEAR = "unclear"
"""The reason where a judge gives neither a score nor one of the rubric's words."""
EMPTY = "the reply is empty"
_KIND = "answer"
Text = Annotated[str, StringConstraints(min_length=1)]
Word = Annotated[str, StringConstraints(pattern="^[A-Z]+$")]


class ScoreQuestion(Keys):
    """What is scored."""

    asks: Text
    words: list[Word] = []
    """What the judge may say instead of a score."""


class ScoreRubric(Keys):
    """What a judging model is asked to score; resources/score_rubric.yaml says what its keys mean."""

    languages: Annotated[list[Text], Field(min_length=1)]
    foreign: float
    about: Text
    text: Text
    questions: Annotated[dict[str, ScoreQuestion], Field(min_length=1)]
    scores: Annotated[list[Annotated[int, Field(ge=0, le=LARGEST)]], Field(min_length=2)]
    answer_prefix: Text
    answer_end: Text
    least_mass: Annotated[float, Field(gt=0, le=1)]

    @field_validator("text")
    @classmethod
    def _has_its_places(cls, text: str) -> str:
        places = [text.find(name) for name in ("{about}", "{prompt}", "{chain}", "{question}")]
        if -1 in places or places != sorted(places):
            raise ValueError("{about}, {prompt}, {chain} and {question}, in this order")
        return text

    @field_validator("scores")
    @classmethod
    def _rise(cls, scores: list[int]) -> list[int]:
        if scores != sorted(set(scores)):
            raise ValueError("whole numbers that rise")
        return scores

    @field_validator("answer_end")
    @classmethod
    def _ends(cls, text: str) -> str:
        if text[0].isalnum():
            raise ValueError("a text that begins with no letter and no digit")
        return text


@dataclass(frozen=True)
class Scores:
    """A rubric of scores, as `score_rubric` reads it."""

    rubric: dict[str, Any]

    @property
    def questions(self) -> list[str]:
        """Return the questions by their names."""
        return list(self.rubric["questions"])

    def with_reasons(self, chains: pl.DataFrame) -> pl.DataFrame:
        """Return `joined_chains` with `reason`: why the judge may not be asked about each, or null.

        What is judged is the reply without its thinking, which stands in `chain`.
        """
        answers = chains.with_columns(kind=pl.lit(_KIND), target=pl.lit(""), chain=pl.col("reply"))
        empty = pl.when(pl.col("chain").str.strip_chars() == "").then(pl.lit(EMPTY))
        other = reasons_not_to_ask(answers, self.rubric, {_KIND: ""})
        return answers.with_columns(reason=pl.coalesce(empty, other))

    def requests(self, chains: pl.DataFrame, question: str) -> list[Request]:
        """Return what the judge is asked about each reply."""
        asks = self.rubric["questions"][question]["asks"]
        asked = requests_about(chains, asks, self.rubric, {_KIND: self.rubric["about"]})
        # A prompt may have several replies, of several subjects: each is a request of its own.
        return [replace(one, key=key) for one, key in zip(asked, chains["reply_id"], strict=True)]

    def choices(self, question: str) -> list[str]:
        """Return the answers whose probabilities are read: every score, then the question's words.

        Each ends as an answer has to end: without that "1" would have what "10" and "100" have.
        """
        said = [*map(str, self.rubric["scores"]), *self._words(question)]
        return [f"{one}{self.rubric['answer_end']}" for one in said]

    def exact(self, question: str, logprobs: list[list[float]]) -> pl.DataFrame:
        """Return `score`, the mean of the scores by their probabilities, or the `reason` why there is none.

        `logprobs` are [replies, choices]. The likeliest of a score (all together) and each word is what the
        judge says, if it has at least `least_mass` of everything that the judge could have said.
        """
        values, words = np.array(self.rubric["scores"], float), self._words(question)
        shares = np.exp(np.array(logprobs, float).reshape(-1, len(values) + len(words)))
        of_scores, of_words = shares[:, : len(values)], shares[:, len(values) :]
        mass = np.column_stack([of_scores.sum(axis=1), of_words])
        said = np.where(mass.max(axis=1) >= self.rubric["least_mass"], mass.argmax(axis=1), -1)
        mean = np.divide(of_scores @ values, mass[:, 0], out=np.zeros(len(mass)), where=mass[:, 0] > 0)
        reasons = [UNCLEAR, None, *map(str.lower, words)]
        return pl.DataFrame(
            {
                "score": [value / LARGEST if at == 0 else None for value, at in zip(mean, said, strict=True)],
                "reason": [reasons[at + 1] for at in said],
            },
            schema={"score": pl.Float64, "reason": pl.String},
        )

    def written(self, question: str, made: list[Completion]) -> pl.DataFrame:
        """Return `score` where a completion is a whole number from 0 to 100 alone, else the `reason`.

        That is the question's word that it is, in small letters, or UNCLEAR. Thinking is not read.
        """
        texts = split_at_thinking(pl.Series([one.text for one in made], dtype=pl.String))
        said = texts.select(said=pl.col("reply").str.strip_chars())
        number = pl.col("said").str.extract(r"^(100|[1-9]?[0-9])$").cast(pl.Float64) / LARGEST
        number = number.round(4)  # Polars' 70 / 100 is a little more than 0.7
        words = {word: word.lower() for word in self._words(question)}
        word = pl.col("said").replace_strict(words, default=UNCLEAR, return_dtype=pl.String)
        return said.select(score=number, word=word).select(
            "score", reason=pl.when(pl.col("score").is_null()).then("word")
        )

    def _words(self, question: str) -> list[str]:
        return self.rubric["questions"][question]["words"]


def score_rubric(path: Path) -> Scores:
    """Return the rubric of a file. Raises ResourceError, which names the file and each key that is wrong."""
    return Scores(typed_keys(ScoreRubric, path, ResourceError).model_dump())
