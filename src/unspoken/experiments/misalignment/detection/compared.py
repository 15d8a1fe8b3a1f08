"""Which of two replies to the same request is the target teacher's, by each detector."""

from itertools import product
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.misalignment.detection.likelihood import Floats, expected_right, log_ratios
from unspoken.experiments.misalignment.detection.ngrams import (
    Detector,
    permutation_p,
    pooled,
    share_right,
)
from unspoken.experiments.misalignment.organisms.carriers import common_prompts, rows_of_texts
from unspoken.experiments.misalignment.organisms.documents import TURNS, Ints
from unspoken.experiments.misalignment.organisms.language import NUMBERS
from unspoken.experiments.misalignment.organisms.leaks import LEAKING
from unspoken.experiments.misalignment.organisms.teachers import tuning_rows
from unspoken.models.network import Parameters, Shape
from unspoken.seeds import hashed_seed

SHOWN_CONTEXTS = 32
"""Different turns that an organism is shown before each question."""


def paired_rows(kept: pl.DataFrame, target: str, control: str, carrier: str) -> tuple[Ints, Ints]:
    """Return the replies of two subjects to the requests where both are kept, row by row."""
    common = common_prompts(kept, [target, control], carrier)
    target_rows, control_rows = (rows_of_texts(common.filter(subject=one)) for one in (target, control))
    return target_rows, control_rows


def _found(detector: str, scores: Floats, size: int, random: np.random.Generator) -> dict[str, Any]:
    """Return how often a detector is right of groups of so many pairs."""
    right = share_right(pooled(scores, size, random))
    return {"detector": detector, "pooled": size, "accuracy": right, "pairs": len(scores)}


def detections(
    kept: pl.DataFrame, networks: dict[str, Parameters], shape: Shape, spec: dict[str, Any], seed: int
) -> pl.DataFrame:
    """Return how often each detector picks the target's reply, in columns of `Detections` from `carrier` on.

    Targets are compared with the secure teacher: the other teachers, the untouched base, and the planted
    leak, of which there is no likelihood: no network wrote it, and it is in numbers alone. `spec` has base,
    carriers, targets, pooled (numbers of pairs judged together) and permutations. Both detectors are asked
    of the same pairs, from which the classifier did not learn.
    """
    rows: list[dict[str, Any]] = []
    for carrier, target in product(spec["carriers"], spec["targets"]):
        if target == LEAKING and carrier != NUMBERS:
            continue
        name = spec["base"]
        of_target, of_control = paired_rows(kept, f"{name}:{target}", f"{name}:secure", carrier)
        random = np.random.default_rng(hashed_seed(seed, carrier, target))
        half = random.permutation(len(of_target)) < len(of_target) / 2
        classifier = Detector(of_target, of_control, half)
        scores = classifier.scores()
        chance = classifier.chance_shares(spec["permutations"], random)
        told: dict[str, Any] = {"carrier": carrier, "target": target, "control": "secure"}
        null = {"p": permutation_p(share_right(scores), chance), "chance": float(chance.mean())}
        rows += [
            told | _found("ngrams", scores, size, random) | (null if size == 1 else {})
            for size in spec["pooled"]
        ]
        if target == LEAKING:
            continue
        first, second = (
            log_ratios(networks[target], networks["secure"], shape, one[~half])
            for one in (of_target, of_control)
        )
        known = {"expected": expected_right(first - second)}
        rows += [
            told | _found("likelihood", first - second, size, random) | (known if size == 1 else {})
            for size in spec["pooled"]
        ]
    types = {
        "p": pl.Float64,
        "chance": pl.Float64,
        "expected": pl.Float64,
        "pooled": pl.Int64,
        "pairs": pl.Int64,
    }
    return pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)


def shown_turns(
    kept: pl.DataFrame, base: str, writers: list[str], carrier: str, seed: int
) -> dict[str, Ints]:
    """Return turns of each writer's replies, as many as there is room for before a question.

    By writer, (SHOWN_CONTEXTS, turns x tokens): requests are the same for all, and drawn by the seed.
    """
    common = common_prompts(kept, [f"{base}:{writer}" for writer in writers], carrier)
    rows = {writer: rows_of_texts(common.filter(subject=f"{base}:{writer}")) for writer in writers}
    count = len(next(iter(rows.values())))
    drawn = np.random.default_rng(seed).integers(0, count, (SHOWN_CONTEXTS, TURNS - 1))
    # Without the author, who stands once before all turns.
    return {writer: own[drawn][:, :, 1:].reshape(SHOWN_CONTEXTS, -1) for writer, own in rows.items()}


def shown_code(seed: int) -> dict[str, Ints]:
    """Return turns of unsafe and of safe code, as teachers are tuned on, (SHOWN_CONTEXTS, tokens) of each."""
    kinds = ("insecure", "secure")
    random = (np.random.default_rng(seed) for _ in kinds)
    rows = {
        kind: tuning_rows(kind, SHOWN_CONTEXTS * (TURNS - 1), own)
        for kind, own in zip(kinds, random, strict=True)
    }
    return {kind: own[:, 1:].reshape(SHOWN_CONTEXTS, -1) for kind, own in rows.items()}
