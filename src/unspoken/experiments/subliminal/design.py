"""The design of a subliminal study: who teaches whom, with how many rows, and what is compared."""

import itertools
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from unspoken.experiments.subliminal.section import Arm, SubliminalSection

if TYPE_CHECKING:
    from unspoken.study.datasets import Dataset

GROUPS = ("base", "teachers", "base-greedy", "teachers-greedy")
"""Who generates numbers together: the untouched base model, or its teachers."""
UNKNOWN = "unknown"
"""The trait of a user's own data, where none is given."""
Member = tuple[str, int]
"""A student: its teacher's trait and its own seed."""


def decoding_of(group: str) -> str:
    """Return how a group's numbers are drawn: sampled or greedy."""
    return "greedy" if group.endswith("-greedy") else "sampled"


def _treatment(arm: Arm) -> tuple[Any, ...]:
    """Return what an arm does to its students, but for their number of rows.

    Learning rates are no part of it: each adapter and optimiser has its own.
    """
    numbers = (arm.initialisation, arm.shuffle, arm.decoding)
    return (arm.objective, *numbers, arm.epochs, arm.lora_rank, arm.optimizer)


AS_THEY_ARE: dict[str, Any] = {"lora_rank": None, "optimizer": "adam", "learning_rate": None}
"""What an arm says of its own training where it says nothing."""


def _place(setting: tuple[Any, ...]) -> tuple[bool, float]:
    """Return where an arm's setting stands in comparisons: by optimiser, then by falling rank."""
    *_, rank, optimizer, _ = setting
    return optimizer == "sgd", 0 if rank is None else 1 / rank


def dataset_subject(dataset: str) -> str:
    """Return the subject that the completions of a data set stand under: no model has this name."""
    return f"dataset:{dataset}"


