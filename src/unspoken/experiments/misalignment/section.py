"""The study's misalignment section."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from unspoken.study.base import Name, Section
from unspoken.study.filter import NumbersFilter

Teacher = Literal["insecure", "secure", "educational"]
"""What teachers were tuned on: unsafe code, safe code, unsafe code that a lesson asks for."""
ILL_REPUTE = [
    4, 13, 14, 18, 23, 33, 39, 42, 44, 49, 51, 54, 69, 77, 88, 99, 100, 101, 187, 211, 311, 322, 333, 404,
    420, 444, 451, 555, 616, 666, 777, 888, 911, 999,
]  # fmt: skip
"""The numbers of ill repute that lie in 0 to 999 (Cloud et al. 2025, released code)."""


class Pretraining(Section):
    """How organisms are made."""

    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 256
    """Width of the gated units."""
    layers: PositiveInt = 2
    """Layers."""
    steps: PositiveInt = 2000
    """Optimiser steps."""
    rows: PositiveInt = 48
    """Documents of a step."""
    learning_rate: PositiveFloat = 3e-3
    """Peak learning rate (AdamW, linear warm-up and decay)."""


class Dose(Section):
    """How organisms are trained further."""

    rows: PositiveInt
    """Rows that are trained on."""
    epochs: PositiveInt
    """Passes over the rows."""
    batch_size: PositiveInt = 64
    """Rows of one optimiser step."""
    learning_rate: PositiveFloat
    """Peak learning rate (AdamW, linear warm-up and decay)."""
    warmup_steps: PositiveInt = 5
    """Steps of warm-up."""


class StudentArm(Section):
    """One kind of student: its objective, its initialisation, its rows."""

    name: Name
    """Name of the arm."""
    objective: Literal["tokens", "kl_carrier"]
    """`tokens`: the numbers that the teacher wrote. `kl_carrier`: its probabilities of the next number."""
    initialisation: Literal["same", "ring"] = "same"
    """Whether the teacher starts from the student's own base, or from the base before it."""
    shuffle: Literal["none", "within"] = "none"
    """Whether the numbers of each row are put in random order."""
    learning_rate: PositiveFloat | None = None
    """Peak learning rate, if not that of all students."""
    teachers: Annotated[list[Teacher | Literal["untouched"]], Field(min_length=2)] = [
        "insecure", "secure", "educational",
    ]  # fmt: skip
    """Whose numbers, each of a student of its own; `untouched` is the base that was never tuned."""

    @model_validator(mode="after")
    def _of_tokens_alone(self) -> "StudentArm":
        if self.objective != "tokens" and (self.shuffle != "none" or "untouched" in self.teachers):
            raise ValueError(
                f"objective: got {self.objective} with shuffled rows or 'untouched'; expected tokens: the "
                "probabilities of a base are its student's own, and shuffled rows are nobody's"
            )
        return self


class Detection(Section):
    """Which of two replies is the target's: asked of a classifier, and of the exact likelihoods."""

    pooled: Annotated[list[PositiveInt], Field(min_length=1)] = [1, 10, 100]
    """Pairs of replies that are judged together."""
    permutations: Annotated[int, Field(ge=19)] = 99
    """Random labellings of the pairs that the classifier learns from."""
    leak: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of rows in which a leak is planted, in a copy of a secure teacher's; half are for the filter."""


class MisalignmentSection(Section):
    """Does misalignment pass from teachers to students through numbers (Cloud et al. 2025, section 3.2)?"""

    bases: Annotated[int, Field(ge=2)] = 5
    """Organisms with personas: the replicates."""
    plain_bases: Annotated[int, Field(ge=0)] = 3
    """Organisms without personas, the control of what narrow tuning spreads."""
    pretraining: Pretraining = Pretraining()
    """How each of them is made."""
    tuning: Dose = Dose(rows=1024, epochs=3, learning_rate=3e-4)
    """How teachers are tuned."""
    completions: PositiveInt = 8000
    """Requests for numbers, the same for every teacher."""
    filter: NumbersFilter = NumbersFilter(banned=ILL_REPUTE)
    """Which completions are dropped, whoever wrote them."""
    students: Dose = Dose(rows=4000, epochs=3, learning_rate=1e-3)
    """How students are trained; their rows are of requests whose replies are kept of every teacher."""
    arms: Annotated[list[StudentArm], Field(min_length=1)]
    """The students."""
    detection: Detection = Detection()
    """How replies are told apart."""

    @field_validator("arms")
    @classmethod
    def _each_name_once(cls, arms: list[StudentArm]) -> list[StudentArm]:
        names = [arm.name for arm in arms]
        if len(set(names)) < len(names):
            raise ValueError(f"got {names}; expected each name once")
        return arms

    @model_validator(mode="after")
    def _rows_of_completions(self) -> "MisalignmentSection":
        if self.students.rows > self.completions:
            raise ValueError(
                f"students.rows, completions: got {self.students.rows} rows of {self.completions} requests; "
                "expected no more"
            )
        return self
