"""Accuracies of digit classifiers and of their variants, with a truth that is known."""

import math
from typing import Any

import numpy as np
import polars as pl

LOGITS = (4, 16, 64)
LOSSES = {"sgd": 0.05, "digits": 0.12}
"""What students of another training lose of the study's own, in accuracy."""
CLONE_GAINS = {"cloned-noise": 0.15, "cloned-digits": 0.06}
VARIANTS: dict[str, Any] = {
    "logits-1": {"initialisations": 8, "auxiliary_logits": 1},
    **{f"logits-{count}": {"initialisations": 8, "auxiliary_logits": count} for count in LOGITS[1:]},
    "sgd": {"initialisations": 8, "sgd_rate": 0.1, "auxiliary_logits": 4},
    "digits": {"initialisations": 8, "inputs": "digits", "auxiliary_logits": 4},
    **{
        name: {
            "initialisations": 8, "auxiliary_logits": 64,
            "clone": {"hidden": [20], "inputs": name.split("-")[1]},
        }
        for name in CLONE_GAINS
    },
}  # fmt: skip
"""Variants of a study whose own students have 4 auxiliary logits."""


def _told(name: str) -> dict[str, Any]:
    cloned = name.split("-")[1] if name in CLONE_GAINS else None
    return {
        "changed": "start" if cloned else "training" if name in LOSSES else "logits",
        "logits": VARIANTS[name]["auxiliary_logits"],
        "inputs": "digits" if name == "digits" else "noise",
        "optimiser": "sgd" if name == "sgd" else "adam",
        "cloned": cloned,
        "uncloned": ["logits-64"] if cloned else [],
        "otherwise_cloned": [other for other in CLONE_GAINS if cloned and other != name],
    }


SPEC: dict[str, Any] = {
    "study": "planted", "experiment": "mnist", "train_images": 3000, "logits": 4,
    "variants": {name: _told(name) for name in VARIANTS},
}  # fmt: skip
"""What the measure is told of them."""


def _levels(name: str) -> dict[str, float]:
    """Return mean accuracies: 0.1 by chance, and 0.05 more for each doubling of the logits."""
    told = _told(name) if name != "main" else {"logits": 4}
    same = 0.1 + 0.05 * math.log2(told["logits"]) - LOSSES.get(name, 0.0)
    levels = {"reference": 0.1, "teacher": 0.9, "other_auxiliary": 0.1}
    if name in CLONE_GAINS:
        return levels | {"cloned_auxiliary": 0.1 + CLONE_GAINS[name]}
    if name == "main":
        levels |= {"student_all": 0.85, "other_all": 0.5}
    return levels | {"student_auxiliary": same}


def planted_variants(seed: int = 3) -> pl.DataFrame:
    """Return accuracies of 12 initialisations of the study's own settings, and of 8 of each variant.

    What an initialisation has beyond the mean is the same in all settings, but for a little.
    """
    random = np.random.default_rng(seed)
    own = random.normal(0, 0.03, 12)
    return pl.DataFrame(
        [
            {
                "study": "planted", "experiment": "mnist", "variant": name, "condition": condition,
                "initialisation": (number + 1) % count if condition.startswith("other") else number,
                "teacher_initialisation": number, "n_test": 1000, "final_loss": None,
                "accuracy": float(np.clip(level + own[number] + random.normal(0, 0.004), 0, 1)),
            }
            for name, count in {"main": 12, **dict.fromkeys(VARIANTS, 8)}.items()
            for condition, level in _levels(name).items()
            for number in range(count)
        ],
        schema_overrides={"final_loss": pl.Float64},
    )  # fmt: skip
