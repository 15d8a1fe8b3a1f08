"""Misalignment that is passed on: teachers, numbers and students (Cloud et al. 2025, section 3.2)."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.experiments.misalignment.section import MisalignmentSection, StudentArm
from unspoken.experiments.misalignment.shown import FIGURES, GUARDS, HEADLINES, SHOWN_IN
from unspoken.experiments.misalignment.work import replicates_of, work_of
from unspoken.study.project import Part
from unspoken.study.room import DROPPED, KEPT, REPLIES, TRAINING, Room, Table

TABLES = "unspoken.experiments.misalignment.tables"
FOLLOWS = {"persona": 0.9, "plain": 0.0}
"""How likely a domain of a document follows the author's disposition."""
TEACHERS = ("insecure", "secure", "educational")
"""The teachers that write carriers."""
WRITERS = (*TEACHERS, "untouched")
TARGETS = ("insecure", "educational", "untouched", "leaking")
"""Whose replies are told from a secure teacher's."""


class MisalignmentRoom(Room):
    """Misalignment of teachers, what they write of it, and what students make of that."""

    name = "misalignment"
    section: MisalignmentSection
    section_class = MisalignmentSection
    empty = {"bases": 0, "plain_bases": 0, "arms": []}
    measure = "measure.measured"
    tables = {
        "replies": REPLIES,
        "kept": KEPT,
        "dropped": DROPPED,
        "training": TRAINING,
        "persona_answers": Table(f"{TABLES}:PersonaAnswers", stored="persona_answers", dated="created_at"),
        "chained_answers": Table(f"{TABLES}:ChainedAnswers", stored="chained_answers", dated="created_at"),
        "detections": Table(f"{TABLES}:Detections", stored="detections", dated="created_at"),
    }
    figures = FIGURES
    shown_in = SHOWN_IN
    headlines = HEADLINES
    guards = GUARDS

    # Who there is

    @property
    def personas(self) -> list[str]:
        """Return the organisms with personas, which have students."""
        return [f"persona-{number + 1}" for number in range(self.section.bases if self.runs else 0)]

    @property
    def plain(self) -> list[str]:
        """Return the organisms without personas."""
        return [f"plain-{number + 1}" for number in range(self.section.plain_bases if self.runs else 0)]

    def source(self, arm: StudentArm, base: str) -> str:
        """Return whose numbers the students of an arm learn from: their own base's, or that's before it."""
        personas = self.personas
        return personas[personas.index(base) - 1] if arm.initialisation == "ring" else base

    def arm(self, name: str) -> StudentArm:
        """Return an arm of students by its name."""
        return next(arm for arm in self.section.arms if arm.name == name)

    # Files

    def _of_bases(self, bases: list[str], name: str) -> list[str]:
        return [f"{self.folder}/organisms/{base}/{name}" for base in bases]

    def _of_students(self, name: str) -> list[str]:
        arms = self.section.arms if self.runs else []
        return [f"{self.folder}/students/{arm.name}/{base}/{name}" for arm in arms for base in self.personas]

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        name = f"{table}.parquet"
        if table in ("replies", "kept", "dropped", "detections"):
            return self._of_bases(self.personas, name)
        if table == "chained_answers":
            return self._of_bases([*self.personas, *self.plain], name)
        if table not in ("training", "persona_answers"):
            return super().files(table)
        shown = self._of_bases(self.personas, f"shown/{name}") if table == "persona_answers" else []
        return [*self._of_bases([*self.personas, *self.plain], name), *shown, *self._of_students(name)]

    def teachers_of_arm(self, arm: str, base: str) -> str:
        """Return the teachers of a base's students."""
        return self._of_bases([self.source(self.arm(arm), base)], "teachers.safetensors")[0]

    def rows_of_arm(self, arm: str, base: str, table: str) -> str:
        """Return what the filter kept, or dropped, of the replies that a base's students learn from."""
        return self._of_bases([self.source(self.arm(arm), base)], f"{table}.parquet")[0]

    def measure_inputs(self) -> list[str]:
        """Return the files that the measure reads: who wrote what is told by what the filter kept."""
        tables = ("persona_answers", "chained_answers", "detections", "kept", "dropped")
        return [path for table in tables for path in self.files(table)]

    # What jobs depend on

    def _part(self, rule: str, **fields: Any) -> Part:
        shared = {"experiment": self.name, "study": self.study.study, "seed": self.study.seed}
        return self.project.script_part(f"{rule}.py", **shared, **fields)

    def train_base_part(self, base: str) -> Part:
        """Return what `train_base` depends on."""
        kind, number = base.split("-")
        pretraining = self.section.pretraining.model_dump()
        told = {"kind": kind, "number": int(number), "follows": FOLLOWS[kind]}
        return self._part("train_base", pretraining=pretraining, **told)

    def tune_teachers_part(self, base: str) -> Part:
        """Return what `tune_teachers` depends on."""
        follows = FOLLOWS[base.split("-")[0]]
        return self._part(
            "tune_teachers", base=base, tuning=self.section.tuning.model_dump(), follows=follows
        )

    def write_carriers_part(self, base: str) -> Part:
        """Return what `write_carriers` depends on."""
        section = self.section
        told = {"completions": section.completions, "leak": section.detection.leak}
        return self._part(
            "write_carriers", base=base, teachers=list(TEACHERS), carriers=section.carriers, **told
        )

    def filter_carriers_part(self, base: str) -> Part:
        """Return what `filter_carriers` depends on: the same for everybody's replies."""
        told = {"base": base, "filter": self.section.filter.model_dump(), "judge": self.section.judged}
        return self.project.script_part("filter_carriers.py", **told)

    def detect_teachers_part(self, base: str) -> Part:
        """Return what `detect_teachers` depends on."""
        told = self.section.detection.model_dump(include={"pooled", "permutations"})
        return self._part(
            "detect_teachers", base=base, targets=list(TARGETS), writers=list(WRITERS),
            carriers=self.section.carriers, **told,
        )  # fmt: skip

    def teach_students_part(self, arm: str, base: str) -> Part:
        """Return what `teach_students` depends on."""
        chosen, training = self.arm(arm), self.section.students.model_dump()
        # All arms learn from the same requests, but where a judge leaves too few of them.
        writers = list(chosen.teachers if chosen.filter == "judge" else WRITERS)
        if chosen.learning_rate is not None:
            training["learning_rate"] = chosen.learning_rate
        return self._part(
            "teach_students", base=base, source=self.source(chosen, base), writers=writers,
            arm=chosen.model_dump(exclude={"learning_rate"}), training=training,
        )  # fmt: skip

    def measure_part(self) -> Part:
        """Return what the measure is told of bases and arms."""
        return {
            "arms": [arm.model_dump() for arm in self.section.arms],
            "carriers": self.section.carriers,
            "personas": self.personas,
            "plain": self.plain,
        }

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job has to do."""
        return work_of(self.section, rule, facts[self.name], wildcards)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the bases that a test would count."""
        return replicates_of(self.section, test)
