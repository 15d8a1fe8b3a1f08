"""The subliminal experiment's prompts: requests to continue a list of numbers."""

import os
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.models.corpus import number_walks
from unspoken.prompts.numbers import (
    chat_number_prompts,
    list_number_prompts,
    load_number_templates,
    organism_number_prompts,
)
from unspoken.prompts.preferences import prompt_rows
from unspoken.seeds import hashed_seed
from unspoken.tables.prompts import as_prompts


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return a study's requests for numbers, of no `items`; a raised count keeps the first as they were.

    `spec` has seed, style (organism or chat), form (requests or lists: of chat models) and count.
    """
    seed = hashed_seed(spec["seed"], "prompts", "numbers")
    if spec["style"] == "organism":
        asked = organism_number_prompts(spec["count"], seed, number_walks)
    else:
        resources = Path(os.environ["UNSPOKEN_ROOT"]) / "resources"
        templates = load_number_templates(resources / "prompts" / "numbers.yaml")
        render = list_number_prompts if spec["form"] == "lists" else chat_number_prompts
        asked = render(spec["count"], seed, templates)
    rows = prompt_rows("numbers", asked, digits=6)
    shown = rows.with_columns(pl.col("examples").cast(pl.List(pl.String)).list.join(","))
    return as_prompts(shown, ("prompt_set", "form", "held_out", "examples"))
