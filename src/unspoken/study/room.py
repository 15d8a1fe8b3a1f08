"""What an experiment says of itself: the interface of a room, with defaults for what it does not need.

A room is one folder of `unspoken.experiments`. Its `experiment.py` has one class derived from `Room`,
which the list in `unspoken.study.rooms` names. Every run of Snakemake and every cluster job imports
it, so it needs pydantic and the standard library only; what is heavier it names by its dotted name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from unspoken.cost.work import UNKNOWN, Facts, Replicates, Work
from unspoken.study.base import Section
from unspoken.study.declared import Figure, Guard, Headline, Tally
from unspoken.study.keys import CommonKeys, Draw
from unspoken.study.probe import Probe
from unspoken.study.project import Part, Project

Needs = dict[str, dict[str, str]]
"""By model, what is needed of its engine (`engines.capabilities`), and the key that asks for it, with the
model's part in brackets: `faithfulness.tests.chains (causal tests; 0 leaves them out)`."""


@dataclass(frozen=True)
class Table:
    """A table of a room: its files have its name."""

    schema: str
    """`module:Class` of its columns."""
    stored: str | None = None
    """The store's table that its rows enter; None keeps them out."""
    columns: tuple[str, ...] | None = None
    """The columns that are stored, where not all are."""
    dated: str | None = None
    """The column that says when a row was made."""


REPLIES = Table("unspoken.tables.replies:Replies", stored="replies", dated="created_at")
ANSWERS = Table("unspoken.tables.probe:Answers", stored="answers", dated="created_at")
TRAINING = Table("unspoken.tables.training:TrainingSteps", stored="training")
JUDGEMENTS = Table("unspoken.tables.judgements:Judgements", stored="judgements")
INTERVENTIONS = Table(
    "unspoken.tables.interventions:Interventions", stored="interventions", dated="created_at"
)
AUDITED = ("reply_id", "subject", "prompt_id", "rule")
KEPT = Table("unspoken.tables.filter:Kept", stored="filter_audit", columns=AUDITED)
DROPPED = Table("unspoken.tables.filter:Dropped", stored="filter_audit", columns=AUDITED)
MEASUREMENTS = Table("unspoken.tables.measurements:Measurements")


