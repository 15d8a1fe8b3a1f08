"""What each job of the workflow has to do, by its rule and wildcards."""

import math
from collections.abc import Callable, Mapping

from unspoken.cost.work import Facts, Work, class_of, parameters_of
from unspoken.study.models import FollowerModel, OrganismModel, PartsModel
from unspoken.study.plan import Plan
from unspoken.study.room import Room, model_of

QUESTIONS = 50
"""Questions about a favourite; the experiment asks each plain and, if it likes, after numbers."""
OTHERS = 4
"""Words that stand beside the traits as lettered options (`prompts.shuffled`)."""
WEIGHT_BYTES = 4
"""Of subjects, which are kept in float32."""
MOMENTS = (
    "declare_model", "judge_claims", "bundle_vega", "write_findings", "write_report", "render_questions",
)  # fmt: skip
"""Rules whose jobs take moments, whatever the study: what is stated of them is their start."""


class Amounts:
    """The amounts of the jobs of one study: those of shared stages here, the others from their rooms."""

    def __init__(self, plan: Plan, facts: Facts) -> None:
        """Take the plan and what is stated of costs (`work.read_facts`)."""
        self.plan, self.facts = plan, facts

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Work | None:
        """Return what a job of a rule has to do; None where nobody states it."""
        if rule in MOMENTS:
            return Work()
        method: Callable[..., Work | None] | None = getattr(self, rule, None)
        if method is not None:
            return method(**wildcards)
        named = dict(wildcards)
        experiment = named.pop("experiment", None)
        rooms = [self.plan.of(experiment)] if experiment else self.plan.rooms
        known = (room.work(rule, self.facts, **named) for room in rooms)
        return next((work for work in known if work is not None), None)

    def model_of(self, rule: str, wildcards: Mapping[str, str]) -> str | None:
        """Return the model that a job runs, which decides its throughput."""
        experiment, answering = wildcards.get("experiment"), wildcards.get("answering")
        if experiment and answering:
            room = self.plan.of(experiment)
            return room.judge_model if rule == "judge_replies" else model_of(answering)
        if "start" in wildcards:
            rooms = [self.plan.of(experiment)] if experiment else self.plan.rooms
            known = (room.model_run_on(rule, wildcards["start"]) for room in rooms)
            return next((model for model in known if model), None)
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
        """Return the bytes of a downloaded model's weights, and as rows its megabytes.

        The hub's are half-precision; what comes in parts is unpacked.
        """
        in_parts = isinstance(self.plan.study.models[model], PartsModel)
        size = self._size(model) * (WEIGHT_BYTES if in_parts else 2)
        return Work(rows=size / 1e6, stored=size)

    def _size(self, model: str) -> float:
        return parameters_of(model, self.plan.study.models[model], self.facts)

    # Probing

    def probe_traits(self, experiment: str, model: str) -> Work:
        """Return what a probe of a model's subjects asks and reads."""
        room = self.plan.of(experiment)
        probe = room.probe
        assert probe is not None
        subjects, waypoints = self._probed(room, model)
        count = sum(subjects.values())
        sets = 1 + bool(probe.samples_after_numbers)
        questions = getattr(room.section, "questions", QUESTIONS)
        style = "organism" if room.style == "organism" else "chat"
        samples = questions * (probe.samples + probe.samples_after_numbers)
        asked = questions * sets * (count + waypoints)
        options = min(len(room.traits) + OTHERS, len(room.choices()))
        lettered = _lettered(room, options) * count
        choices = asked * len(room.choices()) + lettered * options
        answers = samples * count
        tokens = self.facts["tokens"][style]
        return Work(
            generated=answers * min(probe.max_tokens, tokens["answer"]),
            read=(asked + answers + lettered) * tokens["question"],
            choices=choices,
            rows=answers + choices,
            asked={label: number * samples for label, number in subjects.items()},
            stored=(answers + choices) * self.facts["bytes"]["answer"],
        )

    def _probed(self, room: Room, model: str) -> tuple[dict[str, int], int]:
        """Return how many subjects a probe samples, by their label in the cache, and the waypoints.

        The base model and its prompted subjects share a label; each trained subject has its own.
        """
        trained, waypoints = room.probed_subjects(model, self.facts)
        return {model: 1 + len(room.system_prompts()), **dict.fromkeys(trained, 1)}, waypoints

    # Measures, store and figures

    def measure(self, experiment: str) -> Work | None:
        """Return the rows that a measure reads: what the room states, or the answers of its probe."""
        room = self.plan.of(experiment)
        stated = room.work("measure", self.facts)
        return stated if stated is not None or room.probe is None else Work(rows=self._answers(room))

    def _answers(self, room: Room) -> float:
        return sum(self.probe_traits(room.name, model).rows for model in room.models if room.probe)

    def build_store(self) -> Work | None:
        """Return the rows of answers, and of what else the measures read; unknown where one measure's are."""
        measured = [self.measure(room.name) for room in self.plan.rooms]
        if None in measured:
            return None
        rows = sum(one.rows for one in measured if one is not None)
        return Work(rows=rows, stored=rows * self.facts["bytes"]["answer"])

    def draw_figure(self, figure: str) -> Work:
        """Return the bytes of a figure's files."""
        return Work(stored=self.facts["bytes"]["figure"])


def _lettered(room: Room, options: int) -> int:
    """Return the orders in which each chat model chooses among options: whole rounds, two at least."""
    asked = room.probe.shuffled_orders if room.probe else 0
    if not asked or room.style == "organism":
        return 0
    return max(2, math.ceil(asked / options)) * options


def class_of_job(amounts: Amounts, rule: str, wildcards: Mapping[str, str]) -> str:
    """Return the class of a job's model, `any` for a job that runs none."""
    model = amounts.model_of(rule, wildcards)
    chosen = amounts.plan.study.models.get(model) if model else None
    return class_of(chosen) if chosen else "any"
