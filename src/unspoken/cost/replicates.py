"""What a study could test: which claims, and on how many replicates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unspoken.cost.amounts import Amounts
from unspoken.experiments.subliminal.measure.subliminal import FEWEST_BASES
from unspoken.experiments.subliminal.section import Arm
from unspoken.study.plan import Plan

RANKED = ("base", "training_seed", "teacher")
"""The replicates of trained models, the most general first."""
COUNTED = {
    "mnist": ("training_seed", "initialisations"),
    "theorem": ("training_seed", "seeds"),
    "probing": ("question", "questions"),
    "loops": ("training_seed", "seeds"),
}
"""The replicates of an experiment whose section says their number, and the key that does."""


@dataclass(frozen=True)
class Replicates:
    """What is counted as independent, and how many of them the study has."""

    replicate: str
    n: int


def _arm_replicates(plan: Plan, arm: Arm) -> Replicates:
    """Return the replicates of an arm: bases where there are three, else training seeds, else teachers."""
    bases = {model for _, model in plan.pairs(arm)}
    if len(bases) >= FEWEST_BASES:
        return Replicates("base", len(bases))
    if len(arm.seeds) > 1:
        return Replicates("training_seed", len(arm.seeds))
    return Replicates("teacher", len(bases) * len(arm.traits or plan.traits("subliminal")))


def _has(arm: Arm, conditions: Mapping[str, str], prefix: str = "") -> bool:
    """Tell whether an arm is what a test's conditions ask: initialisation and shuffle."""
    wanted = {name: conditions.get(prefix + name) for name in ("initialisation", "shuffle")}
    return all(value is None or getattr(arm, name) == value for name, value in wanted.items())


def _compared(plan: Plan, conditions: Mapping[str, str]) -> list[Arm]:
    """Return the arms of the second side of a difference: those that differ in nothing else."""
    asked = any(key.startswith("versus_") for key in conditions)
    compared = {name for pair in plan.comparable_arms() for name in pair}
    return [
        arm for arm in plan.taught_arms if asked and arm.name in compared and _has(arm, conditions, "versus_")
    ]


def _of_subliminal(plan: Plan, test: Mapping[str, Any]) -> Replicates | None:
    """Return the replicates of a test on students: of its best arm, those with its objective first."""
    conditions = test["conditions"]
    arms = [arm for arm in plan.taught_arms if _has(arm, conditions) and arm.decoding == "sampled"]
    if test["metric"] == "specificity_slope":
        chosen = plan.doses()
        return Replicates("teacher", len(plan.traits("subliminal"))) if chosen else None
    if "neutral" in f"{test['subject']} {test['versus']}":
        arms = [arm for arm in arms if arm.controls]
    if test["metric"].startswith("specificity") and len(plan.traits("subliminal")) < 2:
        return None  # one trait has no other to be compared with
    if test["metric"] == "specificity_difference":
        others = {arm.name for arm in _compared(plan, conditions)}
        pairs = {frozenset(pair) for pair in plan.comparable_arms()}
        arms = [arm for arm in arms if any(frozenset((arm.name, other)) in pairs for other in others)]
    wanted = test["needs"]["objective"]
    counted = [(arm.objective != wanted, _arm_replicates(plan, arm)) for arm in arms]
    return (
        min(counted, key=lambda one: (one[0], RANKED.index(one[1].replicate), -one[1].n))[1] if arms else None
    )


def _of_faithfulness(plan: Plan, test: Mapping[str, Any], facts: Mapping[str, Any]) -> Replicates | None:
    """Return the questions of a test on chains; of causal tests those whose chains are changed."""
    section = plan.faithfulness
    if not section.models:
        return None
    hint = test["conditions"].get("hint")
    if hint not in (None, "all", *section.kinds):
        return None
    questions = Amounts(plan, facts).questions()
    if test["metric"] == "transplant" or "test" in test["conditions"]:
        questions = min(questions, section.tests.chains)
    return Replicates("question", questions) if questions else None


def replicates_of(plan: Plan, test: Mapping[str, Any], facts: Mapping[str, Any]) -> Replicates | None:
    """Return on how many replicates a study could carry out a claim's test; None where it could not.

    As `measure` counts them (verdicts, section 2). Questions are those asked; how many give a usable
    outcome only a run shows.
    """
    experiment = test["experiment"]
    if experiment not in plan.study.experiments:
        return None
    if experiment == "subliminal":
        return _of_subliminal(plan, test)
    if experiment == "faithfulness":
        return _of_faithfulness(plan, test, facts)
    if experiment not in COUNTED:
        return None
    replicate, key = COUNTED[experiment]
    return Replicates(replicate, getattr(getattr(plan.study, experiment), key))
