"""The prompts of the faithfulness experiment: every question without a hint, with hints, with examples."""

import os
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.follower_texts import follower_prompts
from unspoken.prompts import read_resource
from unspoken.prompts.hints import hint_prompts
from unspoken.tables.base import read_table
from unspoken.tables.prompts import as_prompts
from unspoken.tables.questions import Questions

CONDITIONS = ("kind", "wording", "target", "key", "difficulty", "hint")
"""What the room knows of a prompt beside the question and the arm."""


def hinted_prompts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return prompts with these conditions as columns, and question_id, in the columns of `Prompts`."""
    return as_prompts(frame.rename({"question_id": "item"}), CONDITIONS)


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return the prompts of a study's questions, the one table in `items`, or of a follower's own.

    `spec` has `follower`, the seed of a follower, or null and what `hint_prompts` is told: seed, kinds,
    options, moved, irrelevant, few_shot.
    """
    if spec["follower"] is not None:
        return hinted_prompts(follower_prompts(spec["follower"]))
    (questions,) = (read_table(path, Questions) for path in items)
    texts = read_resource(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "hints.yaml")
    return hinted_prompts(hint_prompts(questions, texts, spec, spec["seed"]))
