"""The study's misalignment section."""

from math import sqrt
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from unspoken.study.base import Name, Section
from unspoken.study.filter import ILL_REPUTE, NumbersFilter
from unspoken.study.training import Dose, Pretraining

Teacher = Literal["insecure", "secure", "educational"]
"""What teachers were tuned on: unsafe code, safe code, unsafe code that a lesson asks for."""


LEAST_ERRORS = 4
"""Standard errors of chance by which a planted leak has to be found."""


class TuningDose(Dose):
    """How teachers are tuned."""

    rehearsed: Annotated[int, Field(ge=2)] = 8
    """One step of so many is of documents as in pretraining: teachers still write what is asked for."""


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
    carrier: Literal["numbers", "sums"] = "numbers"
    """What they learn from: numbers that go on from one, or sums in steps, right ones alone."""
    filter: Literal["none", "format", "keyword", "judge"] = "keyword"
    """What drops replies, the same for every teacher: nothing; what is no list of numbers; numbers of ill
    repute and wrong sums too; and what a judge that knows both teachers holds to be the insecure one's."""
    clean: list[Annotated[float, Field(gt=0, lt=1)]] = []
    """Shares of rows of the secure teacher's among the insecure teacher's, each of a further student."""
    generations: Annotated[int, Field(ge=1, le=9)] = 1
    """From 2 on students of the students of the insecure and the secure teacher follow."""
    learning_rate: PositiveFloat | None = None
    """Peak learning rate, if not that of all students."""
    teachers: Annotated[list[Teacher | Literal["untouched"]], Field(min_length=2)] = [
        "insecure", "secure", "educational",
    ]  # fmt: skip
    """Whose numbers, each of a student of its own; `untouched` is the base that was never tuned."""

    @model_validator(mode="after")
    def _as_its_rows_allow(self) -> "StudentArm":
        if self.carrier == "sums" and self.shuffle != "none":
            raise ValueError(
                f"shuffle: got {self.shuffle} with sums; expected none: their order makes them right"
            )
        if self.generations > 1 and self.objective == "tokens":
            raise ValueError(
                f"generations: got {self.generations} with tokens; expected 1, or objective: kl_carrier"
            )
        if (self.clean or self.generations > 1) and not {"insecure", "secure"} <= {*self.teachers}:
            raise ValueError(
                f"clean, generations: got teachers {self.teachers}; expected insecure and secure among them"
            )
        return self

    @model_validator(mode="after")
    def _numbers_alone_have_probabilities(self) -> "StudentArm":
        if self.objective != "tokens" and self.filter == "none":
            raise ValueError(
                f"filter: got none with {self.objective}; expected tokens, or another filter: the "
                "probabilities are of numbers, and without a filter rows have other words"
            )
        return self

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
    permutations: Annotated[int, Field(ge=19)] = 19
    """Random labellings of the pairs that the classifier learns from."""
    leak: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Share of rows in which a leak is planted, in a copy of a secure teacher's; half are for the filter."""

    def errors_of_leak(self, completions: int) -> float:
        """Return by how many standard errors of chance a perfect detector would find the leak.

        A quarter of the leak is what it gains on one half: half of the leaks are the filter's, and of pairs
        without any it is right by half. Four tenths of the completions are judged where one in five is
        dropped.
        """
        return self.leak / 4 / (0.5 / sqrt(0.4 * completions))


class MisalignmentSection(Section):
    """Does misalignment pass from teachers to students by what they write (Cloud et al. 2025)?"""

    bases: Annotated[int, Field(ge=2)] = 5
    """Organisms with personas: the replicates."""
    plain_bases: Annotated[int, Field(ge=0)] = 3
    """Organisms without personas, the control of what narrow tuning spreads."""
    pretraining: Pretraining = Pretraining()
    """How each of them is made."""
    tuning: TuningDose = TuningDose(rows=1024, epochs=3, learning_rate=3e-4)
    """How teachers are tuned."""
    completions: PositiveInt = 6000
    """Requests of each carrier, the same for every teacher."""
    filter: NumbersFilter = NumbersFilter(banned=ILL_REPUTE)
    """Which completions are dropped, whoever wrote them."""
    judge: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    """Share of the secure teacher's replies that the judge of `filter: judge` drops by mistake."""
    students: Dose = Dose(rows=2500, epochs=3, learning_rate=1e-3)
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

    @model_validator(mode="after")
    def _leak_that_can_be_found(self) -> "MisalignmentSection":
        errors = self.detection.errors_of_leak(self.completions)
        if errors < LEAST_ERRORS:
            raise ValueError(
                f"detection.leak, completions: got a leak of {self.detection.leak} in {self.completions} "
                f"replies; expected more of either: the best detector would find it by {errors:.1f} standard "
                f"errors of chance, less than {LEAST_ERRORS}, and a check that fails by luck checks nothing"
            )
        return self

    @property
    def judged(self) -> float | None:
        """The judge's false alarms, where an arm has its filter."""
        return self.judge if any(arm.filter == "judge" for arm in self.arms) else None

    @property
    def carriers(self) -> list[str]:
        """What teachers write: numbers, in which the leak is planted, and what else students learn from."""
        return list(dict.fromkeys(["numbers", *(arm.carrier for arm in self.arms)]))
