"""Students by adapters and other optimisers, whose S and losses are known."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.subliminal.measure.adapters import add_learning, add_middle_ranks
from unspoken.experiments.subliminal.measure.subliminal import TraitMeasure
from unspoken.statistics.report import Report
from unspoken.study.front_door import plan_of_files
from unspoken.tables.measurements import Measurements
from unspoken.tables.training import TrainingSteps

ROOT = Path(__file__).parents[2]
TRAITS, BASES = ["owl", "wolf", "cat"], [f"organism-{letter}" for letter in "abcde"]
KEY = {"scorer": "choice", "questions": "held_out"}
ROOM = plan_of_files(ROOT, [ROOT / "studies" / "adapters.yaml"]).of("subliminal")
"""The room of the study whose arms these are."""
ARMS = {arm["name"]: arm for arm in ROOM.measure_part()["arms"]}
COMPARED = ROOM.measure_part()["compared"]
TURNS = {None: 0.4, 1: 0.1, 4: 0.9, 16: 0.9, 64: 0.1}
"""An artefact of LoRA, and an inverted U: S by rank."""


def inverted_u(arm: dict[str, Any]) -> float:
    """S where all claims hold: descent passes nothing, greedy numbers pass more."""
    if arm.get("optimizer", "adam") != "adam":
        return 0.0
    return TURNS[arm.get("lora_rank")] + 0.4 * (arm["decoding"] == "greedy")


def opposite(arm: dict[str, Any]) -> float:
    return 1 - inverted_u(arm)


def flat(_: dict[str, Any]) -> float:
    return 0.5


def losses(apart: dict[str, float]) -> pl.DataFrame:
    """Losses that fall from 3.2 to 3.0, of some arms to another end; those that nothing trains stay."""
    ends = {name: 3.2 if arm.get("optimizer") == "none" else 3.0 for name, arm in ARMS.items()}
    noise = np.random.default_rng(5).normal(0, 5e-4, (len(BASES), len(ARMS)))
    of_arm = {arm: dict(zip(BASES, noise[:, place], strict=True)) for place, arm in enumerate(ARMS)}
    rows = [
        {"subject": f"{arm}:{base}:{trait}", "step": step, "epoch": step / 300, "objective": "tokens",
         "loss": 3.2 if step <= 200 else ends[arm] + apart.get(arm, 0.0) + of_arm[arm][base]}
        for arm, base, trait in product(ARMS, BASES, TRAITS)
        for step in range(10, 301, 10)
    ]  # fmt: skip
    return TrainingSteps.validate(pl.DataFrame(rows))


def measured(s_of: Any, apart: dict[str, float] | None = None, only: list[str] | None = None) -> pl.DataFrame:
    """What is measured of students whose S an arm decides, with a little noise of bases."""
    random = np.random.default_rng(4)  # by which no difference of a flat world is shown by luck
    cells, students = [], []
    arms = {name: arm for name, arm in ARMS.items() if only is None or name in only}
    for arm, base, trait in product(arms, BASES, TRAITS):
        name = f"{arm}:{base}:{trait}"
        students.append(
            {"subject_id": name, "kind": "student", "model": base, "source_model": base, "trait": trait,
             "arm": arm, "seed": 1, "rows": 6000, "updates": None}
        )  # fmt: skip
        for word in TRAITS:
            own = s_of(arms[arm]) + random.normal(0, 0.05) if word == trait else 0.0
            cells.append(
                {"subject": name, "word": word, **KEY, "unusable": "", "probability": 0.1, "log_odds": own,
                 "n_samples": 50, "n_missing": 0}
            )  # fmt: skip
    schema = {"updates": pl.Int64}
    spec = {"traits": TRAITS, "models": BASES, "arms": list(arms.values()), "kind": "organism",
            "described": "5 organisms"}  # fmt: skip
    report = Report("small", "cloud2025", "subliminal", reproducible=True)
    frame = pl.DataFrame(students, schema_overrides=schema)
    measure = TraitMeasure(report, pl.DataFrame(cells), frame, spec)
    add_learning(measure, losses(apart or {}))
    for arm in arms:
        measure.add_specificity(arm)
    for arm, versus in COMPARED:
        if {arm, versus} <= set(arms):
            measure.add_difference(arm, versus, KEY)
    add_middle_ranks(measure, KEY)
    return Measurements.validate(report.measurements())
