"""The study's theorem section: one small step of a teacher and of its student."""

from typing import Annotated

from pydantic import Field, PositiveInt

from unspoken.study.base import Name, Section

StepSize = Annotated[float, Field(ge=1e-5, le=1.0)]


class TheoremSection(Section):
    """Cloud et al. 2025, Theorem 1, on a digit classifier and on an organism."""

    models: Annotated[list[Name], Field(min_length=2, max_length=2)]
    """Two organisms: teacher and imitator start from the first; the second is the other initialisation."""

    step_sizes: list[StepSize] = Field([1e-1, 1e-2, 1e-3, 1e-4], min_length=2)
    """Sizes of the step that teacher and student take. The teacher's loss moves by about the square
    of it: below 1e-5 rounding would be all that is seen, even in float64."""

    seeds: Annotated[int, Field(ge=2)] = 8
    """Repetitions: other initialisations of the classifier, other batches for the organism."""

    hidden: list[PositiveInt] = Field([128, 128], min_length=1)
    """Units of each hidden layer of the classifier."""

    auxiliary_logits: Annotated[int, Field(ge=2)] = 3
    """The classifier's outputs that the student imitates; the teacher's loss ignores them."""

    batch_size: PositiveInt = 256
    """Digits, and noise images, under each step of the classifier."""

    sequences: PositiveInt = 16
    """Questions, and number sequences, under each step of the organism."""

    several_steps: Annotated[int, Field(ge=2)] = 5
    """Steps of teacher and student in the observation beside the theorem."""
