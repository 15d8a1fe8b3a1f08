"""How nearly a measured row repeats what was published: computed, never declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Fidelity = Literal["original", "close", "analogue"]
TRAINED = {"base", "teacher", "training_seed"}
"""Replicates that are trained models, whatever differs between them."""


@dataclass(frozen=True)
class ModelFacts:
    """What fidelity asks of a base model."""

    synthetic: bool
    classes: frozenset[str]
    sources: frozenset[str] = field(default_factory=frozenset)
    """Its names where it comes from: `owner/name` and `owner/name@revision`."""


def unmet_needs(needs: Mapping[str, str | None], conditions: Mapping[str, str]) -> dict[str, str]:
    """Return what a row lacks of a test's needs: objective, teacher, carrier, scorer; each an analogue.

    Other data do not make an analogue: they only keep a row from being the original.
    """
    asked = {name: wanted for name, wanted in needs.items() if wanted and name != "data"}
    return {name: wanted for name, wanted in asked.items() if conditions.get(name) != wanted}


def fidelity_of(
    claim: Mapping[str, Any],
    conditions: Mapping[str, str],
    replicate: str,
    n_replicates: int,
    models: list[ModelFacts],
) -> Fidelity | None:
    """Return the fidelity of a row with these conditions, measured on these base models.

    `claim` has scope, class, subject_models, published_n and test.needs. The first that holds:
    a claim about any network is original with the data that it names and its n, else close; a
    synthetic model, another objective, teacher, carrier or scorer, or a model outside the class is
    an analogue; the paper's own models with its data and at least its n are original; the rest is
    close. A claim about one model has the original alone: of any other row None, as it says nothing of
    that model; None too of a model of which the claim says something else (`test.unlike`). Trained models,
    questions and texts are counted apart: 50 questions are not the 5 models that a paper trained.
    """
    if any(model.sources & set(claim["test"].get("unlike", ())) for model in models):
        return None
    needs = claim["test"]["needs"]
    as_needed, data = not unmet_needs(needs, conditions), needs.get("data")
    its_data = not data or conditions.get("data") == data
    asked = claim["published_n"]
    alike = asked is None or replicate == asked["of"] or {replicate, asked["of"]} <= TRAINED
    enough = asked is None or (alike and n_replicates >= asked["n"])
    if claim["scope"] == "any network":
        return "original" if data and its_data and as_needed and enough else "close"
    in_class = bool(models) and all(claim["class"] in ("any", *model.classes) for model in models)
    if any(model.synthetic for model in models) or not as_needed or not in_class:
        return None if claim["scope"] == "this model" else "analogue"
    if all(model.sources & set(claim["subject_models"]) for model in models) and its_data and enough:
        return "original"
    return None if claim["scope"] == "this model" else "close"