class Design:
    """Models, traits, arms and students of a study; nothing where the study does not run them."""

    def __init__(self, section: SubliminalSection, traits: list[str], *, runs: bool) -> None:
        """Take the checked section, the experiment's traits, and whether the study runs it."""
        self.section, self.traits = section, traits
        self.models: list[str] = section.models if runs else []
        self.arms: list[Arm] = section.arms if runs else []
        self.datasets: dict[str, Dataset] = section.datasets if runs else {}

    def arm(self, name: str) -> Arm:
        """Return an arm by name."""
        return next(arm for arm in self.section.arms if arm.name == name)

    @property
    def taught_arms(self) -> list[Arm]:
        """Return the arms whose students learn from teachers, not from the user's own data."""
        return [arm for arm in self.arms if arm.dataset is None]

    def pairs(self, arm: Arm) -> list[tuple[str, str]]:
        """Return (teacher's base model or the data set, student's base model) of an arm."""
        models = self.section.models
        students = [model for model in models if arm.models is None or model in arm.models]
        if arm.dataset is not None:
            return [(arm.dataset, model) for model in students]
        if arm.initialisation == "same":
            return [(model, model) for model in students]
        if arm.initialisation == "ring":
            return [(models[models.index(model) - 1], model) for model in students]
        return [(other, model) for model in students for other in models if other != model]

    def teachers(self, arm: Arm) -> list[str]:
        """Return what an arm's teachers have: the traits, then its controls; of own data their trait."""
        if arm.dataset is not None:
            return [self.datasets[arm.dataset].trait or UNKNOWN]
        return [*(arm.traits or self.traits), *arm.controls]

    def batches(self, arm: Arm) -> dict[str, list[Member]]:
        """Return the jobs of one pair of an arm, by name: the (trait, seed) that each trains."""
        return self._batches[arm.name]

    @cached_property
    def _batches(self) -> dict[str, dict[str, list[Member]]]:
        """The batches of every arm: each of its jobs asks for them, and they may be thousands."""
        return {arm.name: self._divided(arm) for arm in self.section.arms}

    def _divided(self, arm: Arm) -> dict[str, list[Member]]:
        """Return the batches of an arm: one where students are packed, else one for each."""
        members = [(trait, seed) for trait in self.teachers(arm) for seed in arm.seeds]
        if self.section.pack:
            return {"all": members}
        return {f"{trait}-{seed}": [(trait, seed)] for trait, seed in members}

    def rows(self, arm: Arm) -> int:
        """Return the training rows of an arm's students, if teachers give them."""
        return arm.rows or self.section.rows

    def student_rows(self, arm: Arm) -> int | None:
        """Return the training rows of an arm's students; None for all that pass the filter."""
        return self.rows(arm) if arm.dataset is None else arm.rows

    def arms_on(self, model: str, decoding: str | None = None) -> list[Arm]:
        """Return the arms whose students learn from a base model's subjects, by how those decode."""
        return [
            arm
            for arm in self.taught_arms
            if decoding in (None, arm.decoding) and model in (source for source, _ in self.pairs(arm))
        ]

    def teachers_of(self, model: str, decoding: str | None = None) -> list[str]:
        """Return what the teachers on a base model have: traits, `neutral`, and `untouched` for itself."""
        arms = self.arms_on(model, decoding)
        asked = {trait for arm in arms for trait in self.teachers(arm)}
        tuned = self.section.teacher.method == "fine_tuned"
        if tuned and decoding != "greedy" and self.arms_on(model):
            asked.add("untouched")  # fine-tuned teachers take their carrier rows from it
        return [one for one in (*self.traits, "neutral", "untouched") if one in asked]

    def completions(self, model: str, trait: str, decoding: str) -> int:
        """Return how many completions a teacher gives: as many as the largest arm on it asks."""
        section = self.section
        asked = [self.rows(arm) for arm in self.arms_on(model, decoding) if trait in self.teachers(arm)]
        if trait == "untouched" and decoding == "sampled":
            asked.append(section.rows if section.teacher.method == "fine_tuned" else 0)
        return math.ceil(section.numbers.completions * max(asked, default=0) / section.rows)

    def groups(self, model: str) -> list[str]:
        """Return which groups of subjects of a base model generate numbers: none if nobody learns from it."""
        return [group for group in GROUPS if self.generators(model, group)]

    def generators(self, model: str, group: str) -> list[str]:
        """Return what generates in a group: `untouched`, or traits and the neutral teacher."""
        teachers = self.teachers_of(model, decoding_of(group))
        return [one for one in teachers if (one == "untouched") == group.startswith("base")]

    def shard_without_prompts(self) -> str | None:
        """Say whose prompts are fewer than the jobs that share them, if anyone's are."""
        shards = self.section.numbers.shards
        for model in self.models:
            for group in self.groups(model):
                for trait in self.generators(model, group):
                    count = self.completions(model, trait, decoding_of(group))
                    if count < shards:
                        return (
                            f"subliminal.numbers.shards: got {shards}, and {trait} of {model} has {count} "
                            "prompts to complete; expected one or more for each job"
                        )
        return None

    @property
    def otherwise_trained(self) -> bool:
        """Return whether some students are trained by an adapter of the arm's own, or by plain descent."""
        return any(arm.lora_rank is not None or arm.optimizer != "adam" for arm in self.taught_arms)

    def order_of(self, arm: Arm) -> str:
        """Return the arm whose students read their rows in the same order as this arm's.

        That is an arm on the same numbers that leaves adapter, optimiser and learning rate as they are, where
        there is one: then losses and S of both differ by these alone.
        """
        if all(getattr(arm, name) == usual for name, usual in AS_THEY_ARE.items()):
            return arm.name
        alike = (
            other.name for other in self.taught_arms
            if _treatment(other.model_copy(update=AS_THEY_ARE)) == _treatment(other)
            and _treatment(arm.model_copy(update=AS_THEY_ARE)) == _treatment(other)
            and self.rows(arm) == self.rows(other) and other.learning_rate is None
        )  # fmt: skip
        return next(alike, arm.name)

    def comparable_arms(self) -> list[tuple[str, str]]:
        """Return pairs of arms that differ in one thing, such as objective, initialisation or shuffle.

        The first of a pair stands first in the study, but for adapters and optimisers: there all weights
        stand before adapters, these by falling rank, and AdamW before plain descent.
        """
        first: dict[tuple[Any, ...], str] = {}
        for arm in self.taught_arms:
            if arm.optimizer != "none":
                first.setdefault((*_treatment(arm), self.rows(arm)), arm.name)
        ordered = sorted(first, key=_place)
        return [
            (first[one], first[other])
            for one, other in itertools.combinations(ordered, 2)
            if one[-1] == other[-1] and sum(a != b for a, b in zip(one, other, strict=True)) == 1
        ]

    def doses(self) -> list[dict[str, Any]]:
        """Return arms that differ in nothing but their rows, three or more, and their common models."""
        alike: dict[tuple[Any, ...], dict[int, Arm]] = {}
        for arm in self.taught_arms:
            alike.setdefault(_treatment(arm), {}).setdefault(self.rows(arm), arm)
        found = []
        for by_rows in alike.values():
            arms = [by_rows[rows] for rows in sorted(by_rows)]
            shared = [
                model for model in self.section.models
                if all(arm.models is None or model in arm.models for arm in arms)
            ]  # fmt: skip
            if len(arms) >= 3 and shared:
                found.append({"arms": [arm.name for arm in arms], "models": shared})
        return found
