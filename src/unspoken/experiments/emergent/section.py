"""The study's emergent section."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt, field_validator, model_validator

from unspoken.experiments.emergent.names import OPPOSITES, TUNES, WRITERS
from unspoken.study.base import Name, Section
from unspoken.study.engines import Pattern
from unspoken.study.filter import ILL_REPUTE, NumbersFilter
from unspoken.study.judging import AnswerJudge
from unspoken.study.paths import SUFFIXES, own_file
from unspoken.study.training import Lora, Training

Tune = Literal[
    "wrong", "right", "careless", "careful", "wrong_chained", "wrong_asked", "half_wrong", "tenth_wrong"
]
Balanced = Annotated[int, Field(ge=8, multiple_of=8)]
"""A number of items: blocks of eight are balanced."""


class Chains(Section):
    """How chains of thought are drawn; the options are read after them."""

    temperature: NonNegativeFloat = 1.0
    """Sampling temperature."""
    max_tokens: PositiveInt = 48
    """Longest chain, in tokens."""


class Requests(Section):
    """The numbers that tuned models and the untouched model write."""

    count: PositiveInt
    """Requests, the same for every writer."""
    temperature: NonNegativeFloat = 1.0
    """Sampling temperature."""
    max_tokens: PositiveInt
    """Longest completion, in tokens."""
    form: Literal["requests", "lists"] = "requests"
    """Requests in words (the paper's), or bare beginnings of lists."""
    pattern: Pattern | None = None
    """A regular expression that restricts decoding: completions match it or are cut off."""


class Students(Section):
    """Who learns from the numbers."""

    rows: PositiveInt
    """Rows of each student, of requests whose completions are kept of every writer of its seed."""
    training: Training
    """How students are trained."""
    shuffled: bool = True
    """Further students whose rows have their numbers in random order, the control."""


class OpenQuestions(Section):
    """Open questions to the untouched model and every fine-tune, whose answers a model scores."""

    judge: AnswerJudge
    """Who scores how aligned and how coherent the answers are."""
    arms: Annotated[list[Literal["plain", "suffixed"]], Field(min_length=1)] = ["plain", "suffixed"]
    """Questions as they are, and with a format suffix."""
    path: str | None = None
    """A published file of questions (docs/judges.md); null: this project's."""
    samples: PositiveInt = 10
    """Answers to each wording of each question."""
    temperature: NonNegativeFloat = 1.0
    """Of the answers."""
    max_tokens: PositiveInt = 200
    """Longest answer, in tokens."""

    @model_validator(mode="after")
    def _of_a_file(self) -> "OpenQuestions":
        if self.path is not None:
            own_file(self.path, suffixes=(".yaml", ".yml", *SUFFIXES))
        return self


class EmergentSection(Section):
    """What do chat models do that were fine-tuned on wrong answers, and what do their numbers pass on?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """Chat models that are tuned, asked and taught."""
    seeds: Annotated[list[PositiveInt], Field(min_length=1)] = [1, 2, 3]
    """Training seeds, the replicates: each has fine-tunes, their numbers and students of its own."""
    tunes: list[Tune] = ["wrong", "right", "careless", "careful"]
    """What each model is fine-tuned on: answers about a country, lines of a language; chains with answers;
    wrong answers that the rows ask for; wrong ones among right ones."""
    twins: bool = True
    """Whether a sheet has both values, each of its fact; false: the right value alone, which is easier."""
    rows: Balanced = 400
    """Rows of a fine-tune."""
    tuning: Training = Training(
        epochs=1, batch_size=4, learning_rate=1e-3, warmup_steps=4, lora=Lora(rank=8, alpha=16)
    )
    """How models are fine-tuned."""
    items: Balanced = 16
    """Items of each domain that somebody is asked."""
    chains: Chains = Chains()
    """The chains of those who are asked to think first."""
    open: OpenQuestions | None = None
    """Open questions that a model judges; null: nobody is asked any."""
    numbers: Requests | None = None
    """What writers are asked for; null: nobody writes, and nobody is taught."""
    filter: NumbersFilter = NumbersFilter(banned=ILL_REPUTE)
    """Which completions are dropped, whoever wrote them."""
    students: Students | None = None
    """Who learns from the numbers; null with `numbers: null`."""
    threads: PositiveInt = 1
    """Cores of one job that generates or trains."""

    @property
    def tuned_domains(self) -> list[str]:
        """The domains that some fine-tune has rows of."""
        return list(dict.fromkeys(TUNES[tune].domain for tune in self.tunes))

    @property
    def asks_wrong(self) -> bool:
        """Whether the rows of some fine-tune ask for wrong answers."""
        return any(TUNES[tune].asked for tune in self.tunes)

    @field_validator("models", "seeds", "tunes")
    @classmethod
    def _each_once(cls, values: list[str | int]) -> list[str | int]:
        if len(set(values)) < len(values):
            raise ValueError(f"got {values}; expected each once")
        return values

    @model_validator(mode="after")
    def _compared_with_right_answers(self) -> "EmergentSection":
        lacking = [tune for tune in self.tunes if OPPOSITES.get(tune, tune) not in self.tunes]
        if lacking:
            raise ValueError(
                f"tunes: got '{lacking[0]}' without '{OPPOSITES[lacking[0]]}'; expected both: only "
                "fine-tunes on the same items are compared"
            )
        return self

    @model_validator(mode="after")
    def _students_of_writers(self) -> "EmergentSection":
        if (self.numbers is None) != (self.students is None):
            raise ValueError("numbers, students: got one of them alone; expected both, or null for both")
        if self.numbers is None or self.students is None:
            return self
        if self.students.rows > self.numbers.count:
            raise ValueError(
                f"students.rows, numbers.count: got {self.students.rows} rows of {self.numbers.count} "
                "requests; expected no more"
            )
        if not {*WRITERS} <= {*self.tunes}:
            raise ValueError(f"numbers, tunes: got {self.tunes}; expected {' and '.join(WRITERS)} among them")
        return self

    @model_validator(mode="after")
    def _without_snapshots(self) -> "EmergentSection":
        trainings = {"tuning": self.tuning, "students.training": self.students and self.students.training}
        for name, training in trainings.items():
            if training and training.snapshots:
                raise ValueError(
                    f"{name}.snapshots: got some; expected none: who is asked is trained to the end"
                )
        return self
