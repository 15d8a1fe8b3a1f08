"""The conditions of the faithfulness experiment's prompts."""

import polars as pl

from unspoken.tables.prompts import as_prompts

CONDITIONS = ("kind", "wording", "target", "key", "difficulty", "stratum", "hint")
"""What the room knows of a prompt beside the question and the arm."""


def hinted_prompts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return prompts with these conditions as columns, and question_id, in the columns of `Prompts`.

    Conditions that no prompt has may lack.
    """
    known = [name for name in CONDITIONS if name in frame.columns]
    return as_prompts(frame.rename({"question_id": "item"}), known)
