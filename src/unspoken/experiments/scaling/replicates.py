"""On how many items a study of lengths could carry out a claim's test."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Replicates
from unspoken.experiments.scaling.section import ScalingSection

POOLED = "all"
"""The condition `level` of all levels together."""


def items_by_level(told: Mapping[str, Any]) -> dict[str, int | None]:
    """Return how many items a task has of each level; of one without levels those asked for, None for all."""
    if "levels" not in told:
        return {POOLED: told["items"]}
    plain = told.get("items_at_0") or told["items"]
    return {str(level): told["items"] if level else plain for level in told["levels"]}


def replicates_of(section: ScalingSection, test: Mapping[str, Any]) -> Replicates | None:
    """Return the items of the task and level that a test is about; None where the study does not ask them.

    A number that nobody can tell before the questions are read is None within `Replicates`.
    """
    conditions: Mapping[str, str] = test.get("conditions", {})
    told = section.tasks.told().get(conditions.get("task", ""))
    if told is None or conditions.get("setup", section.setups[0]) not in section.setups:
        return None
    counts = items_by_level(told)
    level = conditions.get("level", POOLED)
    chosen = list(counts.values()) if level == POOLED else [counts[level]] if level in counts else []
    if not chosen:
        return None
    return Replicates("question", None if None in chosen else sum(one or 0 for one in chosen))
