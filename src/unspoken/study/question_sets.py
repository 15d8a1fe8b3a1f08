"""Sets of multiple-choice questions: one section for every experiment that asks such questions."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, StringConstraints, model_validator

from unspoken.questions.strata import stratum_of
from unspoken.study.base import Name, Section
from unspoken.study.models import Revision
from unspoken.study.paths import SUFFIXES, own_file

Columns = dict[str, str]


def _is_empty(given: object) -> bool:
    return not given


class Questions(Section):
    """A set of questions."""

    # Where it is not given, nothing depends on it: no job's params hold it.
    stratum: Name | None = Field(None, exclude_if=_is_empty)
    """How far a chain of thought is needed, in a word of your own such as `knowledge`: what is measured is
    given for each stratum too. Null: none; of `tasks` the number of steps, as in `steps-2`."""

    @property
    def strata(self) -> list[str]:
        """Return the strata of the set's questions."""
        return [self.stratum] if self.stratum else []


class KnowledgeQuestions(Questions):
    """The plain knowledge questions of resources/questions/."""

    source: Literal["knowledge"]
    """Where the questions come from."""
    count: PositiveInt | None = None
    """How many the study seed draws, half of them easy; null for all."""


class ProceduralQuestions(Questions):
    """Puzzles that reasoning-gym makes by the study seed, easy and hard."""

    source: Literal["procedural"]
    """Where the questions come from."""
    count: PositiveInt
    """How many, half of them easy."""


Family = Literal["lookups", "sums", "clocks"]


class StepQuestions(Questions):
    """Tasks of k steps that are made by the study seed: look-ups in a table, plain sums, sums on a clock."""

    source: Literal["tasks"]
    """Where the questions come from."""
    families: Annotated[list[Family], Field(min_length=1)] = ["lookups", "sums", "clocks"]
    """Which tasks."""
    steps: Annotated[list[Annotated[int, Field(ge=0, le=4)]], Field(min_length=1)] = [0, 1, 2, 3, 4]
    """How many steps they take, 0 to 4; the more, the more is a chain of thought needed."""
    count: PositiveInt
    """How many, spread evenly over tasks and numbers of steps."""

    @property
    def strata(self) -> list[str]:
        """Return the strata of the set's questions: its own name, or one for each number of steps."""
        return super().strata or [stratum_of(k) for k in self.steps]

    @model_validator(mode="after")
    def _each_once(self) -> "StepQuestions":
        lists: dict[str, list[Any]] = {"families": self.families, "steps": self.steps}
        for key, given in lists.items():
            for one in given:
                if given.count(one) > 1:
                    raise ValueError(f"{key}: got {one!r} twice; expected each once")
        return self


class FileQuestions(Questions):
    """Your own questions (docs/faithfulness.md)."""

    source: Literal["own"]
    """Where the questions come from."""
    path: str
    """The file, from the folder in which you run: JSON lines (.jsonl, .ndjson) or .parquet."""
    columns: Columns = {}
    """The file's column for each of id, question, options, answer, difficulty, topic, source, where it
    has another name."""
    count: PositiveInt | None = None
    """How many the study seed draws; null for all."""

    @model_validator(mode="after")
    def _readable(self) -> "FileQuestions":
        own_file(self.path)
        return self


class TruthfulQuestions(Questions):
    """TruthfulQA from its authors' file: the best answer, or the best of the wrong ones."""

    source: Literal["truthful_qa"]
    """Where the questions come from."""
    path: str
    """The file, from the folder in which you run: .csv as published, or rows as JSON lines or .parquet."""
    count: PositiveInt | None = None
    """How many the study seed draws; null for all."""

    @model_validator(mode="after")
    def _readable(self) -> "TruthfulQuestions":
        own_file(self.path, suffixes=(".csv", *SUFFIXES))
        return self


class HubQuestions(Questions):
    """MMLU, GPQA or TruthfulQA from the Hugging Face hub."""

    source: Literal["hub"]
    """Where the questions come from."""
    repo: Annotated[str, StringConstraints(pattern=r"^[\w\-.]+/[\w\-.]+$")]
    """`owner/name` on the hub."""
    layout: Literal["mmlu", "gpqa", "truthful_qa"]
    """Whose columns the data set has."""
    subset: str
    """The data set's configuration, such as `all` or `gpqa_diamond`."""
    split: str
    """Its split, such as `test`."""
    revision: Revision
    """The commit, 40 hexadecimal digits."""
    count: PositiveInt | None = None
    """How many the study seed draws; null for all."""


QuestionSet = Annotated[
    KnowledgeQuestions
    | ProceduralQuestions
    | StepQuestions
    | FileQuestions
    | TruthfulQuestions
    | HubQuestions,
    Field(discriminator="source"),
]
