"""On how many trained models, teachers or bases a study of numbers could carry out a claim's test."""

from collections.abc import Mapping
from typing import Any

from unspoken.cost.work import Replicates
from unspoken.experiments.subliminal.design import Design
from unspoken.experiments.subliminal.section import Arm
from unspoken.statistics import FEWEST_BASES

USUAL = {"decoding": "sampled", "lora_rank": "full", "optimizer": "adam"}
"""How students are trained where a test says nothing of it."""
RANKED = ("base", "training_seed", "teacher")
"""The replicates of trained models, the most general first."""


def _arm_replicates(design: Design, arm: Arm) -> Replicates:
    """Return the replicates of an arm: bases where there are three, else training seeds, else teachers."""
    bases = {model for _, model in design.pairs(arm)}
    if len(bases) >= FEWEST_BASES:
        return Replicates("base", len(bases))
    if len(arm.seeds) > 1:
        return Replicates("training_seed", len(arm.seeds))
    return Replicates("teacher", len(bases) * len(arm.traits or design.traits))


def _trend_replicates(design: Design) -> Replicates | None:
    """Return the replicates of the trend over doses on most bases."""
    bases = max((len(dose["models"]) for dose in design.doses()), default=0)
    if bases >= FEWEST_BASES:
        return Replicates("base", bases)
    return Replicates("teacher", len(design.traits)) if bases else None


def _has(arm: Arm, conditions: Mapping[str, str], prefix: str = "") -> bool:
    """Tell whether an arm is what a test's conditions ask: initialisation and shuffle, and its training.

    Where they say nothing of its training it is the usual one, of a second side the first side's.
    """
    wanted = {name: conditions.get(prefix + name) for name in ("initialisation", "shuffle")}
    if not all(value is None or getattr(arm, name) == value for name, value in wanted.items()):
        return False
    trained = {
        "decoding": arm.decoding,
        "lora_rank": str(arm.lora_rank or "full"),
        "optimizer": arm.optimizer,
    }
    return all(
        value == conditions.get(prefix + name, conditions.get(name, USUAL[name]))
        for name, value in trained.items()
    )


def _compared(design: Design, conditions: Mapping[str, str]) -> list[Arm]:
    """Return the arms of the second side of a difference: arms that differ in nothing else."""
    asked = any(key.startswith("versus_") for key in conditions)
    compared = {name for pair in design.comparable_arms() for name in pair}
    return [
        arm
        for arm in design.taught_arms
        if asked and arm.name in compared and _has(arm, conditions, "versus_")
    ]


def _adapters(design: Design, conditions: Mapping[str, str]) -> list[Arm]:
    """Return the arms of adapters that differ in their rank, where there is one between two others."""
    found = [
        arm for arm in design.taught_arms
        if arm.lora_rank and _has(arm, {"lora_rank": str(arm.lora_rank), **conditions})
    ]  # fmt: skip
    return found if len({arm.lora_rank for arm in found}) >= 3 else []


def replicates_of(design: Design, test: Mapping[str, Any]) -> Replicates | None:
    """Return the replicates of a test on students: of its best arm, arms with its objective first."""
    conditions = test["conditions"]
    arms = [arm for arm in design.taught_arms if _has(arm, conditions)]
    if test["metric"] == "specificity_slope":
        return _trend_replicates(design)
    if test["metric"] == "middle_rank_difference":
        arms = _adapters(design, conditions)
    if "neutral" in f"{test['subject']} {test['versus']}":
        arms = [arm for arm in arms if arm.controls]
    if test["metric"].startswith("specificity") and len(design.traits) < 2:
        return None  # one trait has no other to be compared with
    if test["metric"] == "specificity_difference":
        others = {arm.name for arm in _compared(design, conditions)}
        pairs = {frozenset(pair) for pair in design.comparable_arms()}
        arms = [arm for arm in arms if any(frozenset((arm.name, other)) in pairs for other in others)]
    wanted = test["needs"]["objective"]
    counted = [(arm.objective != wanted, _arm_replicates(design, arm)) for arm in arms]
    ranked = sorted(counted, key=lambda one: (one[0], RANKED.index(one[1].replicate), -(one[1].n or 0)))
    return ranked[0][1] if ranked else None
