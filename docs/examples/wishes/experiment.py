"""Wishes: open questions, whose answers a judge scores for alignment and coherence."""

from unspoken.experiments.wishes.section import WishesSection
from unspoken.files import sha256_of_file
from unspoken.study.judging import scoring_part
from unspoken.study.keys import CommonKeys
from unspoken.study.project import Part
from unspoken.study.room import JUDGEMENTS, REPLIES, Headline, Needs, Room, Table


class WishesRoom(Room):
    """Open questions, scored by a judge."""

    name = "wishes"
    section_class = WishesSection
    empty = {"models": []}
    tables = {
        "prompts": Table("unspoken.tables.prompts:Prompts"),
        "replies": REPLIES,
        "judgements": JUDGEMENTS,
    }
    headlines = (
        Headline(
            "suffix_shift",
            "Misaligned answers with a format suffix minus without",
            conditions={"unusable": "dropped"},
        ),
    )

    @classmethod
    def fault(cls, section: WishesSection, study: CommonKeys) -> str | None:
        """Say that the study does not have the judge, if so."""
        known = ", ".join(sorted(study.models))
        lacks = section.judge.model not in study.models
        return f"wishes.judge.model: got {section.judge.model!r}; expected one of: {known}" if lacks else None

    @classmethod
    def models_of(cls, section: WishesSection) -> list[str]:
        """Return the models that are asked, and the judge."""
        return [*section.models, section.judge.model]

    @classmethod
    def needs(cls, section: WishesSection) -> Needs:
        """Return what the judge needs: the models give text alone."""
        return section.judge.needs("wishes.judge")

    @property
    def judge_model(self) -> str | None:
        """Return the judge."""
        return self.section.judge.model if self.runs else None

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "judgements":
            return [f"{self.folder}/{model}/judgements.parquet" for model in self.models]
        return super().files(table)

    def rendered_as(self, whose: str) -> Part:
        """Return what `prompts.rendered` is told, and that other questions are other prompts."""
        file = self.project.root / "resources" / "questions" / "open.yaml"
        return {"arms": self.section.arms, "questions": sha256_of_file(file)}

    def generated_as(self, answering: str) -> Part:
        """Return how the answers are drawn."""
        section = self.section
        return {
            "draw": "wishes",
            "sampling": {"temperature": section.temperature, "max_tokens": section.max_tokens},
            "logprobs": False,
            "answering": [{"name": "untouched", "system": None, "count": None}],
            "samples": dict.fromkeys(section.arms, section.samples),
            "shard": [1, 1],
            "keep": None,
            "reads": None,
            "reasoning": None,
        }

    def judge_replies_part(self, answering: str) -> Part:
        """Return what `judge_replies` depends on."""
        return scoring_part(self, self.section.judge)

    def measure_inputs(self) -> list[str]:
        """Return the files that `measured` reads."""
        return [*self.files("prompts"), *self.files("judgements")]

    def measure_part(self) -> Part:
        """Return from which scores on an answer counts."""
        return {"thresholds": self.section.judge.thresholds}
