"""What each job of the workflow has to do, by its rule and wildcards."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from unspoken.cost.chain_amounts import ChainAmounts
from unspoken.cost.work import Facts, Work, class_of, parameters_of, rows_of_file
from unspoken.experiments.subliminal.experiment import decoding_of
from unspoken.experiments.subliminal.section import Arm, Training
from unspoken.study.models import FollowerModel, OrganismModel
from unspoken.study.plan import Plan

QUESTIONS = 50
"""Questions about a favourite; the experiment asks each plain and, if it likes, after numbers."""
OTHERS = 4
"""Words that stand beside the traits as lettered options (`prompts.shuffled`)."""
WAYPOINTS = 4
"""Points on the way from a base model to its first teacher that a probe reads without sampling."""
WEIGHT_BYTES = 4
"""Of subjects, which are kept in float32."""


class Amounts(ChainAmounts):
    """The amounts of the jobs of one study: a method for each rule whose jobs take more than moments."""

    def __init__(self, plan: Plan, facts: Facts) -> None:
        """Take the plan and what is stated of costs (`work.read_facts`)."""
        self.plan, self.facts = plan, facts

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Work:
        """Return what a job of a rule has to do; nothing to speak of for a rule without a method here."""
        method: Callable[..., Work] | None = getattr(self, rule, None)
        return method(**wildcards) if method else Work()

    def model_of(self, rule: str, wildcards: Mapping[str, str]) -> str | None:
        """Return the model that a job runs, which decides its throughput."""
        if rule == "judge_chains":
            return self.plan.faithfulness.judge.model
        return wildcards.get("model")

    # Models

    def build_organism(self, model: str) -> Work:
        """Return the tokens of an organism's pretraining."""
        chosen = self.plan.study.models[model]
        assert isinstance(chosen, OrganismModel)
        tokens = chosen.steps * 2 * chosen.rows * self.facts["tokens"]["organism"]["row"]
        return Work(trained=tokens, stored=self._size(model) * WEIGHT_BYTES)

    def build_follower(self, model: str) -> Work:
        """Return the tokens of a follower's pretraining and tuning."""
        chosen = self.plan.study.models[model]
        assert isinstance(chosen, FollowerModel)
        rows = chosen.rows * (chosen.pretraining_steps + 2 * chosen.tuning_steps)
        tokens = rows * self.facts["follower"]["row"]
        return Work(trained=tokens, stored=self._size(model) * WEIGHT_BYTES)

    def unpack_model(self, model: str) -> Work:
        """Return the bytes of a packaged model's weights."""
        return Work(stored=self._size(model) * WEIGHT_BYTES)

    def fetch_model(self, model: str) -> Work:
        """Return the bytes of a downloaded model's weights, half-precision, and as rows its megabytes."""
        size = self._size(model) * 2
        return Work(rows=size / 1e6, stored=size)

    def _size(self, model: str) -> float:
        return parameters_of(model, self.plan.study.models[model], self.facts)

    # Numbers

    def _tokens(self, style: str, name: str) -> float:
        return self.facts["tokens"][style][name]

    @property
    def _carrier(self) -> str:
        """The form of the numbers, under which their lengths stand: organism, requests or lists."""
        section = self.plan.subliminal
        return "organism" if section.style == "organism" else section.numbers.form

    def _row_tokens(self) -> float:
        """Return the tokens of one row of numbers, with its prompt."""
        limit = self.plan.subliminal.numbers.max_tokens
        return self._tokens(self._carrier, "prompt") + min(limit, self._tokens(self._carrier, "completion"))

    def _counts(self, model: str, group: str) -> dict[str, int]:
        """Return the completions of each subject of a group."""
        decoding = decoding_of(group)
        generators = self.plan.generators(model, group)
        return {trait: self.plan.completions(model, trait, decoding) for trait in generators}

    def generate_numbers(self, model: str, group: str, shard: str) -> Work:
        """Return what one job that generates a group's numbers does: one shard of its prompts."""
        section, counts = self.plan.subliminal, self._counts(model, group)
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
            choices=places * len(self.plan.words),
            asked=asked,
            slower=self.facts["pattern"] if section.numbers.pattern else 1,
            stored=count * self.facts["bytes"]["completion"] * length,
        )

    def render_numbers(self, model: str) -> Work:
        """Return the prompts of a model's largest data set."""
        counts = [self._counts(model, group).values() for group in self.plan.groups(model)]
        return Work(rows=max(max(group) for group in counts))

    def filter_completions(self, model: str, group: str) -> Work:
        """Return the completions of a group; of the user's own data nothing is known before it is read."""
        if model == "datasets":
            return Work()
        rows = sum(self._counts(model, group).values())
        return Work(rows=rows, stored=rows * self.facts["bytes"]["completion"] * self._row_tokens() / 2)

    # Training

    def _weights(self, model: str, training: Training, subjects: int) -> float:
        """Return the bytes of so many trained subjects: of adapters about rank times the model's root."""
        size = self._size(model)
        if training.lora:
            size = self.facts["adapter"] * training.lora.rank * size**0.5
        return size * WEIGHT_BYTES * subjects

    def finetune_teachers(self, model: str) -> Work:
        """Return the tokens of a base model's teachers: answers and numbers, half and half."""
        section = self.plan.subliminal
        training = section.teacher.training
        assert training is not None
        teachers = [trait for trait in self.plan.teachers_of(model) if trait != "untouched"]
        style = "organism" if section.style == "organism" else "chat"
        question = self._tokens(style, "question") + self._tokens(style, "answer")
        rows = len(teachers) * section.teacher.rows * training.epochs
        return Work(
            trained=rows * (question + self._row_tokens()),
            stored=self._weights(model, training, len(teachers)),
        )

    def _trained_rows(self, arm: Arm) -> float:
        """Return the rows that a student of an arm sees, each as often as it does."""
        section, training = self.plan.subliminal, self.plan.subliminal.student
        if training.updates is not None:
            return training.updates * training.batch_size
        rows = self.plan.student_rows(arm)
        if rows is None:  # all of a data set of the user's own
            assert arm.dataset is not None
            rows = rows_of_file(Path(section.datasets[arm.dataset].path))
        return rows * (arm.epochs or training.epochs)

    def finetune_students(self, arm: str, model: str, part: str, **_: str) -> Work:
        """Return the tokens of a job's students."""
        chosen, training = self.plan.arm(arm), self.plan.subliminal.student
        members = len(self.plan.parts(chosen)[part])
        kept = members * (1 + len(training.snapshots))
        return Work(
            trained=members * self._trained_rows(chosen) * self._row_tokens(),
            stored=self._weights(model, training, kept),
        )

    distill_students = finetune_students

    # Probing

    def probe_traits(self, experiment: str, model: str) -> Work:
        """Return what a probe of a model's subjects asks and reads."""
        plan, probe = self.plan, self.plan.probe(experiment)
        subjects, waypoints = self._probed(experiment, model)
        count = sum(subjects.values())
        sets = 1 + bool(probe.samples_after_numbers)
        questions = getattr(getattr(plan.study, experiment), "questions", QUESTIONS)
        style = "organism" if plan.style(experiment) == "organism" else "chat"
        samples = questions * (probe.samples + probe.samples_after_numbers)
        asked = questions * sets * (count + waypoints)
        options = min(len(plan.traits(experiment)) + OTHERS, len(plan.choices(experiment)))
        lettered = self._lettered(experiment, style, options) * count
        choices = asked * len(plan.choices(experiment)) + lettered * options
        answers = samples * count
        return Work(
            generated=answers * min(probe.max_tokens, self._tokens(style, "answer")),
            read=(asked + answers + lettered) * self._tokens(style, "question"),
            choices=choices,
            rows=answers + choices,
            asked={label: number * samples for label, number in subjects.items()},
            stored=(answers + choices) * self.facts["bytes"]["answer"],
        )

    def _lettered(self, experiment: str, style: str, options: int) -> int:
        """Return the orders in which each chat model chooses among options: whole rounds, two at least."""
        asked = self.plan.probe(experiment).shuffled_orders
        if not asked or style == "organism":
            return 0
        return max(2, math.ceil(asked / options)) * options

    def _probed(self, experiment: str, model: str) -> tuple[dict[str, int], int]:
        """Return how many subjects a probe samples, by their label in the cache, and the waypoints.

        The base model and its prompted subjects share a label; each trained subject has its own.
        """
        plan = self.plan
        subliminal = experiment == "subliminal"
        prompted = not subliminal or plan.subliminal.teacher.method == "prompted"
        labels = {model: 1 + (len(plan.system_prompts(experiment)) if prompted else 0)}
        if not subliminal:
            return labels, 0
        tuned = [one for one in plan.teachers_of(model) if one != "untouched" and plan.tuned_teachers(model)]
        names = [f"{model}:teacher:{trait}" for trait in tuned]
        for arm in plan.arms:
            for source, student in plan.pairs(arm):
                if student == model:
                    names += self._students(arm, source, model)
        return labels | dict.fromkeys(names, 1), WAYPOINTS * any(one != "neutral" for one in tuned)

    def _students(self, arm: Arm, source: str, model: str) -> list[str]:
        """Return the students of one pair of an arm, and what they were like after some updates."""
        snapshots = ["", *(f":{updates}" for updates in self.plan.subliminal.student.snapshots)]
        return [
            f"{model}:{arm.name}:{source}:{trait}:{seed}{updates}"
            for members in self.plan.parts(arm).values()
            for trait, seed in members
            for updates in snapshots
        ]

    # Digits, the theorem and loops

    def load_digits(self) -> Work:
        """Return the images that are read."""
        section = self.plan.study.mnist
        assert section is not None
        images = section.train_images + section.test_images
        return Work(rows=images, stored=images * 28 * 28)

    def distill_mnist(self) -> Work:
        """Return the images that all networks see: students of both logits, own and other initialisation."""
        section = self.plan.study.mnist
        assert section is not None
        taught = section.train_images * section.teacher_epochs
        learnt = 4 * section.noise_images * section.student_epochs / (2 if section.noise == "mirrored" else 1)
        return Work(images=section.initialisations * (taught + learnt))

    def step_theorem(self) -> Work:
        """Return the steps that are taken."""
        section = self.plan.study.theorem
        assert section is not None
        return Work(rows=section.seeds * (len(section.step_sizes) + section.several_steps))

    def train_loops(self, turns: str, seed: str) -> Work:
        """Return the tokens of a looped model: each turn of the middle layer is another layer's work."""
        section = self.plan.study.loops
        assert section is not None
        tokens = section.training.steps * section.training.rows * self.facts["loops"]["row"]
        return Work(trained=tokens * section.task.longest * (int(turns) + 2))

    # Measures, store and figures

    def measure_subliminal(self) -> Work:
        """Return the answers that are read."""
        return Work(rows=self._answers("subliminal"))

    def measure_probing(self) -> Work:
        """Return the answers that are read."""
        return Work(rows=self._answers("probing"))

    def _answers(self, experiment: str) -> float:
        return sum(self.probe_traits(experiment, model).rows for model in self.plan.models(experiment))

    def build_store(self) -> Work:
        """Return the rows of answers and trials."""
        rows = sum(map(self._answers, self.plan.probed_experiments())) + self.trials()
        return Work(rows=rows, stored=rows * self.facts["bytes"]["answer"])

    def draw_figure(self, figure: str) -> Work:
        """Return the bytes of a figure's files."""
        return Work(stored=self.facts["bytes"]["figure"])


def class_of_job(amounts: Amounts, rule: str, wildcards: Mapping[str, str]) -> str:
    """Return the class of a job's model, `any` for a job that runs none."""
    model = amounts.model_of(rule, wildcards)
    chosen = amounts.plan.study.models.get(model) if model else None
    return class_of(chosen) if chosen else "any"
