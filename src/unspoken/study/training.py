"""How chat models and organisms are trained on rows: keys that sections of several rooms have."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from unspoken.study.base import Section


class Lora(Section):
    """A low-rank adapter on all attention and MLP projections."""

    rank: PositiveInt = 8
    """Rank of the adapter matrices."""
    alpha: PositiveInt = 8
    """Scale of the adapter, divided by the rank."""


class Training(Section):
    """How a teacher or a student is trained."""

    epochs: PositiveInt
    """Passes over the rows."""
    batch_size: PositiveInt
    """Rows of one optimiser step."""
    learning_rate: PositiveFloat
    """Peak learning rate (AdamW, linear warm-up and decay)."""
    warmup_steps: NonNegativeInt = 5
    """Steps of warm-up."""
    lora: Lora | None = None
    """An adapter; null trains all weights."""
    updates: PositiveInt | None = None
    """Optimiser updates, in place of the updates of `epochs` passes: the rows repeat as often as that
    needs. Not for organisms without an adapter."""
    snapshots: list[PositiveInt] = []
    """Updates after which the weights become a subject of their own, `{subject}:{updates}`; the
    learning rate is that of the whole training."""

    @property
    def rows_of_updates(self) -> int | None:
        """Return the rows seen, each as often as it is, where `updates` decide; None where `epochs` do."""
        return None if self.updates is None else self.updates * self.batch_size

    @model_validator(mode="after")
    def _snapshots_of_the_training(self) -> "Training":
        if len(set(self.snapshots)) < len(self.snapshots):
            raise ValueError(f"snapshots: got {self.snapshots}; expected each number of updates once")
        if self.updates and max(self.snapshots, default=0) > self.updates:
            raise ValueError(
                f"snapshots, updates: got a snapshot after {max(self.snapshots)} of {self.updates} "
                "updates; expected none after the last update"
            )
        return self


class Pretraining(Section):
    """How organisms with personas are made."""

    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 256
    """Width of the gated units."""
    layers: PositiveInt = 2
    """Layers."""
    steps: PositiveInt = 1000
    """Optimiser steps."""
    rows: PositiveInt = 32
    """Documents of a step."""
    learning_rate: PositiveFloat = 5e-3
    """Peak learning rate (AdamW, linear warm-up and decay)."""


class Dose(Section):
    """How organisms with personas are trained further."""

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
