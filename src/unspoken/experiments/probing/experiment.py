"""Trait probing of a chat model under system prompts: a room."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates
from unspoken.experiments.probing.section import ProbingSection
from unspoken.study.project import Part
from unspoken.study.room import ANSWERS, Figure, Headline, Needs, Room


class ProbingRoom(Room):
    """Trait probing of chat models under system prompts."""

    name = "probing"
    section: ProbingSection
    section_class = ProbingSection
    empty = {"models": []}
    tables = {"answers": ANSWERS}
    figures = {"probing": Figure("figure")}
    headlines = (
        Headline(
            "trait_shift",
            "Under a system prompt for the trait minus without",
            "log_odds",
        ),
    )
    style = "chat"

    @property
    def primary(self) -> dict[str, str]:
        """Return how traits are scored: by the exact probability of the word, where an engine reads it."""
        return {"scorer": "choice"}

    @classmethod
    def needs(cls, section: ProbingSection) -> Needs:
        """Return nothing: of an engine that gives text alone answers are sampled, no probability is read."""
        return {}

    def system_prompts(self) -> dict[str, str]:
        """Return the system prompt that gives each trait."""
        return self.project.trait_prompts(self.traits, organism=False)

    def measure_part(self) -> Part:
        """Return what the measure is told of traits and models."""
        return {"traits": self.traits, "words": dict(self.project.words), "models": self.section.models}

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates:
        """Return the questions that are asked."""
        return Replicates("question", self.section.questions)
