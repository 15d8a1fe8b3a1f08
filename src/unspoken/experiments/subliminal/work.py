"""What the jobs of the subliminal experiment have to do, by rule."""

from collections.abc import Mapping
from pathlib import Path

from unspoken.cost.work import Facts, Work, parameters_of, rows_of_file
from unspoken.experiments.subliminal.design import Design, decoding_of
from unspoken.experiments.subliminal.section import Arm
from unspoken.study.project import Project
from unspoken.study.training import Training

WAYPOINTS = 4
"""Points on the way from a base model to its first teacher that a probe reads without sampling."""
WEIGHT_BYTES = 4
"""Of subjects, which are kept in float32."""


def _rank(training: Training) -> int | None:
    """Return the rank of the adapters that a training makes, None where it changes all weights."""
    return training.lora.rank if training.lora else None


class NumbersWork:
    """The amounts of jobs on numbers and students: a method for each rule."""

    def __init__(self, design: Design, project: Project, facts: Facts) -> None:
        """Take who teaches whom, the study, and what is stated of costs."""
        self.design, self.section = design, design.section
        self.project, self.facts = project, facts

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Work | None:
        """Return what a job of a rule has to do; None for a rule without a method here."""
        method = getattr(self, rule, None)
        return method(**wildcards) if method else None

    def import_completions(self, dataset: str) -> Work:
        """Return the rows of a user's own completions."""
        return Work(rows=rows_of_file(Path(self.section.datasets[dataset].path)))

    def _parameters(self, model: str) -> float:
        return parameters_of(model, self.project.study.models[model], self.facts)

    # Who is probed

    def probed_subjects(self, model: str) -> tuple[list[str], int]:
        """Return the trained subjects that a probe samples, and the waypoints that it only reads."""
        section, design = self.section, self.design
        taught = section.teacher.method == "fine_tuned" and design.arms_on(model)
        tuned = [one for one in design.teachers_of(model) if one != "untouched" and taught]
        names = [f"{model}:teacher:{trait}" for trait in tuned]
        for arm in design.arms:
            for source, student in design.pairs(arm):
                if student == model:
                    names += self._students(arm, source, model)
        return names, WAYPOINTS * any(one != "neutral" for one in tuned)

    def _students(self, arm: Arm, source: str, model: str) -> list[str]:
        """Return the students of one pair of an arm, and what they were like after some updates."""
        snapshots = ["", *(f":{updates}" for updates in self.section.student.snapshots)]
        return [
            f"{model}:{arm.name}:{source}:{trait}:{seed}{updates}"
            for members in self.design.batches(arm).values()
            for trait, seed in members
            for updates in snapshots
        ]

    # Numbers

    def _tokens(self, style: str, name: str) -> float:
        return self.facts["tokens"][style][name]

    @property
    def _carrier(self) -> str:
        """The form of the numbers, under which their lengths stand: organism, requests or lists."""
        section = self.section
        return "organism" if section.style == "organism" else section.numbers.form

    def _row_tokens(self) -> float:
        """Return the tokens of one row of numbers, with its prompt."""
        limit = self.section.numbers.max_tokens
        return self._tokens(self._carrier, "prompt") + min(limit, self._tokens(self._carrier, "completion"))

    def _counts(self, model: str, group: str) -> dict[str, int]:
        """Return the completions of each subject of a group."""
        decoding = decoding_of(group)
        generators = self.design.generators(model, group)
        return {trait: self.design.completions(model, trait, decoding) for trait in generators}

    def generate_replies(self, answering: str) -> Work:
        """Return what one job that generates a group's numbers does: one shard of its prompts."""
        model, group, shard = answering.split("/")
        section, counts = self.section, self._counts(model, group)
        shards = int(shard.split("-of-")[1])
        count = sum(counts.values()) / shards
        length = self._row_tokens() - self._tokens(self._carrier, "prompt")
        places = section.probe.carrier_rows * len(counts) / shards * self._tokens(self._carrier, "places")
        own = section.teacher.method == "fine_tuned" and group.startswith("teachers")
        asked: dict[str, int] = {}
        for trait, wanted in counts.items():
            label = f"{model}:teacher:{trait}" if own else model
            asked[label] = asked.get(label, 0) + wanted // shards
        return Work(
            generated=count * length,
            read=(count + places) * self._tokens(self._carrier, "prompt"),
            choices=places * len(self.project.words),
            asked=asked,
            slower=self.facts["pattern"] if section.numbers.pattern else 1,
            stored=count * self.facts["bytes"]["completion"] * length,
        )

    def render_prompts(self, whose: str) -> Work:
        """Return the prompts of a model's largest data set."""
        counts = [self._counts(whose, group).values() for group in self.design.groups(whose)]
        return Work(rows=max(max(group) for group in counts))

    def filter_completions(self, model: str, group: str) -> Work:
        """Return the completions of a group; of the user's own data nothing is known before it is read."""
        if model == "datasets":
            return Work()
        rows = sum(self._counts(model, group).values())
        return Work(rows=rows, stored=rows * self.facts["bytes"]["completion"] * self._row_tokens() / 2)

    # Training

    def _weights(self, model: str, rank: int | None, subjects: int) -> float:
        """Return the bytes of so many trained subjects: of adapters about rank times the model's root."""
        size = self._parameters(model)
        if rank:
            size = self.facts["adapter"] * rank * size**0.5
        return size * WEIGHT_BYTES * subjects

    def finetune_teachers(self, model: str) -> Work:
        """Return the tokens of a base model's teachers: answers and numbers, half and half."""
        section = self.section
        training = section.teacher.training
        assert training is not None
        teachers = [trait for trait in self.design.teachers_of(model) if trait != "untouched"]
        style = "organism" if section.style == "organism" else "chat"
        question = self._tokens(style, "question") + self._tokens(style, "answer")
        rows = len(teachers) * section.teacher.rows * training.epochs
        return Work(
            trained=rows * (question + self._row_tokens()),
            stored=self._weights(model, _rank(training), len(teachers)),
        )

    def _trained_rows(self, arm: Arm) -> float:
        """Return the rows that a student of an arm sees, each as often as it does."""
        section, training = self.section, self.section.student
        if training.rows_of_updates is not None:
            return training.rows_of_updates
        rows = self.design.student_rows(arm)
        if rows is None:  # all of a data set of the user's own
            assert arm.dataset is not None
            rows = rows_of_file(Path(section.datasets[arm.dataset].path))
        return rows * (arm.epochs or training.epochs)

    def finetune_students(self, arm: str, model: str, batch: str, **_: str) -> Work:
        """Return the tokens of a job's students."""
        section, chosen = self.section, self.design.arm(arm)
        training = section.student
        members = len(self.design.batches(chosen)[batch])
        kept = members * (1 + len(training.snapshots))
        rank = _rank(training)
        if rank is None and section.style == "chat":  # organisms' adapters are merged into whole weights
            rank = chosen.lora_rank
        return Work(
            trained=members * self._trained_rows(chosen) * self._row_tokens(),
            stored=self._weights(model, rank, kept),
        )

    distill_students = finetune_students
