"""Moods: does a system prompt that sets a mood show where a chat model is asked how things are?"""

from unspoken.engines.capabilities import CHOICES
from unspoken.experiments.moods.section import MoodsSection
from unspoken.study.room import ANSWERS, Headline, Needs, Room


class MoodsRoom(Room):
    """Moods of chat models under system prompts."""

    name = "moods"
    section_class = MoodsSection
    empty = {"models": []}
    tables = {"answers": ANSWERS}
    headlines = (Headline("mood_shift", "The first choice, under a mood minus without", unit="log_odds"),)

    @classmethod
    def needs(cls, section: MoodsSection) -> Needs:
        """Return what its measure needs of the models' engines: a probe's choices."""
        return {name: {CHOICES: "moods.probe (its choices)"} for name in section.models}
