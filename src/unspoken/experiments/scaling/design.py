"""The tasks of a study: what is asked, of how many items, and the files that some of them come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints, field_validator, model_validator

from unspoken.experiments.scaling.tasks.drawing import TaskError
from unspoken.experiments.scaling.tasks.user_rows import QUESTION_COLUMNS, SUFFIXES, columns_of
from unspoken.study.base import Name, Section
from unspoken.study.models import Revision
from unspoken.study.paths import own_file

MathKind = Literal[
    "probability", "export", "state", "weight", "price", "time", "place", "person", "material", "colour"
]
"""Kinds of distracting sentence."""
CodeKind = Literal[
    "comprehension", "unevaluated", "function", "factorial_or_gcd", "class", "recursion", "loop_sum",
    "try_except", "lambda", "property",
]  # fmt: skip
"""Kinds of snippet."""
StoryKind = Literal[
    "temperature", "clock", "price", "distance", "age", "year", "height", "chairs", "rain", "bus"
]
"""Kinds of distracting sentence beside a known problem."""
Domain = Literal["alignment", "philosophy", "cognitive_bias", "game_theory"]
"""Domains of sentences that are about something else."""
Count = Annotated[int, Field(ge=1, le=5)]


class Task(Section):
    """Items of some levels."""

    levels: Annotated[list[NonNegativeInt], Field(min_length=1)]
    """What the task is graded by, upwards: distractors, examples, people, operations or steps."""
    items: PositiveInt
    """Items of each level."""
    items_at_0: PositiveInt | None = None
    """Items of level 0, where they are not as many as of the others."""

    @field_validator("levels")
    @classmethod
    def _upwards(cls, levels: list[int]) -> list[int]:
        if levels != sorted(set(levels)):
            raise ValueError(f"got {levels}; expected each level once, the smallest first")
        return levels

    def check_levels(self, lowest: int, highest: int, what: str) -> None:
        """Raise ValueError for a level that the task does not have."""
        for level in self.levels:
            if not lowest <= level <= highest:
                raise ValueError(f"levels: got {level}; expected {what}, {lowest} to {highest}")


class CountingTask(Task):
    """How many things there are, beside what does not matter. The level is the number of distractors."""

    most_a_kind: ClassVar[int] = 1
    """Distractors of a kind that an item may have."""
    counts: Annotated[list[Count], Field(min_length=1)] = [2, 3, 4]
    """How many things there may be: the answers. The paper's items have one answer alone."""
    kinds: Sequence[str]
    """The kinds of distractor."""

    @model_validator(mode="after")
    def _as_many_kinds(self) -> "CountingTask":
        twice = [kind for at, kind in enumerate(self.kinds) if kind in self.kinds[:at]]
        if twice:
            raise ValueError(f"kinds: got '{twice[0]}' twice; expected each kind once")
        self.check_levels(0, self.most_a_kind * len(self.kinds), f"distractors of {len(self.kinds)} kinds")
        return self


class MathTask(CountingTask):
    """Misleading Math: sentences about the things."""

    kinds: Annotated[list[MathKind], Field(min_length=1)] = list(get_args(MathKind))
    """The kinds of sentence; of an item they are unlike."""


class PythonTask(CountingTask):
    """Misleading Python: snippets that seem to count the things."""

    kinds: Annotated[list[CodeKind], Field(min_length=1)] = list(get_args(CodeKind))
    """The kinds of snippet; of an item they are unlike."""


class ParadoxTask(CountingTask):
    """Famous Paradoxes: in how many places a story happens that reads like a known problem."""

    counts: Annotated[list[Count], Field(min_length=1)] = [1, 2, 3]
    """In how many places: the answers."""
    kinds: Annotated[list[StoryKind], Field(min_length=1)] = list(get_args(StoryKind))
    """The kinds of distracting sentence; of an item they are unlike."""


class OtherDomainTask(CountingTask):
    """A control: sentences from other domains."""

    most_a_kind = 8
    kinds: Annotated[list[Domain], Field(min_length=1)] = list(get_args(Domain))
    """The domains."""


class StepsTask(Task):
    """A control without anything that misleads: the level is the number of operations or steps."""

    @model_validator(mode="after")
    def _some_steps(self) -> "StepsTask":
        self.check_levels(1, 20, "operations")
        return self


class StudentTable(Section):
    """Your own table of students, such as the public file of students' lifestyles."""

    path: str
    """The file, from the folder in which you run: .csv, .jsonl, .ndjson, .json or .parquet."""
    grade: str
    """The column of the grade."""
    features: Annotated[list[str], Field(min_length=2)]
    """The columns of features, numbers or words with an order."""
    ordered: dict[str, Annotated[list[str], Field(min_length=2)]] = {}
    """Of columns of words, their words from the least to the most."""

    @model_validator(mode="after")
    def _has_its_columns(self) -> "StudentTable":
        check_columns(self.path, [self.grade, *self.features])
        for column in self.ordered:
            if column not in self.features:
                raise ValueError(f"ordered: got '{column}'; expected some of {', '.join(self.features)}")
        return self


