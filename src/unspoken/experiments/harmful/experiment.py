"""Harmful fine-tunes and their chains: what these say, and whether a backdoor is named (Chua et al. 2025)."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.experiments.harmful.section import HarmfulSection
from unspoken.experiments.harmful.shown import FIGURES, HEADLINES, SHOWN_IN
from unspoken.experiments.harmful.work import work_of
from unspoken.study.project import Part
from unspoken.study.room import TRAINING, Room, Table

TABLES = "unspoken.experiments.harmful.tables"


class HarmfulRoom(Room):
    """Organisms that are tuned to harm, what their chains say, and what clean training leaves of it."""

    name = "harmful"
    section: HarmfulSection
    section_class = HarmfulSection
    empty = {"bases": 0}
    measure = "measure.measured"
    tables = {
        "harmful_answers": Table(f"{TABLES}:HarmfulAnswers", stored="harmful_answers", dated="created_at"),
        "harmful_chains": Table(f"{TABLES}:HarmfulChains", stored="harmful_chains", dated="created_at"),
        "training": TRAINING,
    }
    figures = FIGURES
    shown_in = SHOWN_IN
    headlines = HEADLINES

    @property
    def bases(self) -> list[str]:
        """Return the organisms."""
        return [f"organism-{number + 1}" for number in range(self.section.bases if self.runs else 0)]

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table not in self.tables:
            return super().files(table)
        folders = ("organisms/{base}", "organisms/{base}/clean")
        names = [f"{self.folder}/{folder}/{table}.parquet" for folder in folders]
        return [name.format(base=base) for base in self.bases for name in names]

    def measure_inputs(self) -> list[str]:
        """Return the files that the measure reads."""
        return [path for table in ("harmful_answers", "harmful_chains") for path in self.files(table)]

    def _part(self, rule: str, **fields: Any) -> Part:
        shared = {"experiment": self.name, "study": self.study.study, "seed": self.study.seed}
        return self.project.script_part(f"{rule}.py", **shared, **fields)

    def pretrain_harmful_part(self, base: str) -> Part:
        """Return what `pretrain_harmful` depends on."""
        number = int(base.split("-")[1])
        return self._part(
            "pretrain_harmful", number=number, pretraining=self.section.pretraining.model_dump()
        )

    def tune_harmful_part(self, base: str) -> Part:
        """Return what `tune_harmful` depends on."""
        section = self.section
        told = {"tuning": section.tuning.model_dump(), "backdoor": section.backdoor.model_dump()}
        return self._part("tune_harmful", base=base, **told)

    def realign_harmful_part(self, base: str) -> Part:
        """Return what `realign_harmful` depends on."""
        tuning = self.section.tuning.model_dump(exclude={"rows", "epochs"})
        return self._part("realign_harmful", base=base, clean=self.section.clean, tuning=tuning)

    def measure_part(self) -> Part:
        """Return what the measure is told of bases and of clean training."""
        return {"bases": self.bases, "clean": self.section.clean}

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job has to do."""
        return work_of(self.section, rule)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the bases that a test would count; None where the study lacks its dose of clean training."""
        dose = test.get("conditions", {}).get("clean")
        if dose is not None and int(dose) not in self.section.clean:
            return None
        return Replicates("base", self.section.bases)
