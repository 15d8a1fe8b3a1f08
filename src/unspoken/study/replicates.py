"""Replicates of a study: the same study over several study seeds, each with a name of its own."""

import re
from pathlib import Path
from typing import Any

from unspoken.study.front_door import plan_of_files
from unspoken.study.load import StudyError
from unspoken.study.plan import Plan

_PART = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
MOST = 1000
"""So many seeds are a slip of the keyboard."""


def seeds_of(text: str) -> list[int]:
    """Return the study seeds that a text lists, such as `1-3` or `1,2,7`, in its order.

    Raises StudyError for another text, and for a seed that stands twice.
    """
    seeds: list[int] = []
    for part in text.replace(",", " ").split():
        found = _PART.fullmatch(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last < first + MOST:
            raise StudyError(f"SEEDS: got '{part}'; expected seeds such as 1-3 or 1,2,7")
        seeds += range(first, last + 1)
    twice = next((seed for seed in seeds if seeds.count(seed) > 1), None)
    if twice is not None or not seeds:
        given = "nothing" if twice is None else f"{twice} twice"
        raise StudyError(f"SEEDS: got {given}; expected seeds such as 1-3 or 1,2,7, each once")
    return seeds


def replicate_keys(study: str, seed: int) -> dict[str, Any]:
    """Return what is laid over a study to make its replicate of one seed: name, seed and bases of its own."""
    return {"study": f"{study}-seed-{seed}", "seed": seed, "own_bases": True}


def replicated_study(root: Path, overlays: list[Path]) -> str:
    """Return the name of the study whose replicates are asked for. Raises StudyError."""
    return plan_of_files(root, overlays).study.study


def replicate_plans(root: Path, overlays: list[Path], seeds: list[int]) -> list[Plan]:
    """Return the plans of a study's replicates. Raises StudyError."""
    name = replicated_study(root, overlays)
    return [plan_of_files(root, overlays, replicate_keys(name, seed)) for seed in seeds]