class Room:
    """One experiment of a study. Class methods check its section; the others serve a checked study.

    A study that does not run the experiment has an empty room of it: no models, no files.
    """

    name: ClassVar[str]
    """Name of the experiment, of its section in the study, and of its folder of results."""
    section_class: ClassVar[type[Section]]
    empty: ClassVar[Mapping[str, Any]] = {}
    """What an empty section has beside the defaults."""
    also_reads: ClassVar[tuple[str, ...]] = ()
    """Other sections of the study that its jobs read."""
    measure: ClassVar[str] = "measure"
    """The module of the room that measures."""
    tables: ClassVar[Mapping[str, Table]] = {}
    figures: ClassVar[Mapping[str, Figure]] = {}
    shown_in: ClassVar[Mapping[str, str]] = {}
    """The figure of a metric, where the room has several figures."""
    headlines: ClassVar[tuple[Headline, ...]] = ()
    tallies: ClassVar[tuple[Tally, ...]] = ()
    guards: ClassVar[tuple[Guard, ...]] = ()
    """What its controls guard; a control of which nothing is said guards its own subject and objective."""
    style: str = "listed"
    """The form of the trait questions: organism, chat, or listed in the room's `questions.yaml`."""

    def __init__(self, project: Project) -> None:
        """Take the study that the room is of."""
        own = project.study.section(self.name)
        self.project, self.study = project, project.study
        self.runs = self.name in project.study.experiments
        self.section: Any = own or self.section_class.model_construct(**self.empty)

    # What the check of a study asks

    @classmethod
    def fault(cls, section: Any, study: CommonKeys) -> str | None:
        """Say what is wrong with the section beside the study's other keys, in one line."""
        return None

    @classmethod
    def models_of(cls, section: Any) -> list[str]:
        """Return the models that the section asks or trains."""
        return list(getattr(section, "models", []))

    @classmethod
    def needs(cls, section: Any) -> Needs | None:
        """Return what is needed of the models' engines. None declares nothing: no such study starts."""
        return {} if not cls.models_of(section) else None

    @classmethod
    def trait_keys(cls, section: Any) -> dict[str, Draw | list[str] | None]:
        """Return the traits that keys of the section name, by key."""
        return {f"{cls.name}.traits": getattr(section, "traits", None)}

    # What the papers' pages say

    @classmethod
    def deciding_key(cls) -> str:
        """Return the key of config.yaml that decides what is measured."""
        return cls.name

    @classmethod
    def figure_of(cls, metric: str, conditions: Mapping[str, str]) -> str | None:
        """Return the figure that shows a metric, or None where none does."""
        return next(iter(cls.figures)) if len(cls.figures) == 1 else cls.shown_in.get(metric)

    # What the study's jobs are

    @property
    def folder(self) -> str:
        """Return where all files of the room are."""
        return f"<results>/{self.name}"

    @property
    def module(self) -> str:
        """Return the dotted name of the room's folder."""
        return f"unspoken.experiments.{self.name}"

    def own_file(self, name: str) -> Path:
        """Return a file that lies in the room's folder beside its code."""
        return self.project.root.joinpath("src", *self.module.split("."), name)

    @property
    def models(self) -> list[str]:
        """Return the models whose subjects are asked or trained; none if the study does not run it."""
        return list(getattr(self.section, "models", [])) if self.runs else []

    @property
    def used_models(self) -> list[str]:
        """Return every model that jobs of the room read."""
        return self.models_of(self.section) if self.runs else []

    @property
    def arms(self) -> list[Any]:
        """Return the kinds of students that are trained, each with a `name` and an `objective`."""
        return []

    @property
    def judge_model(self) -> str | None:
        """Return the model that judges replies, if one does."""
        return None

    @property
    def primary(self) -> dict[str, str]:
        """Return the primary scorer, questions and treatment of unusable answers, as conditions of rows.

        Headlines, figures, verdicts and registrations read rows that have them, where rows differ in them.
        """
        return {}

    @property
    def bounds(self) -> dict[str, float]:
        """Return, by negative control, the bound inside which it holds: half of what would matter."""
        return {
            guard.control: self.project.smallest_sesoi(self.name, guard.metrics, guard.unit) / 2
            for guard in self.guards
            if guard.unit is not None
        }

    @property
    def threads(self) -> int:
        """Return the cores of a job that generates, trains or judges."""
        return getattr(self.section, "threads", 1)

    @property
    def traits(self) -> list[str]:
        """Return the traits of the experiment."""
        return self.project.traits(getattr(self.section, "traits", None))

    def files(self, table: str) -> list[str]:
        """Return every file of a table; of `asked`, who was asked without training."""
        if table == "measurements":
            return [f"{self.folder}/measurements.parquet"] if self.runs else []
        if table == "prompts":
            return list(dict.fromkeys(self.prompts_of(model) for model in self.models))
        replied = "replies" in self.tables
        if table == "asked":
            names = ["replied.json"] * replied + ["asked.json"] * (self.probe is not None)
        elif table in ("replies", "readings"):
            names = [f"{table}.parquet"] * replied
        else:
            names = ["answers.parquet"] * (table == "answers" and self.probe is not None)
        return [f"{self.folder}/{model}/{name}" for model in self.models for name in names]

    def fetched(self) -> list[str]:
        """Return files, beside models, that may come over the network."""
        return []

    def subjects(self, model: str | None = None) -> list[str]:
        """Return the lists of trained subjects, of one base model or of all."""
        return []

    def measure_inputs(self) -> list[str]:
        """Return the files that the measure reads: of all tables that the room declares."""
        return [path for table in self.tables for path in self.files(table) if table != "measurements"]

    def drawn_figures(self) -> list[str]:
        """Return the names of the figures that the study draws."""
        return list(self.figures) if self.runs else []

    def plan_fault(self) -> str | None:
        """Say what the plan of all jobs shows to be wrong, in one line."""
        return None

    # How traits are probed: `style` and these

    @property
    def probe(self) -> Probe | None:
        """Return how the experiment reads traits, None where it does not."""
        return getattr(self.section, "probe", None)

    def system_prompts(self) -> dict[str, str]:
        """Return the system prompt of each prompted subject, by its trait."""
        return getattr(self.section, "systems", {})

    def choices(self) -> list[str]:
        """Return the words whose exact probability a probe reads."""
        return getattr(self.section, "choices", None) or list(self.project.words)

    # What jobs depend on, and take

    def measure_part(self) -> Part:
        """Return what the room's measure is told, beside its name, the study and the seed."""
        return {}

    def generated_as(self, answering: str) -> Part:
        """Return how somebody's replies are drawn: `draw`, `sampling`, `answering`, `reads` and so on.

        CONTRIBUTING.md says how budgets of reasoning, and several samples of a prompt, are asked for.
        """
        raise LookupError(f"{self.name} generates nothing for {answering}")

    def rewarded_as(self, start: str, arm: str) -> Part:
        """Return how a start is trained by reward: `task` (the module), `settings`, `reward`, `training`."""
        raise LookupError(f"{self.name} trains nothing by the reward {arm} from {start}")

    def base_of(self, start: str) -> str | None:
        """Return the model of the study that a supervised start is of; None where the room makes its own."""
        return None

    def model_run_on(self, rule: str, start: str) -> str | None:
        """Return the model of the study that a job on a supervised start runs; None for the room's own."""
        return self.base_of(start)

    def model_of_start(self, start: str) -> str:
        """Return the description of the model that a supervised start's weights are of."""
        raise LookupError(f"{self.name} has no start {start}")

    def threads_of(self, start: str) -> int:
        """Return the cores of a job that trains a supervised start by reward."""
        return self.threads

    def answering_subjects(self, answering: str) -> list[str]:
        """Return the lists of trained subjects that reply."""
        return []

    def prompts_of(self, answering: str) -> str:
        """Return the table of prompts that somebody replies to."""
        return f"{self.folder}/all/prompts.parquet"

    def prompt_items(self, whose: str) -> list[str]:
        """Return the files that prompts are made of."""
        return []

    def renderer(self, whose: str) -> str:
        """Return the module whose `rendered` makes somebody's prompts."""
        return f"{self.module}.prompts"

    def rendered_as(self, whose: str) -> Part:
        """Return what `rendered` is told of them."""
        return {"study": self.study.study, "seed": self.study.seed}

    def work(self, rule: str, facts: Facts, **wildcards: str) -> Work | None:
        """Return what a job of the room has to do; None where nobody stated it."""
        return None

    def probed_subjects(self, model: str, facts: Facts) -> tuple[list[str], int]:
        """Return the trained subjects that a probe samples, and how many more it only reads."""
        return [], 0

    def replicates(self, test: Mapping[str, Any], facts: Facts) -> Replicates | None:
        """Return on how many replicates the study could carry out a claim's test; None for not at all.

        Where a room does not count them, they are unknown, and its claims stay in `make plan`.
        """
        return UNKNOWN

    def named_figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield the figures that the study draws, with their names."""
        for name in self.drawn_figures():
            yield name, self.figures[name]


def model_of(answering: str) -> str:
    """Return the model that answers: the first name in the path of who answers."""
    return answering.split("/")[0]