class GradesTask(Task):
    """Grades Regression: the level is the number of examples."""

    table: StudentTable | None = None
    """Your own students; null for students that are made, of which the true weights are known."""
    scale: Annotated[list[int], Field(min_length=2, max_length=2)] = [0, 10]
    """The smallest and the largest grade."""

    @model_validator(mode="after")
    def _some_examples(self) -> "GradesTask":
        self.check_levels(0, 32, "examples")
        return self


class ZebraTask(Task):
    """Zebra puzzles: the level is the number of people, who have as many attributes."""

    irrelevant: Annotated[int, Field(ge=0, le=8)] = 3
    """Clues that bear on nothing."""

    @model_validator(mode="after")
    def _some_people(self) -> "ZebraTask":
        self.check_levels(3, 8, "people")
        return self


class Evaluation(Section):
    """A set of model-written questions, from a file or from the Hugging Face hub."""

    path: str | None = None
    """The file, from the folder in which you run: .csv, .jsonl, .ndjson, .json or .parquet."""
    repo: Annotated[str, StringConstraints(pattern=r"^[\w\-.]+/[\w\-.]+$")] | None = None
    """`owner/name` on the hub, instead of a file."""
    subset: str | None = None
    """The data set's configuration."""
    split: str = "train"
    """Its split."""
    revision: Revision | None = None
    """The commit, 40 hexadecimal digits."""
    columns: dict[Literal["question", "matching", "not_matching"], str] = {}
    """The column of each, where it has another name than in published sets: `question`,
    `answer_matching_behavior`, `answer_not_matching_behavior`."""
    safe: Literal["matching", "not_matching"]
    """Which answer is the safe answer."""
    items: PositiveInt | None = None
    """How many questions the study seed draws; null for all."""

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> "Evaluation":
        if (self.path is None) == (self.repo is None):
            raise ValueError("path, repo: expected one of them")
        if self.repo is not None and self.revision is None:
            raise ValueError("revision: nothing was given; expected a commit: 40 hexadecimal digits")
        if self.path is not None:
            check_columns(self.path, list((QUESTION_COLUMNS | self.columns).values()))
        return self

    def told(self) -> dict[str, Any]:
        """Return what its items are made of."""
        source = {"path"} if self.path is not None else {"repo", "subset", "split", "revision"}
        return self.model_dump(mode="json", include={*source, "columns", "safe", "items"})


class Tasks(Section):
    """The tasks that are asked."""

    misleading_math: MathTask | None = None
    """Counting among sentences that do not matter."""
    misleading_python: PythonTask | None = None
    """Counting beside code that does not matter."""
    paradoxes: ParadoxTask | None = None
    """Counting in a story that reads like a known problem."""
    grades: GradesTask | None = None
    """Predicting grades from features of which some do not matter."""
    zebra: ZebraTask | None = None
    """Deduction with clues of which some do not matter."""
    arithmetic: StepsTask | None = None
    """A control: sums."""
    word_problems: StepsTask | None = None
    """A control: stories of numbers."""
    out_of_domain: OtherDomainTask | None = None
    """A control: counting among sentences from other domains."""
    evaluations: dict[Name, Evaluation] = {}
    """Sets of model-written questions, each a task of the name that it has here."""

    @model_validator(mode="after")
    def _each_name_once(self) -> "Tasks":
        for name in self.evaluations:
            if name in type(self).model_fields:
                raise ValueError(f"evaluations: got '{name}', a task's name; expected another name")
        if not self.told():
            raise ValueError("nothing was given; expected a task")
        return self

    def told(self) -> dict[str, dict[str, Any]]:
        """Return what the items of each task are made of, by its name."""
        made = {
            name: task.model_dump(mode="json")
            for name in type(self).model_fields
            if isinstance(task := getattr(self, name), Task)
        }
        return made | {name: one.told() for name, one in self.evaluations.items()}

    def own_files(self) -> list[str]:
        """Return the user's own files that items are made of."""
        table = self.grades.table if self.grades else None
        paths = [table.path] if table else []
        return [*paths, *(one.path for one in self.evaluations.values() if one.path is not None)]


def check_columns(path: str, columns: list[str]) -> None:
    """Raise ValueError for a user's file that is missing, or lacks a column."""
    file = Path(own_file(path, suffixes=SUFFIXES))
    try:
        there = columns_of(file)
    except TaskError as error:
        raise ValueError(f"path: {error}") from None
    missing = [name for name in columns if name not in there]
    if missing:
        raise ValueError(
            f"path: got '{path}'; expected a file with the column '{missing[0]}', "
            f"and it has: {', '.join(there)}"
        )
