"""The prompts of the faithfulness experiment: every question without a hint, with hints, with examples."""

import os
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.hinted import hinted_prompts
from unspoken.prompts import read_resource
from unspoken.prompts.hints import hint_prompts
from unspoken.tables.base import read_table
from unspoken.tables.questions import Questions


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return the prompts of a study's questions, the one table in `items`.

    `spec` has what `hint_prompts` is told: seed, kinds, options, moved, irrelevant, few_shot; and the study's
    own `instruction`, if it has one.
    """
    (questions,) = (read_table(path, Questions) for path in items)
    texts = read_resource(Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "hints.yaml")
    texts["instruction"] = spec.get("instruction", texts["instruction"])
    return hinted_prompts(hint_prompts(questions, texts, spec, spec["seed"]))
