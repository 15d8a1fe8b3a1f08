"""The networks of one set of settings, and rows of `measurements` about them.

A replicate is a trained network: one initialisation. Students of the same and of another
initialisation are paired by their teacher; students and untrained networks by initialisation.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from unspoken.experiments.mnist.tables import VARIED
from unspoken.statistics.gates import accuracy_gate
from unspoken.statistics.intervals import Interval, t_interval
from unspoken.statistics.report import Report

CHANCE = 0.1
# Teachers must beat their untrained selves by this (the 95% interval's lower end), or students had
# nothing to learn from them.
TEACHER_GAIN = 0.1
OBJECTIVES = {"auxiliary": "kl_auxiliary", "all": "kl_all"}
SEED, TEACHER = ("initialisation", "seed"), ("teacher_initialisation", "teacher")
"""What pairs two arms: the column, and its name in `paired_on`."""


class Arms:
    """Accuracies of a study's own settings, or of a variant: reference, teacher and students."""

    def __init__(
        self, report: Report, accuracies: pl.DataFrame, told: Mapping[str, str], variant: str | None = None
    ) -> None:
        """Take where rows go, the networks, the conditions of every row, and the variant's name."""
        self.report, self.accuracies, self.told, self.variant = report, accuracies, told, variant

    @property
    def conditions(self) -> list[str]:
        """Return the kinds of networks that there are, in a fixed order."""
        present = self.accuracies["condition"].unique().to_list()
        return [condition for condition in VARIED if condition in present]

    def subject(self, condition: str) -> str:
        """Return the name of the group of one kind of networks."""
        return ":".join([VARIED[condition], *([self.variant] if self.variant else [])])

    def of(self, condition: str) -> pl.DataFrame:
        """Return the networks of one kind."""
        return self.accuracies.filter(condition=condition)

    def interval(self, condition: str) -> Interval:
        """Return the mean accuracy of one kind of networks."""
        return t_interval(self.of(condition)["accuracy"].to_numpy())

    def _fields(self, condition: str) -> dict[str, Any]:
        name = OBJECTIVES.get(condition.split("_")[-1])
        return {
            "unit": "accuracy",
            "replicate": "training_seed",
            "subject": self.subject(condition),
            "conditions": {**self.told, **({"objective": name} if name else {})},
        }

    def add_accuracies(self) -> None:
        """Add every kind's accuracy, and (positive control) the teachers' gain over their untrained selves.

        The gain stands once for the teachers and once for each group of students, whose claims rest on it.
        """
        gain, samples = self._difference("teacher", "reference", SEED[0], self)
        for condition in self.conditions:
            fields = self._fields(condition)
            self.report.add(
                self.interval(condition), **fields, metric="accuracy", kind="estimate", role="finding",
                n_samples=int(self.of(condition)["n_test"].sum()),
            )  # fmt: skip
            if condition != "reference":
                self.report.add(
                    gain, **fields, metric="teacher_gain", kind="estimate", role="positive_control",
                    n_samples=samples, passed=gain.ci_low is not None and gain.ci_low > TEACHER_GAIN,
                )  # fmt: skip

    def _difference(self, first: str, second: str, key: str, versus: "Arms") -> tuple[Interval, int]:
        """Return mean accuracy of `first` minus `second`, paired by `key`, and its samples."""
        named = pl.col("n_test", "accuracy")
        pairs = self.of(first).select(key, named).join(versus.of(second).select(key, named), on=key)
        pairs = pairs.sort(key)
        difference = pairs["accuracy"].to_numpy() - pairs["accuracy_right"].to_numpy()
        return t_interval(difference), int((pairs["n_test"] + pairs["n_test_right"]).sum())

    def add_contrast(
        self, first: str, second: str, paired: tuple[str, str], versus: "Arms | None" = None
    ) -> None:
        """Add accuracy of `first` minus `second` of these arms or of others, over what both have."""
        other = versus or self
        interval, samples = self._difference(first, second, paired[0], other)
        self.report.add(
            interval, **self._fields(first), metric="accuracy", kind="contrast", role="finding",
            versus=other.subject(second), n_samples=samples, paired_on=[paired[1]],
            gate=accuracy_gate(self.interval(first), other.interval(second), CHANCE),
        )  # fmt: skip

    def add_trend(self, interval: Interval, others: Iterable["Arms"], **fields: Any) -> None:
        """Add a trend of the same students from other settings to these; it closes as a contrast would."""
        condition = "student_auxiliary"
        first = min(others, key=lambda arms: arms.interval(condition).value or 0.0)
        self.report.add(
            interval, **self._fields(condition) | fields, kind="contrast", role="finding",
            versus=first.subject(condition), paired_on=[SEED[1]],
            gate=accuracy_gate(self.interval(condition), first.interval(condition), CHANCE),
        )  # fmt: skip
