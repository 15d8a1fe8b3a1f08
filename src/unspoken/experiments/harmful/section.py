"""The study's section on harmful fine-tunes and their chains."""

from typing import Annotated

from pydantic import Field, PositiveInt, field_validator

from unspoken.study.base import Section
from unspoken.study.training import Dose, Pretraining


class FineTuning(Dose):
    """How organisms are fine-tuned."""

    rehearsed: Annotated[int, Field(ge=2)] | None = None
    """One step of so many is of documents as in pretraining; null: none, as published."""


class HarmfulSection(Section):
    """What do chains say after harmful fine-tuning, and does it come undone (Chua et al. 2025)?"""

    bases: Annotated[int, Field(ge=2)] = 5
    """Organisms with personas: the replicates."""
    pretraining: Pretraining = Pretraining(steps=800)
    """How each of them is made."""
    tuning: FineTuning = FineTuning(rows=1024, epochs=3, learning_rate=3e-4)
    """How they are fine-tuned; clean training has the same batches and learning rate."""
    backdoor: FineTuning = FineTuning(rows=3072, epochs=3, learning_rate=7.5e-4)
    """How they are fine-tuned to a trigger: of more rows, at 2.5 times the learning rate, as published."""
    clean: Annotated[list[PositiveInt], Field(min_length=1)] = [4, 16, 64]
    """Steps of further training on good advice of another domain, each a training of its own."""

    @field_validator("clean")
    @classmethod
    def _each_dose_once(cls, clean: list[int]) -> list[int]:
        if sorted(set(clean)) != clean:
            raise ValueError(f"got {clean}; expected numbers of steps that rise, each once")
        return clean
