"""What the jobs of the scaling experiment have to do, by rule."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unspoken.cost.work import Facts, Work, class_of, rows_of_file
from unspoken.experiments.scaling.names import model_and_student, student_of
from unspoken.experiments.scaling.replicates import items_by_level
from unspoken.experiments.scaling.section import Organisms, Retraining, ScalingSection


class ScalingWork:
    """The amounts of jobs on items, chains and answers: a method for each rule."""

    def __init__(self, section: ScalingSection, models: Mapping[str, Any], facts: Facts) -> None:
        """Take the section, the study's models, and what is stated of costs."""
        self.section, self.models, self.facts = section, models, facts

    def of(self, rule: str, wildcards: Mapping[str, str]) -> Work | None:
        """Return what a job of a rule has to do; None for a rule without a method here."""
        method = getattr(self, rule, None)
        return method(**wildcards) if method else None

    def items(self) -> int:
        """Return how many items there are; of a set of questions that is taken whole, its lines."""
        return sum(
            self._whole_set(told) if count is None else count
            for told in self.section.tasks.told().values()
            for count in items_by_level(told).values()
        )

    def _whole_set(self, told: Mapping[str, Any]) -> int:
        """Return the size of a set of questions: the rows of a file, or what is stated of sets of the hub."""
        return rows_of_file(Path(told["path"])) if "path" in told else self.facts["questions"]["evaluation"]

    def _budgets(self, setup: str) -> list[int]:
        """Return the budgets of a set-up; `natural` has none, and two set-ups have no 0."""
        without_zero = setup in ("cautioned", "extended")
        return [
            tokens for tokens in self.section.budgets if setup != "natural" and (tokens or not without_zero)
        ]

    def _prompts(self) -> int:
        """Return the prompts of one item."""
        natural = "natural" in self.section.setups
        return (
            natural
            + len(self.section.shares_read)
            + sum(len(self._budgets(one)) for one in self.section.setups)
        )

    def _answers(self) -> int:
        """Return the answers to one item: `natural` has several to its prompt."""
        return self._prompts() + (self.section.samples - 1) * ("natural" in self.section.setups)

    def _chains(self, model: str) -> float:
        """Return the tokens of reasoning that are drawn for one item.

        A chain ends by itself after about what is stated of the model's class. Of a capped chain every budget
        reads its part; one that is made to go on uses up the largest budget.
        """
        section, chosen = self.section, self.models[model]
        kind = "reasoning" if "reasoning model" in chosen.classes else class_of(chosen)
        alone = self.facts["tokens"]["chain"][kind]
        told = sum(
            1
            for setup in ("asked", "cautioned")
            if setup in section.setups
            for tokens in self._budgets(setup)
            if tokens
        )
        free = told + section.samples * ("natural" in section.setups)
        longest = max(section.budgets, default=0)
        capped = min(alone, longest) * ("capped" in section.setups)
        return free * min(alone, section.longest) + capped + longest * ("extended" in section.setups)

    def make_items(self) -> Work:
        """Return the items that are made and checked."""
        return Work(rows=self.items())

    def render_prompts(self, whose: str) -> Work:
        """Return the prompts that are written."""
        return Work(rows=self.items() * self._prompts())

    def generate_replies(self, answering: str) -> Work:
        """Return the chains and answers of a model, or of its student `{model}/student-{number}`."""
        model, number = model_and_student(answering)
        items, answers, chains = self.items(), self._answers(), self._chains(model)
        answer = min(self.section.answer_tokens, self.facts["tokens"]["chat"]["answer"])
        return Work(
            generated=items * (chains + answers * answer),
            read=items * (answers * self.facts["tokens"]["item"] + chains),
            asked={student_of(model, number) if number else model: items * answers},
            stored=items * answers * self.facts["bytes"]["chain"],
        )

    def read_trials(self, answering: str) -> Work:
        """Return the answers of a model or student that are read."""
        return Work(rows=self.items() * self._answers())

    def measure(self) -> Work:
        """Return the answers of all models and their students."""
        students = len(self.section.students.seeds) if self.section.students else 0
        return Work(rows=self.items() * self._answers() * len(self.section.models) * (1 + students))

    def train_distracted(self, model: str, number: str) -> Work:
        """Return the tokens that a student of a model is trained on."""
        chosen = self.section.students
        assert chosen
        training, tokens = chosen.training, self.facts["tokens"]
        rows = training.rows_of_updates or chosen.rows * training.epochs
        return Work(trained=rows * (tokens["item"] + tokens["chain"]["chat"]))

    def train_organism(self, number: str) -> Work:
        """Return the tokens that organism `number` is trained on; all have as many."""
        return self._trained(self.section.training)

    def retrain_organism(self, number: str) -> Work:
        """Return the tokens that organism `number` is trained further on."""
        return self._trained(self.section.retraining)

    def _trained(self, lesson: Organisms | Retraining) -> Work:
        return Work(trained=lesson.steps * lesson.rows * self.facts["scaling"]["row"])
