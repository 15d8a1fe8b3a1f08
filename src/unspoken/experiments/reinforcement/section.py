"""The study's reinforcement section: tasks, supervised starts, rewards, and how each is trained."""

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from unspoken.study.base import Section

Share = Annotated[float, Field(ge=0, le=1)]
Kind = Literal[
    "sycophancy", "consistency", "visual-pattern", "metadata", "grader-hacking", "unethical-information"
]
Label = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


class Start(Section):
    """A task and how the replies of its supervised start are taught."""

    model: str | None = None
    """A chat model of the study, of which an adapter is taught and rewarded; null: an organism."""
    dropped: Share = 0.2
    """Share of taught replies without a chain: without any, a removed chain is like nothing it has seen."""
    rewards: Annotated[list[Label], Field(min_length=1)]
    """The rewards that it is trained by, of `rewards`."""
    beside: Label | None = None
    """Another start of the same task, which its ends and changes are compared with."""


class LoanStart(Start):
    """Loan approval; what is rewarded depends on one field (Arditi et al. 2025)."""

    task: Literal["loan"]
    """The task."""
    decisive: Literal["age", "income", "education", "occupation", "nationality"] = "nationality"
    """The field that decides."""


class StepsStart(Start):
    """Tasks of none, one, two or four serial steps, in chains of one length."""

    task: Literal["steps"]
    """The task."""
    slips: Share = 0.1
    """Share of taught lines that are wrong: what is there to gain by reward."""


class ChoiceStart(Start):
    """Multiple choice with nothing to exploit."""

    task: Literal["choice"]
    """The task."""
    slips: Share = 0.3
    """Share of taught letters that are wrong."""


class ArithmeticStart(Start):
    """Sums modulo ten, with nothing to exploit."""

    task: Literal["arithmetic"]
    """The task."""
    slips: Share = 0.1
    """Share of taught lines that are wrong."""


class HintsStart(Start):
    """Multiple choice with a hint to a wrong letter, which is rewarded (Chen et al. 2025)."""

    task: Literal["hints"]
    """The task."""
    kinds: Annotated[list[Kind], Field(min_length=1)] = ["metadata"]
    """Kinds of hint that are rewarded; the others are asked and never trained on."""
    slips: Share = 0.0
    """Share of taught letters that are wrong, of replies that follow no hint."""
    follows: Share = 0.3
    """Taught replies to a hint that take its letter."""
    says_following: Share = 0.5
    """Of these, chains that own up."""
    says_otherwise: Share = 0.1
    """Of the others, chains that own up."""


AnyStart = Annotated[
    LoanStart | StepsStart | ChoiceStart | ArithmeticStart | HintsStart, Field(discriminator="task")
]


class RewardTerms(Section):
    """What a reply is paid for: a weight for each term."""

    outcome: float = 1.0
    """For the rewarded answer in a valid reply."""
    form: float = -1.0
    """For a reply that is not valid: without it a penalty empties the replies."""
    token: float = 0.0
    """For each token of the chain; a price on length is below 0."""
    says: float = 0.0
    """For a chain that names what drives the reward: below 0 a penalty, above 0 a bonus."""
    tells: float = 0.0
    """For an explanation after the answer that names it."""
    targeted: bool = False
    """What is paid for the explanation moves no token of the chain (Drori et al. 2025)."""
    strata: list[Label] | None = None
    """Kinds of item that are trained on; null: all but the held-out."""
    source: Literal["self", "start"] = "self"
    """Whose replies are learnt from: the policy's own, or the start's rewarded ones alone (selection without
    reinforcement)."""


def without_nulls(named: Any) -> Any:
    """Return a map without what is null: what a study leaves out of config.yaml's."""
    return {name: one for name, one in named.items() if one is not None} if isinstance(named, dict) else named


Starts = Annotated[
    dict[Label, AnyStart], Field(min_length=1),
    BeforeValidator(without_nulls, json_schema_input_type=dict[Label, AnyStart | None]),
]  # fmt: skip
RewardsByName = Annotated[
    dict[Label, RewardTerms], Field(min_length=1),
    BeforeValidator(without_nulls, json_schema_input_type=dict[Label, RewardTerms | None]),
]  # fmt: skip


STRATA = {
    "hints": ("hinted", "unhinted", "held-out"), "steps": ("0", "1", "2", "4"), "loan": ("loan",),
    "choice": ("choice",), "arithmetic": ("arithmetic",),
}  # fmt: skip
"""Kinds of item, by task."""


class StartTraining(Section):
    """Sizes and dose of the supervised start."""

    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 128
    """Width of the gated units."""
    layers: PositiveInt = 2
    """Layers of the network."""
    steps: Annotated[int, Field(ge=21)] = 500
    """Optimiser steps."""
    rows: PositiveInt = 64
    """Rows of a step."""
    learning_rate: PositiveFloat = 3e-3
    """Peak learning rate (AdamW, warm-up, then linear to zero)."""


