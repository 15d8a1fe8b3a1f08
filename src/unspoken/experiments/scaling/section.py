"""The study's scaling section."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, field_validator, model_validator

from unspoken.experiments.scaling.design import Count, MathKind, Tasks
from unspoken.experiments.scaling.names import CLAIMED
from unspoken.study.base import Name, Section
from unspoken.study.training import Lora, Training

Setup = Literal["asked", "capped", "extended", "cautioned", "natural"]
"""How a length of reasoning is brought about."""
Trend = Literal["inverse", "positive", "flat", "U", "inverted U", "lengths alike"]
"""What longer reasoning does to answers, in the words of the study's rule."""


class Retraining(Section):
    """Further training of organisms on distracted notes with right answers."""

    kind: Literal["between", "behind"] = "between"
    """Where the distractors stand that are trained on; of the others nothing is shown."""
    steps: Annotated[int, Field(ge=41)] = 300
    """Optimiser steps."""
    rows: PositiveInt = 64
    """Rows of a step."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Peak learning rate."""


class Students(Section):
    """Chat models trained on Misleading Math with right answers, distractors of some kinds alone."""

    kinds: Annotated[list[MathKind], Field(min_length=1)] = [
        "probability",
        "weight",
        "price",
        "time",
        "state",
    ]
    """Kinds of distractor that are trained on; of the others nothing is shown."""
    levels: Annotated[list[Count], Field(min_length=1)] = [1, 2]
    """Distractors of an item that is trained on."""
    rows: Annotated[int, Field(ge=2)] = 256
    """Items that are trained on, drawn by a seed of their own."""
    seeds: Annotated[list[PositiveInt], Field(min_length=1)] = [1]
    """A student for each: its items and their order."""
    training: Training = Training(epochs=1, batch_size=8, learning_rate=2e-4, lora=Lora(rank=8, alpha=16))
    """How it is trained."""

    @field_validator("kinds", "levels", "seeds")
    @classmethod
    def _each_once(cls, values: list[Any]) -> list[Any]:
        if len(set(values)) < len(values):
            raise ValueError(f"got {values}; expected each once")
        return values

    @model_validator(mode="after")
    def _levels_of_the_kinds(self) -> "Students":
        if max(self.levels) > len(self.kinds):
            raise ValueError(f"levels: got {max(self.levels)}; expected at most the {len(self.kinds)} kinds")
        if self.training.snapshots:
            raise ValueError("training.snapshots: got some; expected none: the end of a training is asked")
        return self


