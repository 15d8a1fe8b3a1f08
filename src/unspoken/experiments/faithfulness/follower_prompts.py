"""The prompts of followers, which make their own questions: without a hint, and with hints."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.faithfulness.follower_texts import follower_prompts
from unspoken.experiments.faithfulness.hinted import hinted_prompts


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return the prompts of a follower; `spec` has its seed, and `items` is empty."""
    return hinted_prompts(follower_prompts(spec["follower"]))
