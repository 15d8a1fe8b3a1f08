"""What every trainer offers: a teacher from two kinds of rows, a student from rows or a teacher."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl
from torch import Tensor

from unspoken.subjects import Subject


@dataclass(frozen=True)
class Trained:
    """Trained tensors by parameter name, and the loss of each step.

    `form` is `full` (tensors that replace the base's) or `lora` (adapter matrices, with the
    `adapter` settings that PEFT needs to apply them). `snapshots` has the tensors as they were
    after so many optimiser updates.
    """

    tensors: dict[str, Tensor]
    losses: list[float]
    form: str = "full"
    adapter: dict[str, Any] | None = None
    snapshots: dict[int, dict[str, Tensor]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """What one student learns from: its rows, in an order drawn by its seed, and for the objectives that
    imitate distributions the teacher whose they are."""

    rows: pl.DataFrame
    seed: int
    teacher: Subject | None = None


class Trainer(Protocol):
    """Trains subjects of one base model. Rows have columns `prompt` and `completion`, and perhaps `system`.

    `training` is the study's section: epochs, batch_size, learning_rate, warmup_steps, lora, and
    where a trainer takes them `updates` (optimiser updates, in place of epochs) and `snapshots`.
    """

    def teacher(
        self, questions: pl.DataFrame, carrier: pl.DataFrame, training: dict[str, Any], seed: int
    ) -> Trained:
        """Return a teacher: each step has batch_size question rows and as many carrier rows."""

    def students(
        self, lessons: list[Lesson], training: dict[str, Any], objective: str = "tokens"
    ) -> Iterator[Trained]:
        """Yield a student for each lesson, the same whoever is trained with it.

        It learns from sampled completions (`tokens`), or from its teacher's distributions on them.
        """
