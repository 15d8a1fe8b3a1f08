"""Moods: does a system prompt that sets a mood show where a chat model is asked how things are?"""

from unspoken.experiments.moods.section import MoodsSection
from unspoken.study.room import ANSWERS, Headline, Needs, Room, needs_of_probe


class MoodsRoom(Room):
    """Moods of chat models under system prompts."""

    name = "moods"
    section_class = MoodsSection
    empty = {"models": []}
    tables = {"answers": ANSWERS}
    headlines = (Headline("mood_shift", "The first choice, under a mood minus without", unit="log_odds"),)

    @classmethod
    def needs(cls, section: MoodsSection) -> Needs:
        """Return what a probe needs of the models' engines."""
        return needs_of_probe(cls.name, section.models, section.probe)