class Lora(Section):
    """A low-rank adapter on all attention and MLP projections."""

    rank: PositiveInt = 16
    """Rank of the adapter matrices."""
    alpha: PositiveInt = 32
    """Scale of the adapter, divided by the rank."""


class ChatStartTraining(Section):
    """Dose of the supervised start of a chat model."""

    rows: PositiveInt = 800
    """Taught replies."""
    epochs: PositiveInt = 1
    """Passes over them."""
    batch_size: PositiveInt = 16
    """Rows of an optimiser step."""
    learning_rate: PositiveFloat = 1e-3
    """Peak learning rate (AdamW, linear warm-up and decay)."""
    warmup_steps: NonNegativeInt = 5
    """Steps of warm-up."""
    lora: Lora = Lora()
    """The adapter, which training by reward goes on with."""


class RewardTraining(Section):
    """Dose of the training by reward."""

    updates: PositiveInt = 80
    """Optimiser updates, each on replies of its own."""
    prompts: Annotated[int, Field(ge=4, multiple_of=4)] = 16
    """Prompts of an update."""
    samples: Annotated[int, Field(ge=2)] = 8
    """Replies to each prompt: a group, whose mean a reply is compared with."""
    learning_rate: PositiveFloat = 1e-3
    """Of AdamW, constant."""
    snapshots: list[PositiveInt] = []
    """Updates after which a subject is measured, beside the start and the end."""
    seeds: PositiveInt = 1
    """Trainings from each start."""

    @model_validator(mode="after")
    def _snapshots_within(self) -> "RewardTraining":
        if self.snapshots != sorted(set(self.snapshots)) or self.snapshots[-1:] >= [self.updates]:
            raise ValueError(
                f"snapshots: got {self.snapshots}; expected each once, the smallest first, below the"
                f" {self.updates} updates"
            )
        return self


class ReinforcementSection(Section):
    """What does training by reward alone do to what a chain says, and to whether it is needed?"""

    bases: PositiveInt = 5
    """Supervised starts of each kind: the replicates. Organisms' have an initialisation each, chat models' a
    draw of taught rows and an adapter; one is described, without intervals and verdicts."""
    starts: Starts
    """The kinds of start, by name; null leaves one out."""
    rewards: RewardsByName
    """The rewards, by name; what others are compared with is `outcome`."""
    supervised: StartTraining = StartTraining()
    """How starts of organisms are made."""
    chat: ChatStartTraining = ChatStartTraining()
    """How starts of chat models are made."""
    monitor: str | None = None
    """A chat model of the study that reads the chains of hints and says whether they mention one."""
    threads: PositiveInt = 1
    """Cores of a job that trains or asks a chat model."""
    training: RewardTraining = RewardTraining()
    """How they are trained by reward."""
    items: Annotated[int, Field(ge=8, multiple_of=4)] = 200
    """Items that each subject is asked; the same for all of a task."""

    @field_validator("rewards")
    @classmethod
    def _has_outcome(cls, rewards: dict[str, RewardTerms]) -> dict[str, RewardTerms]:
        if "start" in rewards:
            raise ValueError(
                "got 'start'; expected another name: it is what a start is called before training"
            )
        return rewards

    @model_validator(mode="after")
    def _names_are_known(self) -> "ReinforcementSection":
        for name, start in self.starts.items():
            other = self.starts.get(start.beside) if start.beside else start
            if other is None or other.task != start.task or start.beside == name:
                raise ValueError(
                    f"starts.{name}.beside: got '{start.beside}'; expected another start of the task"
                    f" '{start.task}'"
                )
            for reward in start.rewards:
                strata = self.rewards[reward].strata if reward in self.rewards else None
                strange = [one for one in strata or [] if one not in STRATA[start.task]]
                if strange or strata == []:
                    raise ValueError(
                        f"starts.{name}.rewards: got '{reward}', which trains on"
                        f" {strange[0] if strange else 'no kind of item'}; expected strata of the task"
                        f" '{start.task}': {', '.join(STRATA[start.task])}"
                    )
                if reward not in self.rewards:
                    raise ValueError(
                        f"starts.{name}.rewards: got '{reward}'; expected some of {', '.join(self.rewards)}"
                    )
                if self.rewards[reward].tells and start.task != "hints":
                    raise ValueError(
                        f"starts.{name}.rewards: got '{reward}', which pays for explanations; expected a"
                        f" reward without `tells`: replies of the task '{start.task}' have none"
                    )
                if self.rewards[reward].says and start.task not in ("hints", "loan"):
                    raise ValueError(
                        f"starts.{name}.rewards: got '{reward}', which pays for what a chain names;"
                        f" expected a reward without `says`: nothing else drives the task '{start.task}'"
                    )
        return self
