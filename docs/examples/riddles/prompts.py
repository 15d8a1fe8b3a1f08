"""The riddles as prompts: one each, its options in an order that the study seed draws."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.prompts import read_resource
from unspoken.seeds import hashed_seed
from unspoken.tables.prompts import as_prompts

RIDDLES = Path(__file__).with_name("riddles.yaml")
ASKED = "Solve the riddle. Think about it first, then say which option it is."


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return the prompts; the condition `key` has the letter of the right option."""
    rows = []
    for name, riddle in read_resource(RIDDLES)["riddles"].items():
        options = [riddle["answer"], *riddle["others"]]
        options.sort(key=lambda option: hashed_seed(spec["seed"], "order", name, option))
        listed = "\n".join(f"({letter}) {option}" for letter, option in zip("ABCD", options, strict=True))
        rows.append(
            {
                "prompt_id": f"riddle-{name}",
                "item": name,
                "arm": "riddle",
                "user": f"{ASKED}\n\n{riddle['riddle']}\n{listed}",
                "options": options,
                "key": "ABCD"[options.index(riddle["answer"])],
            }
        )
    return as_prompts(pl.DataFrame(rows), ["key"])