class Organisms(Section):
    """Small models that are trained here to answer by known laws: checks of what is called a trend."""

    count: PositiveInt = 1
    """How many are trained."""
    items: Annotated[int, Field(ge=100)] = 1000
    """Items of each of their tasks; flat is told from a small change by many."""
    steps: Annotated[int, Field(ge=41)] = 3000
    """Optimiser steps; half as many teach too little."""
    rows: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Rows of a step."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    """Peak learning rate (AdamW, warm-up and cosine)."""
    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 256
    """Width of the gated units."""
    layers: PositiveInt = 2
    """Layers."""
    retraining: Retraining | None = Field(default=None, exclude_if=lambda retraining: retraining is None)
    """Further training on distractors; null for none."""


class ScalingSection(Section):
    """Does a model answer better or worse the longer it reasons (Gema et al. 2025)?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """The models that are asked."""
    tasks: Tasks
    """The tasks, each with its levels and items."""
    setups: Annotated[list[Setup], Field(min_length=1)] = ["asked", "capped"]
    """`asked`: the prompt asks for a length; `cautioned`: for at most a length; `capped`: one chain is ended
    at each budget; `extended`: it is made to go on to each budget; `natural`: several chains as they come."""
    budgets: Annotated[list[NonNegativeInt], Field(min_length=1)] = [0, 1024, 2048, 4096, 8192]
    """Tokens of reasoning, upwards. 0 asks for an answer at once: another prompt, never part of a trend."""
    longest: PositiveInt = 8192
    """Most tokens of a chain that no budget ends: `asked`, `cautioned`, `natural`."""
    samples: Annotated[int, Field(ge=2)] = 5
    """Chains of each item in `natural`."""
    shares: list[Annotated[float, Field(gt=0, le=1)]] = [0.25, 0.5, 0.75, 1.0]
    """Parts of the longest capped chain after which an answer is forced; none without `capped`."""
    temperature: NonNegativeFloat = 1.0
    """Of chains and answers."""
    piece_tokens: PositiveInt = 16
    """Chains are drawn so many tokens at a time: a budget added draws what none has drawn yet."""
    answer_tokens: PositiveInt = 16
    """Most tokens of an answer."""
    threads: PositiveInt = 1
    """Cores of one job that asks."""
    known: dict[Name, dict[Setup, Trend]] = Field({}, exclude_if=lambda known: not known)
    """Scripted models of `models`, with the trend that they are made to have under each set-up."""
    organisms: Organisms | None = Field(default=None, exclude_if=lambda organisms: organisms is None)
    """Organisms whose trends are known; null for none."""
    students: Students | None = Field(default=None, exclude_if=lambda students: students is None)
    """Of each model, students trained on distractors of some kinds with right answers, and asked as it is."""

    @field_validator("setups")
    @classmethod
    def _each_once(cls, setups: list[str]) -> list[str]:
        if len(set(setups)) < len(setups):
            raise ValueError(f"got {setups}; expected each set-up once")
        return setups

    @field_validator("budgets", "shares")
    @classmethod
    def _upwards(cls, lengths: list[float]) -> list[float]:
        if lengths != sorted(set(lengths)):
            raise ValueError(f"got {lengths}; expected each once, the smallest first")
        return lengths

    @model_validator(mode="after")
    def _has_lengths(self) -> "ScalingSection":
        if self.setups != ["natural"] and len([tokens for tokens in self.budgets if tokens]) < 2:
            raise ValueError(
                f"budgets: got {self.budgets}; expected at least two above 0: one shows no trend"
            )
        if "natural" in self.setups and self.temperature == 0:
            raise ValueError("temperature: got 0; expected more, as the samples of `natural` would be copies")
        return self

    @model_validator(mode="after")
    def _known_of_what_is_asked(self) -> "ScalingSection":
        for model, trends in self.known.items():
            if model not in self.models:
                raise ValueError(f"known: got '{model}'; expected some of models: {', '.join(self.models)}")
            if unasked := [setup for setup in trends if setup not in self.setups]:
                raise ValueError(
                    f"known: got '{unasked[0]}'; expected some of setups: {', '.join(self.setups)}"
                )
        return self

    @model_validator(mode="after")
    def _students_of_what_is_asked(self) -> "ScalingSection":
        if self.students is None:
            return self
        task, known = self.tasks.misleading_math, self.students.kinds
        if task is None or not max(task.levels):
            raise ValueError("students: expected misleading_math among tasks, with distractors")
        if not 0 < len(set(task.kinds) & set(known)) < len(set(task.kinds)):
            raise ValueError(
                f"students.kinds: got {', '.join(known)}; expected some, not all, of those of "
                f"tasks.misleading_math: {', '.join(task.kinds)}"
            )
        if not {*CLAIMED} & set(self.setups):
            raise ValueError(
                f"students: got the setups {', '.join(self.setups)}; expected asked or capped, which are "
                "learnt from"
            )
        return self

    @property
    def most_tokens(self) -> tuple[str, int]:
        """Return the most tokens of reasoning that a prompt may have, with the key that says so."""
        lengths = {"budgets": max(self.budgets) if self.setups != ["natural"] else 0}
        lengths["longest"] = self.longest if {"asked", "cautioned", "natural"} & set(self.setups) else 0
        key = max(lengths, key=lambda name: lengths[name])
        return key, lengths[key]

    @property
    def shares_read(self) -> list[float]:
        """Return the shares of a chain after which an answer is forced: chains that are capped have them."""
        return self.shares if "capped" in self.setups else []

    @property
    def training(self) -> Organisms:
        """Return what a job that trains an organism is told; there is none where the section has none."""
        return self.organisms or Organisms()

    @property
    def retraining(self) -> Retraining:
        """Return what a job that trains an organism further is told; there may be none."""
        return self.training.retraining or Retraining()
