"""Latent reasoning: the room of a looped organism with and without written steps (Geiping et al. 2025)."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.experiments.loops.section import LoopsSection
from unspoken.study.project import Part
from unspoken.study.room import Figure, Headline, Room, Table

OVERALL: dict[str, str | bool] = {"k": "all"}


class LoopsRoom(Room):
    """Latent reasoning: a model whose middle layer runs several turns, with and without written steps."""

    name = "loops"
    section: LoopsSection
    section_class = LoopsSection
    empty = {"turns": [], "seeds": 0}
    tables = {"accuracies": Table("unspoken.experiments.loops.tables:StepAccuracies", dated="created_at")}
    figures = {"loops": Figure("figure")}
    headlines = (
        Headline(
            "direct_accuracy_slope",
            "Looped models, accuracy without written steps per doubling of turns",
            conditions=OVERALL,
        ),
        Headline(
            "step_uplift_slope",
            "Looped models, what written steps add per doubling of turns",
            conditions=OVERALL,
        ),
    )

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "accuracies" and self.runs:
            seeds = range(1, self.section.seeds + 1)
            return [
                f"{self.folder}/{turns}-{seed}/accuracies.parquet"
                for turns in self.section.turns
                for seed in seeds
            ]
        return super().files(table)

    def measure_inputs(self) -> list[str]:
        """Return the accuracies of every looped model."""
        return self.files("accuracies")

    def train_loops_part(self, turns: str, seed: str) -> Part:
        """Return what `train_loops` depends on: of the turns and seeds its own."""
        return self.project.script_part(
            "train_loops.py",
            experiment=self.name,
            study=self.study.study,
            seed=self.study.seed,
            turns=int(turns),
            training_seed=int(seed),
            **self.section.model_dump(mode="json", include={"task", "training", "questions"}),
        )

    def measure_part(self) -> Part:
        """Return what the measure is told of the tasks."""
        return {"modulus": self.section.task.modulus}

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return the tokens of a looped model: each turn of the middle layer is another layer's work."""
        section = self.section
        if rule == "train_loops":
            tokens = section.training.steps * section.training.rows * facts[self.name]["row"]
            return Work(trained=tokens * section.task.longest * (int(wildcards["turns"]) + 2))
        return Work() if rule == "measure" else None

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates:
        """Return the trainings of each number of turns."""
        return Replicates("training_seed", self.section.seeds)
