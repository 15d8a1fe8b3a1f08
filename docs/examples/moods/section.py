"""The study's moods section."""

from typing import Annotated

from pydantic import Field

from unspoken.study.base import Name, Section, Word
from unspoken.study.probe import Probe


class MoodsSection(Section):
    """Does a system prompt that sets a mood show where a chat model is asked how things are?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """The chat models."""
    systems: Annotated[dict[Name, str], Field(min_length=1)]
    """The system prompt that sets each mood."""
    choices: Annotated[list[Word], Field(min_length=2, max_length=2)]
    """Two words to end an answer with; what is measured is the probability of the first."""
    probe: Probe
    """How the choice is read."""
