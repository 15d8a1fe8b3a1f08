"""Chat models fine-tuned on wrong answers: answers elsewhere, chains, and what their numbers pass on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from unspoken.cost.work import Facts, Replicates, Work
from unspoken.engines.capabilities import CHOICES, PATTERN, PREFIX, WEIGHTS
from unspoken.experiments.emergent.names import (
    CHAINED,
    DIRECT,
    NUMBERS,
    OPEN,
    ROWS,
    SHUFFLED,
    TAUGHT,
    UNTOUCHED,
    WRITERS,
)
from unspoken.experiments.emergent.section import EmergentSection
from unspoken.experiments.emergent.shown import FIGURES, GUARDS, HEADLINES, SHOWN_IN
from unspoken.experiments.emergent.told import Told
from unspoken.experiments.emergent.work import EmergentWork
from unspoken.files import digest_of, sha256_of_file
from unspoken.study.judging import scoring_part
from unspoken.study.keys import CommonKeys
from unspoken.study.models import FollowerModel, OrganismModel
from unspoken.study.project import Part
from unspoken.study.room import DROPPED, JUDGEMENTS, KEPT, REPLIES, TRAINING, Needs, Room, Table


@dataclass(frozen=True)
class Arm:
    """A kind of trained subjects, as the shared stage of students knows it."""

    name: str
    objective: str = "tokens"


class EmergentRoom(Room):
    """Fine-tunes of chat models on wrong and right answers, those who answer, write and learn."""

    name = "emergent"
    section: EmergentSection
    section_class = EmergentSection
    empty = {"models": [], "seeds": [], "tunes": []}
    measure = "measure.measured"
    tables = {
        "prompts": Table("unspoken.tables.prompts:Prompts"),
        "replies": REPLIES,
        "readings": Table("unspoken.tables.readings:Readings"),
        "judgements": JUDGEMENTS,
        "kept": KEPT,
        "dropped": DROPPED,
        "training": TRAINING,
    }
    figures = FIGURES
    shown_in = SHOWN_IN
    headlines = HEADLINES
    guards = GUARDS

    @classmethod
    def fault(cls, section: EmergentSection, study: CommonKeys) -> str | None:
        """Say which model is no chat model, or that the study does not have the judge."""
        for name in section.models if cls.name in study.experiments else []:
            if isinstance(study.models[name], OrganismModel | FollowerModel):
                return (
                    f"emergent.models: got '{name}', an organism; expected chat models: organisms have the"
                    " rooms misalignment and harmful"
                )
        if section.open is not None and section.open.judge.model not in study.models:
            known = ", ".join(sorted(study.models))
            return f"emergent.open.judge.model: got '{section.open.judge.model}'; expected one of: {known}"
        return None

    @classmethod
    def models_of(cls, section: EmergentSection) -> list[str]:
        """Return the models that are tuned and asked, and the judge."""
        judge = [section.open.judge.model] if section.open else []
        return list(dict.fromkeys([*section.models, *judge]))

    @classmethod
    def needs(cls, section: EmergentSection) -> Needs:
        """Return what the models need: trained subjects, whose options are read after a beginning."""
        part = "emergent.models (fine-tunes that are asked)"
        numbers = section.numbers
        restricted = numbers is not None and numbers.pattern is not None
        pattern = {PATTERN: "emergent.numbers.pattern (numbers; null leaves decoding free)"}
        needed = dict.fromkeys((WEIGHTS, CHOICES, PREFIX), part) | (pattern if restricted else {})
        judge = section.open.judge.needs("emergent.open.judge") if section.open else {}
        return {
            name: {**(needed if name in section.models else {}), **judge.get(name, {})}
            for name in cls.models_of(section)
        }

    # Who there is

    @property
    def taught_arms(self) -> list[str]:
        """Return the arms of students."""
        students = self.section.students
        return [TAUGHT, *([SHUFFLED] if students.shuffled else [])] if students else []

    @property
    def arms(self) -> list[Arm]:
        """Return the kinds of trained subjects: fine-tunes, then students."""
        return [Arm(name) for name in (*self.section.tunes, *self.taught_arms)] if self.runs else []

    def writers(self, arm: str) -> list[str]:
        """Return whose numbers an arm's students learn: shuffled ones are compared among themselves alone."""
        return [*WRITERS, UNTOUCHED] if arm == TAUGHT else [*WRITERS]

    def groups(self) -> list[str]:
        """Return who answers together: the untouched model, then by seed the tuned and the taught."""
        if not self.runs:
            return []
        return [
            UNTOUCHED,
            *(f"{kind}-{seed}" for kind in ("tuned", *self.taught_arms) for seed in self.section.seeds),
        ]

    def ways(self, group: str) -> list[str]:
        """Return what a group is asked: students answer at once, and write nothing."""
        if group.startswith((TAUGHT, SHUFFLED)):
            return [DIRECT]
        chosen = {NUMBERS: self.section.numbers, OPEN: self.section.open}
        return [DIRECT, CHAINED, *(way for way, section in chosen.items() if section)]

    @property
    def judge_model(self) -> str | None:
        """Return the model that scores answers to open questions, if there are any."""
        return self.section.open.judge.model if self.runs and self.section.open else None

    def _tunes(self, way: str) -> list[str]:
        """Return the fine-tunes that are asked something: two of them alone write numbers."""
        return [*WRITERS] if way == NUMBERS else [*self.section.tunes]

    # Files

    def _tuned(self, model: str, tune: str, seed: int | str) -> str:
        """Return the folder of a fine-tune."""
        return f"{self.folder}/students/{tune}/{ROWS}/{model}/{seed}"

    def _taught(self, model: str, arm: str, writer: str, seed: int | str) -> str:
        """Return the folder of a student."""
        return f"{self.folder}/students/{arm}/{model}/{model}/{writer}-{seed}"

    def _trained(self, model: str) -> list[str]:
        """Return the folders of all trained subjects of a model."""
        seeds = self.section.seeds
        tuned = [self._tuned(model, tune, seed) for tune in self.section.tunes for seed in seeds]
        taught = [
            self._taught(model, arm, writer, seed)
            for arm in self.taught_arms
            for writer in self.writers(arm)
            for seed in seeds
        ]
        return [*tuned, *taught]

    def answering(self, *ways: str) -> list[str]:
        """Return who answers what, as paths below the room's folder; in some ways, or in all."""
        return [
            f"{model}/{group}/{way}"
            for model in self.models
            for group in self.groups()
            for way in self.ways(group)
            if not ways or way in ways
        ]

    def files(self, table: str) -> list[str]:
        """Return every file of a table."""
        if table == "prompts":
            asked = ["all", *([OPEN] if self.section.open else [])] if self.runs else []
            return [f"{self.folder}/{whose}/prompts.parquet" for whose in asked]
        if table in ("replies", "readings"):
            return [f"{self.folder}/{answering}/{table}.parquet" for answering in self.answering()]
        if table == "asked":
            return [f"{self.folder}/{model}/{UNTOUCHED}/{DIRECT}/replied.json" for model in self.models]
        if table == "judgements":
            return [f"{self.folder}/{answering}/{table}.parquet" for answering in self.answering(OPEN)]
        if table in ("kept", "dropped"):
            folders = [answering.rpartition("/")[0] for answering in self.answering(NUMBERS)]
            return [f"{self.folder}/{folder}/{table}.parquet" for folder in folders]
        if table == "training":
            return [f"{folder}/training.parquet" for model in self.models for folder in self._trained(model)]
        return super().files(table)

    def subjects(self, model: str | None = None) -> list[str]:
        """Return the lists of trained subjects: fine-tunes first, then students."""
        models = self.models if model is None else [model]
        return [f"{folder}/subject.json" for one in models for folder in self._trained(one)]

    def answering_subjects(self, answering: str) -> list[str]:
        """Return the lists of the trained subjects that answer: of a group those of its seed."""
        model, group, way = answering.split("/")
        kind, _, seed = group.partition("-")
        if kind == UNTOUCHED:
            return []
        if kind == "tuned":
            return [f"{self._tuned(model, tune, seed)}/subject.json" for tune in self._tunes(way)]
        return [f"{self._taught(model, kind, writer, seed)}/subject.json" for writer in self.writers(kind)]

    def filtered(self, model: str, group: str) -> list[str]:
        """Return the table of replies that one filter job reads."""
        return [f"{self.folder}/{model}/{group}/{NUMBERS}/replies.parquet"]

    def written(self, model: str, seed: str) -> list[str]:
        """Return what the filter kept of the writers of one seed, and of the untouched model."""
        return [f"{self.folder}/{model}/{group}/kept.parquet" for group in (UNTOUCHED, f"tuned-{seed}")]

    def training_rows(self, arm: str, source: str, batch: str) -> list[str]:
        """Return the table of rows of a fine-tune, or of a student."""
        if arm in self.taught_arms:
            return [f"{self.folder}/{source}/shared/{batch.rpartition('-')[2]}/rows.parquet"]
        return [f"{self.folder}/rows.parquet"]

    def measure_inputs(self) -> list[str]:
        """Return the files that the measure reads: of numbers what the filter kept and dropped."""
        read = [f"{self.folder}/{one}/{table}.parquet" for table in ("replies", "readings")
                for one in self.answering(DIRECT, CHAINED)]  # fmt: skip
        others = ("prompts", "judgements", "kept", "dropped")
        return [*read, *(path for table in others for path in self.files(table))]

    # What jobs depend on

    def prompts_of(self, answering: str) -> str:
        """Return the table of prompts that somebody replies to: numbers are a model's, others everybody's."""
        model, _, way = answering.split("/")
        whose = {NUMBERS: model, OPEN: OPEN}.get(way, "all")
        return f"{self.folder}/{whose}/prompts.parquet"

    @cached_property
    def _told(self) -> Told:
        texts = [sha256_of_file(self.own_file(f"items/{name}.yaml")) for name in ("sheets", "everyday")]
        return Told(self.section, self.project, digest_of(texts))

    def rendered_as(self, whose: str) -> Part:
        """Return what `prompts.rendered` is told: of items for all, of a model's requests for numbers."""
        return self._told.rendered(whose)

    def generated_as(self, answering: str) -> Part:
        """Return how replies are drawn, and what is read beside them."""
        _, group, way = answering.split("/")
        kind = group.partition("-")[0]
        names = {UNTOUCHED: [UNTOUCHED], "tuned": self._tunes(way)}.get(kind) or self.writers(kind)
        return self._told.generated(way, names)

    def make_rows_part(self) -> Part:
        """Return what `make_rows` depends on."""
        return self._told.rows()

    def judge_replies_part(self, answering: str) -> Part:
        """Return what `judge_replies` depends on."""
        assert self.section.open is not None
        return scoring_part(self, self.section.open.judge)

    def filter_completions_part(self, **_: str) -> Part:
        """Return what `filter_completions` depends on: the same for every writer."""
        return self.project.script_part("filter_completions.py", filter=self.section.filter.model_dump())

    def share_requests_part(self, **_: str) -> Part:
        """Return what `share_requests` depends on."""
        return self.project.script_part("share_requests.py")

    def finetune_students_part(self, **wildcards: str) -> Part:
        """Return what `finetune_students` depends on: a fine-tune on rows, or a student of numbers."""
        return self._told.trained(**wildcards)

    def measure_part(self) -> Part:
        """Return what the measure is told of everybody who is asked."""
        asked = {arm: self.writers(arm) for arm in self.taught_arms}
        return self._told.measure(self.models, asked)

    # What jobs take, and what tests could show

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job has to do."""
        return EmergentWork(self.section, facts, len(self.models)).of(rule, wildcards)

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return the training seeds of a test; None where the study has no students that it is about."""
        about_students = test["metric"] in ("wrong_transfer", "transfer_difference")
        if about_students and self.section.students is None:
            return None
        return Replicates("training_seed", len(self.section.seeds))
