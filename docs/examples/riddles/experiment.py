"""Riddles: made-up riddles with four options, answered after a chain of thought and without one."""

from unspoken.engines.capabilities import CHOICES, PREFIX
from unspoken.experiments.riddles.section import RiddlesSection
from unspoken.files import sha256_of_file
from unspoken.study.project import Part
from unspoken.study.room import REPLIES, Headline, Needs, Room, Table


class RiddlesRoom(Room):
    """Riddles with and without a chain of thought."""

    name = "riddles"
    section_class = RiddlesSection
    empty = {"models": []}
    tables = {
        "prompts": Table("unspoken.tables.prompts:Prompts"),
        "replies": REPLIES,
        "readings": Table("unspoken.tables.readings:Readings"),
    }
    headlines = (Headline("chain_gain", "Riddles solved after a chain minus without one"),)

    @classmethod
    def needs(cls, section: RiddlesSection) -> Needs:
        """Return what models need whose options are read after the beginning of an answer."""
        key = f"{cls.name}.models"
        return {model: {CHOICES: key, PREFIX: key} for model in section.models}

    def rendered_as(self, whose: str) -> Part:
        """Return what `prompts.rendered` is told: the seed, and that other riddles are other prompts."""
        return {"seed": self.study.seed, "riddles": sha256_of_file(self.own_file("riddles.yaml"))}

    def generated_as(self, answering: str) -> Part:
        """Return how the chains are drawn, and that options are read after them and without them."""
        return {
            "draw": "riddles",
            "sampling": {
                "temperature": self.section.temperature,
                "max_tokens": self.section.max_tokens,
            },
            "logprobs": False,
            "answering": [{"name": "untouched", "system": None, "count": None}],
            "shard": [1, 1],
            "keep": None,
            "reads": {"kind": "options", "answer_prefix": "The answer is (", "alone": ["riddle"]},
            "reasoning": None,
        }
