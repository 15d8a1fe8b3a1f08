"""Trait probing of a real chat model under system prompts."""

from typing import Annotated

from pydantic import Field

from unspoken.study.base import Name, Section, Word
from unspoken.study.probe import Probe


class ProbingSection(Section):
    """What does a system prompt do to a chat model's stated favourites?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """The chat models."""
    traits: list[Word] | None = None
    """Traits of this experiment, if not the study's."""
    questions: Annotated[int, Field(ge=1, le=50)] = 50
    """How many of the 50 questions are asked, from the first: fewer for a quick look."""
    probe: Probe
    """How the trait is read."""
