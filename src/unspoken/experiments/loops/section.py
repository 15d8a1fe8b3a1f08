"""The study's loops section: a looped organism with and without written steps."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from unspoken.study.base import Section


class StepTask(Section):
    """Tasks of k steps: fixed permutations of a few numbers, one after the other."""

    modulus: Annotated[int, Field(ge=3, le=100)] = 5
    """Numbers there are; chance is one in so many."""
    operations: Annotated[int, Field(ge=2)] = 4
    """Permutations there are, the same in every study."""
    longest: Annotated[int, Field(ge=2, le=20)] = 6
    """Steps of the longest tasks; there are tasks of every number of steps from 1."""


class LoopTraining(Section):
    """Sizes and dose of one model."""

    hidden_size: Annotated[int, Field(ge=32, multiple_of=32)] = 64
    """Width; attention heads are 32 wide."""
    mlp_size: PositiveInt = 128
    """Width of the gated units."""
    rows: Annotated[int, Field(ge=16)] = 96
    """Rows of a step before held-out tasks are dropped, half of them answered at once."""
    steps: Annotated[int, Field(ge=41)] = 700
    """Optimiser steps, the first 40 with a rising learning rate."""
    learning_rate: PositiveFloat = 3e-3
    """Peak learning rate (AdamW, warm-up and cosine)."""


class LoopsSection(Section):
    """Does more latent computation stand in for written steps (Geiping et al. 2025, Hao et al. 2024)?"""

    turns: Annotated[list[PositiveInt], Field(min_length=2)]
    """How often the middle layer runs, in training and when asked; one model for each and each seed."""
    seeds: Annotated[int, Field(ge=2)]
    """Trainings of each number of turns."""
    task: StepTask = StepTask()
    """What is asked."""
    training: LoopTraining = LoopTraining()
    """How each model is made."""
    questions: PositiveInt = 200
    """Held-out tasks asked of each number of steps, where there are so many."""
