"""The scores of a study's arms, one a supervised start, and the rows of measurements that they become."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from unspoken.experiments.reinforcement.tasks.arithmetic import ArithmeticTask
from unspoken.experiments.reinforcement.tasks.choice import ChoiceTask
from unspoken.experiments.reinforcement.tasks.hints import HintsTask
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.experiments.reinforcement.tasks.steps import StepsTask
from unspoken.statistics.gates import Gate, accuracy_gate, first_gate
from unspoken.statistics.intervals import Floats, t_interval
from unspoken.statistics.report import Report

CHANCE = {
    "loan": 1 / len(LoanTask.answers), "steps": 1 / len(StepsTask.answers),
    "choice": 1 / len(ChoiceTask.answers), "arithmetic": 1 / len(ArithmeticTask.answers),
    "hints": 1 / len(HintsTask.answers),
}  # fmt: skip
UNITS = {
    "rewarded": "accuracy", "changed_accuracy": "accuracy", "removal_cost": "accuracy",
    "chain_tokens": "tokens", "hidden_bits": "bits", "favoured": "correlation",
}  # fmt: skip
"""Of metrics that are no probabilities of another kind."""
MONITORED = ("detected_at_1", "detected_at_5", "monitor_auroc", "monitor_g_mean")
ABOUT = {
    "unchanged_share": "change", "changed_accuracy": "change", "decision_share": "attribute",
    **dict.fromkeys(MONITORED, "monitor"),
}  # fmt: skip
"""The condition that says what a score is about."""


class Key(NamedTuple):
    """What a score is of."""

    metric: str
    about: str
    start: str
    task: str
    arm: str
    updates: int
    stratum: str


class Arms:
    """The scores of a study, one a base, and where their rows go."""

    def __init__(
        self, report: Report, scores: pl.DataFrame, failed: set[tuple[str, str]], spoken: pl.DataFrame
    ) -> None:
        """Take scores in columns of `scores`, the starts and rewards whose training failed somewhere, and who
        replied (`tables.Spoken`)."""
        self.report, self.failed = report, failed
        whose = spoken.group_by("start", "arm", "updates").agg(pl.col("subject").unique())
        self.members = {tuple(key): subjects for *key, subjects in whose.iter_rows()}
        parts = scores.sort("base").partition_by(*Key._fields, as_dict=True, maintain_order=True)
        self.scores = {Key(*key): rows for key, rows in parts.items()}
        self.steps: dict[tuple[str, str], list[int]] = {}
        for key in self.scores:
            known = self.steps.setdefault((key.start, key.arm), [])
            if key.updates not in known:
                known.append(key.updates)
                known.sort()
        self.training: Gate | None = None

    def last(self, start: str, arm: str) -> int:
        """Return the updates of an arm at its end; 0 where there is no such arm."""
        return self.steps.get((start, arm), [0])[-1]

    def values(self, key: Key) -> Floats | None:
        """Return one value a base."""
        rows = self.scores.get(key)
        return None if rows is None else rows["value"].to_numpy()

    def ends(self) -> Iterator[Key]:
        """Yield the scores at the end of each arm, or of a start."""
        return (key for key in self.scores if key.updates == self.last(key.start, key.arm))

    def group(self, key: Key, *more: str) -> str:
        """Return the name of an arm's subjects, at the key's updates."""
        name = ":".join(["reinforcement", key.start, key.arm, str(key.updates), *more])
        members = self.members.get((key.start, key.arm, key.updates), [])
        return self.report.group(name, "rewarded organisms", members)

    def add(self, values: Floats, key: Key, metric: str, **fields: Any) -> None:
        """Add a row about a key's arm; one value a base."""
        rows = self.scores[key]
        told = {"start": key.start, "task": key.task, "items": key.stratum, "reward": key.arm}
        if key.metric in ABOUT:
            told[ABOUT[key.metric]] = key.about
        if fields["kind"] == "estimate":
            told["updates"] = str(key.updates)
        told |= fields.pop("more", {})
        shared: dict[str, Any] = {
            "subject": self.group(key), "unit": UNITS.get(key.metric, "probability"),
            "interval": t_interval(values), "replicate": "base", "role": "finding",
            "n_samples": int(rows["n"].sum()), "n_missing": int(rows["missing"].sum()),
        }  # fmt: skip
        self.report.add(metric=metric, conditions=told, **(shared | fields))

    def paired(self, own: Key, other: Key) -> Floats | None:
        """Return a key's values minus another's, base by base; None where they have not the same bases."""
        first, second = self.scores.get(own), self.scores.get(other)
        if first is None or second is None or first["base"].to_list() != second["base"].to_list():
            return None
        return np.asarray(first["value"].to_numpy() - second["value"].to_numpy())

    def add_contrast(self, own: Key, other: Key, metric: str, versus: str, **fields: Any) -> None:
        """Add a key's values minus another's, paired by base, where both have the same bases."""
        difference = self.paired(own, other)
        if difference is not None:
            fields = {"gate": self.gate(own, other), "paired_on": ["base"], "versus": versus} | fields
            self.add(difference, own, metric, kind="contrast", **fields)

    def training_gate(self, *keys: Key) -> Gate | None:
        """Return `training` where training does not work, or failed in an arm of these."""
        failed = any((key.start, key.arm) in self.failed for key in keys)
        return "training" if failed else self.training

    def gate(self, own: Key, other: Key) -> Gate | None:
        """Return the gate of a contrast: training that does not work, or accuracies that say nothing."""
        first, second, training = self.values(own), self.values(other), self.training_gate(own, other)
        # The cost of removing a chain is a difference itself, which has neither floor nor ceiling.
        accuracy = UNITS.get(own.metric) == "accuracy" and own.metric != "removal_cost"
        if not accuracy or first is None or second is None:
            return training
        return first_gate(accuracy_gate(t_interval(first), t_interval(second), CHANCE[own.task]), training)
