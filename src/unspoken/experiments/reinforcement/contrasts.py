"""Contrasts between arms of training by reward, each paired by supervised start (base)."""

from typing import TYPE_CHECKING

import numpy as np

from unspoken.experiments.reinforcement.arms import CHANCE, UNITS, Arms, Key
from unspoken.experiments.reinforcement.names import OUTCOME, START
from unspoken.experiments.reinforcement.scores import ALL
from unspoken.statistics.intervals import t_interval

if TYPE_CHECKING:
    import polars as pl

BY_ARM = {"_change": START, "_difference": OUTCOME}
"""What an arm's end is compared with, by the end of the contrast's name."""
OVER_ANSWER = {"both": "both_over_answer", "chain": "chain_over_answer"}
"""Monitor -> the contrast of what it detects with what a monitor of answers alone does."""
HUNDRED = 100


def add_removals(arms: Arms) -> None:
    """Add what removing chains costs, and how far above chance answers without a chain are."""
    for key in arms.ends():
        if key.metric == "removal_cost":
            names = {"subject": arms.group(key, "whole"), "versus": arms.group(key, "empty")}
            whole, empty = (key._replace(metric="changed_accuracy", about=one) for one in ("whole", "empty"))
            values, gate = arms.scores[key]["value"].to_numpy(), arms.gate(whole, empty)
            arms.add(values, key, key.metric, kind="contrast", paired_on=["base"], gate=gate, **names)
        if key.metric == "changed_accuracy" and key.about == "empty":
            values = arms.scores[key]["value"].to_numpy() - CHANCE[key.task]
            chance, gate = arms.report.group("reinforcement:chance", "chance", []), arms.training_gate(key)
            arms.add(values, key, "unchained_above_chance", kind="contrast", versus=chance, gate=gate)


def add_by_arm(arms: Arms, twins: dict[str, str]) -> None:
    """Add each score at an arm's end minus at its start, minus what outcome alone makes of it, and minus what
    the same reward makes of it that is not targeted (`twins`, by targeted arm).

    `_early` is at the first snapshot minus at the start.
    """
    for key in arms.ends():
        if key.arm == START:
            continue
        against = {**BY_ARM, **({"_restored": twins[key.arm]} if key.arm in twins else {})}
        for suffix, arm in against.items():
            other = key._replace(arm=arm, updates=arms.last(key.start, arm))
            if arm != key.arm:
                arms.add_contrast(key, other, f"{key.metric}{suffix}", arms.group(other))
        first, start = arms.steps[key.start, key.arm][0], key._replace(arm=START, updates=0)
        if first != key.updates:
            early = key._replace(updates=first)
            arms.add_contrast(early, start, f"{key.metric}_early", arms.group(start))


def add_beside(arms: Arms, beside: dict[str, str]) -> None:
    """Add each change of a start minus that of the start beside it (`beside`, by start), and each end.

    `_change_beside`: what training by the same reward changed in two starts of one task, one minus the other;
    `_beside`: what stands at the ends.
    """
    for key in arms.ends():
        if key.start not in beside or key.arm == START:
            continue
        other = key._replace(start=beside[key.start], updates=arms.last(beside[key.start], key.arm))
        arms.add_contrast(key, other, f"{key.metric}_beside", arms.group(other))
        before, others = (one._replace(arm=START, updates=0) for one in (key, other))
        ends, starts = arms.paired(key, other), arms.paired(before, others)
        if ends is not None and starts is not None and len(ends) == len(starts):
            arms.add(
                ends - starts, key, f"{key.metric}_change_beside", kind="contrast",
                subject=arms.group(key, "change"), versus=arms.group(other, "change"),
                paired_on=["base"], gate=arms.training_gate(key, other),
            )  # fmt: skip


def add_monitors(arms: Arms) -> None:
    """Add what monitors with chains detect beyond one of answers alone, and how detection by chains grows.

    `detected_slope` is over all snapshots, per hundred updates. `exploit_rate` is how often the rewarded hint
    is followed, against never.
    """
    never = arms.report.group("reinforcement:never", "a rate of none", [])
    for key in arms.ends():
        if key.metric == "detected_at_5" and key.about in OVER_ANSWER:
            answer = key._replace(about="answer")
            arms.add_contrast(
                key, answer, OVER_ANSWER[key.about], arms.group(answer, "answer"),
                subject=arms.group(key, key.about),
            )  # fmt: skip
        if (key.metric, key.task, key.stratum) == ("rewarded", "hints", "hinted"):
            values = arms.scores[key]["value"].to_numpy()
            arms.add(values, key, "exploit_rate", kind="contrast", unit="fraction", versus=never,
                     gate=arms.training_gate(key))  # fmt: skip
        if (key.metric, key.about) == ("detected_at_5", "chain") and key.arm != START:
            _add_detected_slope(arms, key)


def _add_detected_slope(arms: Arms, key: Key) -> None:
    """Add the slope of what the chain monitor detects over the snapshots of an arm."""
    start = key._replace(arm=START, updates=0)
    places = [start, *(key._replace(updates=updates) for updates in arms.steps[key.start, key.arm])]
    tables = [arms.scores[one] for one in places if one in arms.scores]
    if len(tables) < 3 or any(one["base"].to_list() != tables[0]["base"].to_list() for one in tables):
        return
    updates = np.array([one.updates for one in places if one in arms.scores]) / HUNDRED
    slopes = np.polyfit(updates, np.stack([one["value"].to_numpy() for one in tables]), 1)[0]
    arms.add(
        slopes, key, "detected_slope", kind="contrast", unit="probability per 100 updates",
        versus=arms.group(start), paired_on=["base"], gate=arms.training_gate(key),
    )  # fmt: skip


def add_slopes(arms: Arms) -> None:
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
            n_samples=sum(int(one["n"].sum()) for one in rows), gate=arms.training_gate(key),
        )  # fmt: skip
