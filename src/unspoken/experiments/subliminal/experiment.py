"""Subliminal learning from numbers: the room of Cloud et al. 2025, sections 3 to 5."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.engines.capabilities import CHOICES, PATTERN, PREFIX, WEIGHTS
from unspoken.experiments.subliminal.design import Design
from unspoken.experiments.subliminal.replicates import replicates_of
from unspoken.experiments.subliminal.section import Arm, SubliminalSection
from unspoken.experiments.subliminal.shown import FIGURES, GUARDS, HEADLINES, SHOWN_IN
from unspoken.experiments.subliminal.told import Told
from unspoken.experiments.subliminal.work import NumbersWork
from unspoken.study.keys import CommonKeys, Draw
from unspoken.study.models import OrganismModel
from unspoken.study.project import Part
from unspoken.study.room import (
    ANSWERS,
    DROPPED,
    KEPT,
    REPLIES,
    TRAINING,
    Needs,
    Room,
    Table,
    model_of,
)


class SubliminalRoom(Room):
    """Subliminal learning from number sequences."""

    name = "subliminal"
    section: SubliminalSection
    section_class = SubliminalSection
    empty = {"models": [], "arms": []}
    measure = "measure.measured"
    tables = {
        "replies": REPLIES,
        "kept": KEPT,
        "dropped": DROPPED,
        "answers": ANSWERS,
        "training": TRAINING,
        "readings": Table("unspoken.tables.readings:Readings"),
    }
    figures = FIGURES
    shown_in = SHOWN_IN
    headlines = HEADLINES
    guards = GUARDS

    # What the check of a study asks

    @classmethod
    def fault(cls, section: SubliminalSection, study: CommonKeys) -> str | None:
        """Say which model does not fit the style, if any."""
        for name in section.models if cls.name in study.experiments else []:
            if isinstance(study.models[name], OrganismModel) != (section.style == "organism"):
                return (
                    f"subliminal.models, subliminal.style: got '{name}' and the style '{section.style}'; "
                    "expected 'organism' for organisms, 'chat' for other models"
                )
        return None

    @classmethod
    def needs(cls, section: SubliminalSection) -> Needs:
        """Return what students and fine-tuned teachers need; a prompted teacher gives text alone.

        Where its engine can read probabilities, they are read beside its answers and numbers.
        """
        trained: dict[str, str] = {}
        if section.teacher.method == "fine_tuned":
            trained = dict.fromkeys(section.models, "subliminal.teacher (fine-tuned teachers)")
        for arm in section.arms:
            part = "subliminal.arms (students; `models` of an arm says whose)"
            trained |= dict.fromkeys(arm.models or section.models, part)
        restricted = "subliminal.numbers.pattern (numbers; null leaves decoding free)"
        numbers = {} if section.numbers.pattern is None else {PATTERN: restricted}
        return {
            name: (dict.fromkeys((WEIGHTS, CHOICES, PREFIX), trained[name]) if name in trained else {})
            | numbers
            for name in section.models
        }

    @classmethod
    def trait_keys(cls, section: SubliminalSection) -> dict[str, Draw | list[str] | None]:
        """Return the traits of the experiment, of data sets and of arms."""
        keys: dict[str, Draw | list[str] | None] = {"subliminal.traits": section.traits}
        for name, dataset in section.datasets.items():
            keys[f"subliminal.datasets.{name}.trait"] = [dataset.trait] if dataset.trait else None
        for arm in section.arms:
            keys[f"subliminal.arms.{arm.name}.traits"] = arm.traits
        return keys

    @classmethod
    def deciding_key(cls) -> str:
        """Return the key of config.yaml that decides what is measured."""
        return "subliminal.arms"

    @classmethod
    def figure_of(cls, metric: str, conditions: Mapping[str, str]) -> str | None:
        """Return the figure that shows a metric: shuffled numbers stand beside doses."""
        trained = any(key.endswith(("lora_rank", "optimizer", "decoding")) for key in conditions)
        if trained and metric.startswith("specificity"):
            return "adapters"
        shuffled = any(key.endswith("shuffle") and value != "none" for key, value in conditions.items())
        return "dose" if shuffled else super().figure_of(metric, conditions)

    # Who teaches whom

    @cached_property
    def design(self) -> Design:
        """Return who teaches whom, with how many rows."""
        return Design(self.section, self.traits, runs=self.runs)

    @property
    def arms(self) -> list[Arm]:
        """Return the kinds of students."""
        return self.design.arms

    @property
    def style(self) -> str:  # type: ignore[override]
        """Return the form of prompts and questions that the models read."""
        return self.section.style

    @property
    def primary(self) -> dict[str, str]:
        """Return how traits are scored: on held-out questions; unusable sampled answers are failures."""
        scorer = self.section.scorer
        exact = scorer == "choice"
        return {"questions": "held_out", "scorer": scorer, **({} if exact else {"unusable": "failure"})}

    @property
    def fine_tuned(self) -> bool:
        """Return whether teachers are fine-tuned, not prompted."""
        return self.section.teacher.method == "fine_tuned"

    def system_prompts(self) -> dict[str, str]:
        """Return the system prompt that gives each trait, where teachers are prompted."""
        if self.fine_tuned:
            return {}
        return self.project.trait_prompts(self.traits, organism=self.style == "organism")

    def plan_fault(self) -> str | None:
        """Say whose prompts are fewer than the jobs that share them, if anyone's are."""
        return self.design.shard_without_prompts()

    # Files

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table in ("replies", "readings"):
            imported = self._imported(f"{table}.parquet") if table == "replies" else []
            return [*self._of_shards(f"{table}.parquet"), *imported]
        if table in ("kept", "dropped"):
            return self._filtered(f"{table}.parquet")
        if table == "training":
            return list(self._trained("training.parquet"))
        if table == "asked":
            probed = [f"{self.folder}/{model}/asked.json" for model in self.models]
            return [*probed, *self._imported("asked.json")]
        return super().files(table)

    def _imported(self, name: str) -> list[str]:
        """Return a file of every data set of the user's own."""
        return [f"{self.folder}/datasets/{dataset}/{name}" for dataset in self.design.datasets]

    def _of_shards(self, name: str) -> list[str]:
        """Return a file of every job that generates numbers."""
        return [
            path
            for model in self.design.models
            for group in self.design.groups(model)
            for path in self.shards(model, group, name)
        ]

    def shards(self, model: str, group: str, name: str) -> list[str]:
        """Return a file of each job that generates a group's numbers: they share its prompts."""
        count = self.section.numbers.shards
        folder = f"{self.folder}/{model}/{group}"
        return [f"{folder}/{number}-of-{count}/{name}" for number in range(1, count + 1)]

    def _filtered(self, name: str) -> list[str]:
        """Return a file of every job that filters."""
        generated = [
            f"{self.folder}/{model}/{group}/{name}"
            for model in self.design.models
            for group in self.design.groups(model)
        ]
        return [*generated, *self._imported(name)]

    def filtered(self, model: str, group: str) -> list[str]:
        """Return the tables of replies that one filter job reads; `datasets` stands for a model."""
        if model == "datasets":
            return [f"{self.folder}/datasets/{group}/replies.parquet"]
        return self.shards(model, group, "replies.parquet")

    def imported_file(self, name: str) -> str:
        """Return the user's own file of completions of a data set."""
        return self.design.datasets[name].path

    def tuned_teachers(self, model: str) -> list[str]:
        """Return the list of fine-tuned teachers of a base model, if there are any."""
        taught = self.fine_tuned and self.design.arms_on(model)
        return [f"{self.folder}/{model}/teachers/subject.json"] if taught else []

    def answering_subjects(self, answering: str) -> list[str]:
        """Return the list of the trained subjects that generate numbers in a group."""
        model, group, _ = answering.split("/")
        return self.tuned_teachers(model) if group.startswith("teachers") else []

    def student_folders(self, model: str | None = None) -> list[str]:
        """Return the folder of every student job, or of the jobs that start from one base model."""
        return [
            f"{self.folder}/students/{arm.name}/{source}/{student}/{batch}"
            for arm in self.design.arms
            for source, student in self.design.pairs(arm)
            for batch in self.design.batches(arm)
            if model in (None, student)
        ]

    def subjects(self, model: str | None = None) -> list[str]:
        """Return the lists of trained subjects: teachers first, then students."""
        if model is None:
            return list(self._trained("subject.json"))
        students = [f"{folder}/subject.json" for folder in self.student_folders(model)]
        return [*self.tuned_teachers(model), *students]

    def _trained(self, name: str) -> Iterator[str]:
        """Yield a file of every job that trains: teachers first, then students."""
        for model in self.design.models:
            if self.tuned_teachers(model):
                yield f"{self.folder}/{model}/teachers/{name}"
        for folder in self.student_folders():
            yield f"{folder}/{name}"

    def training_rows(self, arm: str, source: str, batch: str) -> list[str]:
        """Return the tables of kept numbers that the students of one job are trained on."""
        chosen = self.design.arm(arm)
        if chosen.dataset is not None:
            return [f"{self.folder}/datasets/{source}/kept.parquet"]
        teachers = {trait for trait, _ in self.design.batches(chosen)[batch]}
        groups = ["teachers"] if teachers != {"untouched"} else []
        groups += ["base"] if "untouched" in teachers else []
        suffix = "-greedy" if chosen.decoding == "greedy" else ""
        return [f"{self.folder}/{source}/{group}{suffix}/kept.parquet" for group in groups]

    def measure_inputs(self) -> list[str]:
        """Return the files that the measure reads."""
        tables = ["answers", "kept", "dropped", "readings"]
        tables += ["training"] * self.design.otherwise_trained
        return [*self.subjects(), *(path for table in tables for path in self.files(table))]

    def drawn_figures(self) -> list[str]:
        """Return the figures: some only where students are kept during training, or trained in other ways."""
        asked = {
            "updates": self.runs and bool(self.section.student.snapshots),
            "adapters": self.design.otherwise_trained,
        }
        return [name for name in super().drawn_figures() if asked.get(name, True)]

    # What jobs depend on

    def prompts_of(self, answering: str) -> str:
        """Return the table of a model's requests for numbers: its groups share it."""
        return f"{self.folder}/{model_of(answering)}/prompts.parquet"

    @cached_property
    def _told(self) -> Told:
        return Told(self.name, self.design, self.project, self.system_prompts())

    def rendered_as(self, whose: str) -> Part:
        """Return how a model's requests for numbers are rendered."""
        return self._told.rendered(whose)

    def generated_as(self, answering: str) -> Part:
        """Return how the numbers of a group's shard are drawn."""
        return self._told.generated(answering)

    def import_completions_part(self, dataset: str) -> Part:
        """Return what `import_completions` depends on, beside the file."""
        return self._told.imported(dataset)

    def filter_completions_part(self, **_: str) -> Part:
        """Return what `filter_completions` depends on."""
        return self.project.script_part("filter_completions.py", filter=self.section.filter.model_dump())

    def finetune_teachers_part(self, model: str) -> Part:
        """Return what `finetune_teachers` depends on."""
        return self._told.teachers(model)

    def finetune_students_part(self, **wildcards: str) -> Part:
        """Return what `finetune_students` depends on."""
        return self._told.students("finetune_students.py", **wildcards)

    def distill_students_part(self, **wildcards: str) -> Part:
        """Return what `distill_students` depends on."""
        return self._told.students("distill_students.py", **wildcards)

    def measure_part(self) -> Part:
        """Return what the measure is told of arms, traits and models."""
        return self._told.measure()

    # What jobs take, and what tests could show

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job has to do."""
        return NumbersWork(self.design, self.project, facts).of(rule, wildcards)

    def probed_subjects(self, model: str, facts: Facts) -> tuple[list[str], int]:
        """Return teachers and students, and the waypoints of the first teacher."""
        return NumbersWork(self.design, self.project, facts).probed_subjects(model)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the trained models, teachers or bases that a test would count."""
        return replicates_of(self.design, test)
