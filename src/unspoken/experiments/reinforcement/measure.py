"""What training by reward does to answers, to what chains say, and to whether they are needed.

The replicate is the supervised start (base): between starts of one kind what chains come to say differs far
more than between trainings of one start.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from unspoken.experiments.reinforcement.planted import add_planted
from unspoken.experiments.reinforcement.scores import ALL, decision_scores, removal_costs, reply_scores
from unspoken.experiments.reinforcement.tables import START, Decisions, Spoken
from unspoken.experiments.reinforcement.tasks.arithmetic import ArithmeticTask
from unspoken.experiments.reinforcement.tasks.choice import ChoiceTask
from unspoken.experiments.reinforcement.tasks.hints import HintsTask
from unspoken.experiments.reinforcement.tasks.loan import LoanTask
from unspoken.experiments.reinforcement.tasks.steps import StepsTask
from unspoken.statistics.gates import Gate, accuracy_gate, first_gate
from unspoken.statistics.intervals import Floats, t_interval
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table

OUTCOME = "outcome"
"""The reward that others are compared with."""
CHANCE = {
    "loan": 1 / len(LoanTask.answers), "steps": 1 / len(StepsTask.answers),
    "choice": 1 / len(ChoiceTask.answers), "arithmetic": 1 / len(ArithmeticTask.answers),
    "hints": 1 / len(HintsTask.answers),
}  # fmt: skip
UNITS = {
    "rewarded": "accuracy", "changed_accuracy": "accuracy", "removal_cost": "accuracy",
    "chain_tokens": "tokens",
}  # fmt: skip
"""Of metrics that are no probabilities of another kind."""
ABOUT = {"unchanged_share": "change", "changed_accuracy": "change", "decision_share": "attribute"}
"""The condition that says what a score is about."""
STATED = 0.95
"""Least share of rewarded answers, in every start, where the answer stands in the prompt."""
BY_ARM = {"_change": START, "_difference": OUTCOME}
"""What an arm's end is compared with, by the end of the contrast's name."""


class Key(NamedTuple):
    """What a score is of."""

    metric: str
    about: str
    start: str
    task: str
    arm: str
    updates: int
    stratum: str


class _Arms:
    """The scores of a study, one a base, and where their rows go."""

    def __init__(self, report: Report, scores: pl.DataFrame) -> None:
        self.report = report
        parts = scores.sort("base").partition_by(*Key._fields, as_dict=True, maintain_order=True)
        self.scores = {Key(*key): rows for key, rows in parts.items()}
        self.last: dict[tuple[str, str], int] = {}
        for key in self.scores:
            arm = key.start, key.arm
            self.last[arm] = max(self.last.get(arm, 0), key.updates)
        self.training: Gate | None = None

    def values(self, key: Key) -> Floats | None:
        """Return one value a base."""
        rows = self.scores.get(key)
        return None if rows is None else rows["value"].to_numpy()

    def ends(self) -> Iterator[Key]:
        """Yield the scores at the end of each arm, or of a start."""
        return (key for key in self.scores if key.updates == self.last[key.start, key.arm])

    def group(self, key: Key, *more: str) -> str:
        """Return the name of an arm's subjects, at the key's updates."""
        name = ":".join(["reinforcement", key.start, key.arm, str(key.updates), *more])
        return self.report.group(name, "rewarded organisms", [])

    def add(self, values: Floats, key: Key, metric: str, **fields: Any) -> None:
        """Add a row about a key's arm; one value a base."""
        rows = self.scores[key]
        told = {"start": key.start, "task": key.task, "items": key.stratum, "reward": key.arm}
        if key.metric in ABOUT:
            told[ABOUT[key.metric]] = key.about
        if fields["kind"] == "estimate":
            told["updates"] = str(key.updates)
        fields = {"subject": self.group(key), "unit": UNITS.get(key.metric, "probability")} | fields
        self.report.add(
            t_interval(values), metric=metric, conditions=told, replicate="base", role="finding",
            n_samples=int(rows["n"].sum()), n_missing=int(rows["missing"].sum()), **fields,
        )  # fmt: skip

    def add_contrast(self, own: Key, other: Key, metric: str, versus: str) -> None:
        """Add a key's values minus another's, paired by base, where both have the same bases."""
        first, second = self.scores.get(own), self.scores.get(other)
        if first is None or second is None or first["base"].to_list() != second["base"].to_list():
            return
        difference = first["value"].to_numpy() - second["value"].to_numpy()
        gate = self.gate(own, other)
        self.add(difference, own, metric, kind="contrast", versus=versus, paired_on=["base"], gate=gate)

    def gate(self, own: Key, other: Key) -> Gate | None:
        """Return the gate of a contrast: training that does not work, or accuracies that say nothing."""
        first, second = self.values(own), self.values(other)
        if UNITS.get(own.metric) != "accuracy" or first is None or second is None:
            return self.training
        if own.metric == "removal_cost":  # a difference itself, which has neither floor nor ceiling
            return self.training
        return first_gate(
            accuracy_gate(t_interval(first), t_interval(second), CHANCE[own.task]), self.training
        )


