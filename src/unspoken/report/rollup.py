"""One row a claim: its highest fidelity, and of several subjects there the subject it is about."""

from collections.abc import Mapping
from typing import Any

from unspoken.verdicts.fidelity import ModelFacts, unmet_needs

Row = dict[str, Any]
RANKS = ("original", "close", "analogue", None)


def needs_met(claim: Mapping[str, Any], conditions: Mapping[str, str]) -> int:
    """Return how many of a claim's needs (objective, teacher, ...) the conditions of a row meet."""
    needs = claim["test"].get("needs") or {}
    return sum(conditions.get(key) == wanted for key, wanted in needs.items() if wanted)


def rolled_up(rows: list[Row]) -> Row:
    """Return the row that stands for a claim, with how many rows there are (`of`) at its fidelity (`alike`).

    That is a row of the highest fidelity; of several the row that meets most of the claim's needs,
    then the one of the shortest name, then the first by name: as the figures choose among arms.
    """
    best = min(RANKS.index(row["fidelity"]) for row in rows)
    alike = [row for row in rows if RANKS.index(row["fidelity"]) == best]
    chosen = min(
        alike, key=lambda row: (-row.get("needs_met", 0), len(row["subject"] or ""), row["subject"] or "")
    )
    return chosen | {"alike": len(alike), "of": len(rows)}


def analogue_because(
    claim: Mapping[str, Any], conditions: Mapping[str, str], models: list[ModelFacts]
) -> str:
    """Return in words what makes a row an analogue of its claim."""
    synthetic = any(model.synthetic for model in models)
    parts = ["small models pretrained here"] if synthetic else []
    parts += [
        f"{key} {conditions.get(key, 'none')}, not {wanted}".replace("_", " ")
        for key, wanted in unmet_needs(claim["test"].get("needs") or {}, conditions).items()
    ]
    if not synthetic and not all(claim["class"] in ("any", *model.classes) for model in models):
        parts.append(f"not a {claim['class']}")
    return "; ".join(parts) or "not the published model"
