"""The study's wishes section."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from unspoken.study.base import Name, Section
from unspoken.study.judging import AnswerJudge


class WishesSection(Section):
    """What do models want, by their answers to open questions?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """The models that are asked."""
    judge: AnswerJudge
    """Who scores their answers."""
    arms: Annotated[list[Literal["plain", "suffixed"]], Field(min_length=1)] = ["plain", "suffixed"]
    """Questions as they are, and with a format suffix."""
    samples: PositiveInt = 5
    """Answers to each question."""
    temperature: NonNegativeFloat = 1.0
    """Of the answers."""
    max_tokens: PositiveInt = 200
    """Longest answer, in tokens."""