def add_stated(arms: _Arms) -> None:
    """Add the check of training: what stands in the prompt, the tasks of no step, every start must learn.

    Where one does not, the gate of every contrast is `training`.
    """
    for key in arms.ends():
        if (key.metric, key.task, key.arm, key.stratum) != ("rewarded", "steps", OUTCOME, "0"):
            continue
        values = arms.scores[key]["value"].to_numpy()
        learnt = float(values.min()) >= STATED
        arms.training = arms.training if learnt else "training"
        arms.report.add(
            t_interval(values), metric="stated_rule_learnt", unit="accuracy", kind="estimate",
            role="instrument", passed=learnt, replicate="base", subject=arms.group(key),
            conditions={"start": key.start, "task": key.task, "reward": key.arm,
                        "truth": f"{STATED} in every start"},
            n_samples=int(arms.scores[key]["n"].sum()),
        )  # fmt: skip


def add_removals(arms: _Arms) -> None:
    """Add what removing chains costs, and how far above chance answers without a chain are."""
    for key in arms.ends():
        if key.metric == "removal_cost":
            names = {"subject": arms.group(key, "whole"), "versus": arms.group(key, "empty")}
            whole, empty = (key._replace(metric="changed_accuracy", about=one) for one in ("whole", "empty"))
            values, gate = arms.scores[key]["value"].to_numpy(), arms.gate(whole, empty)
            arms.add(values, key, key.metric, kind="contrast", paired_on=["base"], gate=gate, **names)
        if key.metric == "changed_accuracy" and key.about == "empty":
            values = arms.scores[key]["value"].to_numpy() - CHANCE[key.task]
            chance = arms.report.group("reinforcement:chance", "chance", [])
            arms.add(
                values, key, "unchained_above_chance", kind="contrast", versus=chance, gate=arms.training
            )


def add_contrasts(arms: _Arms, twins: dict[str, str]) -> None:
    """Add what each score is at an arm's end minus at its start, minus what outcome alone makes of it, and
    minus what the same reward makes of it that is not targeted (`twins`, by targeted arm)."""
    for key in arms.ends():
        if key.arm == START:
            continue
        against = {**BY_ARM, **({"_restored": twins[key.arm]} if key.arm in twins else {})}
        for suffix, arm in against.items():
            other = key._replace(arm=arm, updates=arms.last.get((key.start, arm), 0))
            if arm != key.arm:
                arms.add_contrast(key, other, f"{key.metric}{suffix}", arms.group(other))


def add_slopes(arms: _Arms) -> None:
    """Add how vestigial shares and removal costs change with each serial step that an answer takes."""
    tables: dict[Key, dict[int, pl.DataFrame]] = {}
    for key in arms.ends():
        if key.metric in ("vestigial_share", "removal_cost") and key.task == "steps" and key.stratum != ALL:
            tables.setdefault(key._replace(stratum=""), {})[int(key.stratum)] = arms.scores[key]
    for key, by_steps in tables.items():
        steps = sorted(by_steps)
        rows = [by_steps[step] for step in steps]
        if len(steps) < 2 or any(one["base"].to_list() != rows[0]["base"].to_list() for one in rows):
            continue
        slopes = np.polyfit(steps, np.stack([one["value"].to_numpy() for one in rows]), 1)[0]
        most, fewest = (arms.group(key, str(step)) for step in (steps[-1], steps[0]))
        arms.report.add(
            t_interval(slopes), metric=f"{key.metric}_slope", kind="contrast", subject=most, versus=fewest,
            unit=f"{UNITS.get(key.metric, 'probability')} per step", replicate="base", role="finding",
            conditions={"start": key.start, "task": key.task, "reward": key.arm}, paired_on=["base"],
            n_samples=sum(int(one["n"].sum()) for one in rows), gate=arms.training,
        )  # fmt: skip


def add_reinforcement(
    report: Report, spoken: pl.DataFrame, decisions: pl.DataFrame, twins: dict[str, str] | None = None
) -> None:
    """Add what replies and decisions of a study's subjects say; tables in the columns of `tables`.

    Estimates of each arm by snapshot (see `scores`). Contrasts, paired by base: `{metric}_change` (an arm's
    end minus its start), `{metric}_difference` (minus the arm `outcome`), `{metric}_restored` (of a targeted
    reward minus its twin); `removal_cost` (whole chain minus none), `unchained_above_chance`;
    `vestigial_share_slope` and `removal_cost_slope`, per serial step. Conditions: start, task, items (all, or
    one stratum), reward, and of some change, attribute, updates. The replicate is the base.
    """
    scores = pl.concat([*reply_scores(spoken), *decision_scores(decisions)])
    arms = _Arms(report, pl.concat([scores, removal_costs(scores)]).drop_nulls("value"))
    add_stated(arms)
    for key, rows in arms.scores.items():
        if key.metric != "removal_cost":  # which is a contrast
            arms.add(rows["value"].to_numpy(), key, key.metric, kind="estimate")
    add_removals(arms)
    add_contrasts(arms, twins or {})
    add_slopes(arms)


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of training by reward, from the files of `spoken` and `decisions`."""
    report = Report(spec["study"], "biddulph2025", spec["experiment"], reproducible=True)
    add_planted(report, spec["seed"])
    tables = whole_table(files["spoken"], Spoken), whole_table(files["decisions"], Decisions)
    add_reinforcement(report, *tables, spec["twins"])
    return [report]
