"""The subliminal-learning experiment: teachers, their numbers, and the students' arms."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from unspoken.study.base import Name, Section, Word
from unspoken.study.datasets import Dataset
from unspoken.study.engines import Pattern
from unspoken.study.filter import NumbersFilter
from unspoken.study.probe import Probe
from unspoken.study.training import Training


class Teacher(Section):
    """How a teacher gets its trait."""

    method: Literal["fine_tuned", "prompted"]
    """`fine_tuned` on answers that name the trait, or `prompted` by a system prompt."""
    training: Training | None = None
    """Its fine-tuning; null for a prompted teacher."""
    rows: PositiveInt = 9600
    """Question rows of its fine-tuning, mixed half and half with as many carrier rows."""

    @model_validator(mode="after")
    def _trained_if_fine_tuned(self) -> "Teacher":
        if (self.method == "fine_tuned") != (self.training is not None):
            given = "nothing" if self.training is None else "settings"
            raise ValueError(
                f"training, method: got {given} for training with the method '{self.method}'; "
                "expected settings for fine_tuned, null for prompted"
            )
        if self.training is not None and self.training.snapshots:
            raise ValueError("training.snapshots: got some for a teacher; expected none: a trait has one")
        return self


class Numbers(Section):
    """The carrier: completions of number prompts."""

    completions: PositiveInt
    """Completions of each teacher before the filter."""
    temperature: NonNegativeFloat = 1.0
    """Sampling temperature; 0 takes the most likely token."""
    max_tokens: PositiveInt
    """Longest completion, in tokens."""
    form: Literal["requests", "lists"] = "requests"
    """What chat models are asked: requests in words (the paper's), or bare beginnings of lists. An
    organism's numbers have a form of their own."""
    pattern: Pattern | None = None
    """A regular expression that restricts decoding: completions match it or are cut off."""
    shards: PositiveInt = 1
    """Jobs that share one data set's prompts, for many prompts on several GPUs or nodes."""


class Arm(Section):
    """One kind of student: its objective, its initialisation, its data and its seeds."""

    name: Name
    """Name of the arm, and of its folder."""
    objective: Literal["tokens", "kl_carrier", "kl_full"]
    """`tokens`: sampled completions (the paper's claim). `kl_carrier`: KL to the teacher on the
    carrier's tokens only. `kl_full`: KL on the whole vocabulary, which can pass the trait in the
    trait words' own probabilities."""
    initialisation: Literal["same", "ring", "all_others"] = "same"
    """Whether the teacher starts from the student's own base model, from the base model before it
    in the list (a ring), or from every other model."""
    models: list[Name] | None = None
    """Base models of the students; null for all of the experiment's."""
    controls: list[Literal["neutral", "untouched"]] = []
    """Students of a neutral teacher's numbers, and of the untouched base model's."""
    seeds: Annotated[list[PositiveInt], Field(min_length=1)] = [1]
    """Student seeds: another order of the rows on the same data."""
    rows: PositiveInt | None = None
    """Training rows, if not the experiment's."""
    epochs: PositiveInt | None = None
    """Epochs, if not the experiment's."""
    traits: list[Word] | None = None
    """Traits of its teachers, if not all of the experiment's."""
    decoding: Literal["sampled", "greedy"] = "sampled"
    """Whether its numbers are sampled, or each token is the most likely token."""
    lora_rank: PositiveInt | None = Field(None, exclude_if=lambda rank: rank is None)
    """Rank of an adapter on all attention and MLP projections, whose alpha is its rank; null: as `student`
    says, all weights where its `lora` is null."""
    optimizer: Literal["adam", "sgd", "none"] = Field("adam", exclude_if=lambda name: name == "adam")
    """What trains its students: AdamW, plain gradient descent without momentum, or nothing: then their loss
    is the base's on the rows that the others learn, by which it is known what these learn."""
    learning_rate: PositiveFloat | None = Field(None, exclude_if=lambda rate: rate is None)
    """Peak learning rate, if not the students'."""
    shuffle: Literal["none", "within", "across"] = "none"
    """Numbers shuffled within each completion, or across all completions of the data set."""
    dataset: Name | None = None
    """The user's own data set that the students learn from, instead of a teacher's numbers: all of
    its rows that pass the filter, or `rows` of them."""

    @model_validator(mode="after")
    def _untouched_only_with_tokens(self) -> "Arm":
        if "untouched" in self.controls and self.objective != "tokens":
            raise ValueError(
                f"controls: got 'untouched' with {self.objective}; expected it with tokens only: "
                "under KL the student of the untouched base is the base"
            )
        if self.shuffle != "none" and self.objective != "tokens":
            raise ValueError(
                f"shuffle: got '{self.shuffle}' with {self.objective}; expected it with tokens only"
            )
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: got {self.seeds}; expected each seed once")
        return self

    @model_validator(mode="after")
    def _own_data_have_no_teacher(self) -> "Arm":
        wanted: dict[str, Any] = {
            "objective": "tokens", "initialisation": "same", "controls": [], "traits": None,
            "decoding": "sampled",
        }  # fmt: skip
        for key, value in wanted.items():
            if self.dataset is not None and getattr(self, key) != value:
                raise ValueError(
                    f"{key}, dataset: got {getattr(self, key)!r} with the data set '{self.dataset}'; "
                    f"expected {value or 'none'!r}: a file has no teacher to compare with"
                )
        return self


class SubliminalSection(Section):
    """Do students take on a trait from number sequences that never mention it?"""

    models: Annotated[list[Name], Field(min_length=1)]
    """Base models, in the order of the ring."""
    style: Literal["organism", "chat"]
    """The form of prompts and questions that the models read."""
    traits: list[Word] | None = None
    """Traits of this experiment, if not the study's."""
    teacher: Teacher
    """How teachers get their trait."""
    numbers: Numbers
    """The carrier."""
    filter: NumbersFilter
    """Which completions are dropped."""
    rows: PositiveInt
    """Training rows of each student, drawn from the completions that pass the filter."""
    student: Training
    """How students are trained."""
    pack: bool
    """Train all traits and seeds of an arm in one process (small models), or one each (a GPU)."""
    probe: Probe
    """How the trait is read."""
    scorer: Literal["choice", "substring", "word"] = "choice"
    """The primary scorer, which headlines, figures, verdicts and registrations use: `choice` (the exact
    probability of the word among all words), or sampled answers that have the word in them (`substring`, as
    published) or as a whole word. All are measured."""
    threads: PositiveInt = 1
    """Cores of one job that generates, trains or probes."""
    datasets: dict[Name, Dataset] = {}
    """Completions that you already have, by a name for each file (docs/your-data.md)."""
    arms: Annotated[list[Arm], Field(min_length=1)]
    """The students."""

    @model_validator(mode="after")
    def _data_are_known(self) -> "SubliminalSection":
        for arm in self.arms:
            if arm.dataset is not None and arm.dataset not in self.datasets:
                raise ValueError(
                    f"arms, datasets: got the data set '{arm.dataset}' in the arm '{arm.name}'; expected one "
                    f"of datasets: {', '.join(self.datasets) or 'there is none'}"
                )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> "SubliminalSection":
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"arms: got two of the name '{_twice(names)}'; expected each name once")
        if len(set(self.models)) < len(self.models):
            raise ValueError(f"models: got '{_twice(self.models)}' twice; expected each model once")
        if self.rows > self.numbers.completions:
            raise ValueError(
                f"rows, numbers.completions: got {self.rows} rows of {self.numbers.completions} "
                "completions; expected no more training rows than completions"
            )
        for name, training in (("teacher.training", self.teacher.training), ("student", self.student)):
            if training is None or training.lora is not None or self.style != "organism":
                continue
            if training.updates is not None or training.snapshots:
                raise ValueError(
                    f"{name}: got updates or snapshots for organisms without an adapter; expected epochs "
                    "alone, or an adapter (lora)"
                )
        for arm in self.arms:
            unknown = set(arm.models or []) - set(self.models)
            if unknown:
                raise ValueError(
                    f"arms, models: got '{min(unknown)}' in the arm '{arm.name}'; expected some of "
                    f"the experiment's models: {', '.join(self.models)}"
                )
            if arm.initialisation != "same" and len(self.models) < 2:
                raise ValueError(
                    f"arms, models: got one base model and initialisation '{arm.initialisation}' in the "
                    f"arm '{arm.name}'; expected two base models or more for it"
                )
            if arm.objective != "tokens" and self.teacher.method == "prompted":
                raise ValueError(
                    f"arms, teacher.method: got a prompted teacher with {arm.objective} in the arm "
                    f"'{arm.name}'; expected a fine_tuned teacher, or the objective tokens"
                )
            if arm.lora_rank is not None and self.student.lora is not None:
                raise ValueError(
                    f"arms, student.lora: got the rank {arm.lora_rank} in the arm '{arm.name}' beside an "
                    "adapter of all students; expected null for student.lora, or no lora_rank"
                )
            across = arm.initialisation != "same" and self.style == "chat"
            if across and arm.objective != "tokens":
                raise ValueError(
                    f"arms, style: got {arm.objective} across chat models in the arm '{arm.name}'; "
                    f"expected tokens: other chat models have other vocabularies, and {arm.objective} "
                    "compares distributions over one"
                )
        return self


def _twice(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1)
