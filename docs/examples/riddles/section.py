"""The study's riddles section."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveInt

from unspoken.study.base import Name, Section


class RiddlesSection(Section):
    """Does a model solve riddles more often after a chain of thought than without one?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """The models that are asked."""
    temperature: NonNegativeFloat = 0.0
    """Of the chains; 0 takes the most likely token."""
    max_tokens: PositiveInt = 60
    """Longest chain, in tokens."""
