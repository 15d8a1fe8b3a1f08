"""The open questions as prompts."""

import os
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.questions.open_questions import open_prompts


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return the prompts of this project's open questions, in the study's arms."""
    return open_prompts(spec, Path(os.environ["UNSPOKEN_ROOT"]))
