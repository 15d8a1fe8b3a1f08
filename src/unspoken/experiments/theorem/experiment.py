"""One small step of a teacher and of its student: the room of Cloud et al. 2025, theorem 1."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.experiments.theorem.section import TheoremSection
from unspoken.study.keys import CommonKeys
from unspoken.study.models import OrganismModel
from unspoken.study.project import Part
from unspoken.study.room import Figure, Needs, Room, Table

DIGITS = "mnist"
"""The section whose digits it takes."""


class TheoremRoom(Room):
    """One gradient step, as the theorem has it."""

    name = "theorem"
    section: TheoremSection
    section_class = TheoremSection
    empty = {"models": []}
    also_reads = (DIGITS,)
    tables = {"steps": Table("unspoken.experiments.theorem.tables:Steps", dated="created_at")}
    figures = {"theorem": Figure("figure", ("steps",))}

    @classmethod
    def fault(cls, section: TheoremSection, study: CommonKeys) -> str | None:
        """Say what is missing: digits, or organisms."""
        if cls.name not in study.experiments:
            return None
        if study.section(DIGITS) is None:
            return f"{DIGITS}: nothing was given; the theorem takes the digits of this section"
        for name in section.models:
            if not isinstance(study.models[name], OrganismModel):
                return f"theorem.models: got '{name}'; expected organisms"
        return None

    @classmethod
    def needs(cls, section: TheoremSection) -> Needs:
        """Return nothing: its organisms are loaded without an engine."""
        return {}

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "steps":
            return [f"{self.folder}/steps.parquet"] if self.runs else []
        return super().files(table)

    def measure_inputs(self) -> list[str]:
        """Return the steps."""
        return self.files("steps")

    def step_theorem_part(self) -> Part:
        """Return what `step_theorem` depends on."""
        return self.project.script_part(
            "step_theorem.py",
            experiment=self.name,
            study=self.study.study,
            seed=self.study.seed,
            section=self.section.model_dump(mode="json"),
            words=list(self.project.words),
            traits=self.traits,
        )

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return the steps that are taken."""
        if rule == "step_theorem":
            section = self.section
            return Work(rows=section.seeds * (len(section.step_sizes) + section.several_steps))
        return Work() if rule == "measure" else None

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates:
        """Return the repetitions."""
        return Replicates("training_seed", self.section.seeds)
