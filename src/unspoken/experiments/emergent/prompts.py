"""The room's prompts: items to be answered at once or after a chain, and requests for numbers."""

import os
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.emergent.items.drawn import (
    BLOCK,
    Item,
    asked,
    begun,
    domains,
    everyday_items,
    sheet_items,
)
from unspoken.experiments.emergent.names import ASKED, CHAINED, DIRECT
from unspoken.prompts.numbers import chat_number_prompts, list_number_prompts, load_number_templates
from unspoken.prompts.preferences import prompt_rows
from unspoken.questions.open_questions import open_prompts
from unspoken.seeds import hashed_seed
from unspoken.tables.prompts import as_prompts


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return everybody's items, open questions, or a model's requests for numbers, of no files `items`.

    `spec` has seed, and `items` of each domain, the `tuned` domains and `twins`; or form and count; or the
    settings of `open_prompts`.
    """
    if "arms" in spec:
        return open_prompts(spec, Path(os.environ["UNSPOKEN_ROOT"]))
    return number_requests(spec) if "count" in spec else asked_items(spec)


def asked_items(spec: dict[str, Any]) -> pl.DataFrame:
    """Return the items of all domains; chains are asked of domains alone that nobody is tuned on.

    With `asks` items of tuned domains are also asked for a wrong answer.

    Conditions: `kind` (the way of asking), `domain`, `right` (the right option). Of tuned domains they are
    items with names and values that no row has.
    """
    blocks, seed, twins = spec["items"] // BLOCK, spec["seed"], spec["twins"]
    other = [item for name in domains("other") for item in sheet_items(name, blocks, seed, twins=twins)]
    own = [
        item for name in spec["tuned"] for item in sheet_items(name, blocks, seed, "held_out", twins=twins)
    ]
    rows = [_row(item, DIRECT) for item in (*other, *own, *everyday_items())]
    rows += [_row(item, CHAINED) for item in other]
    if spec.get("asks"):
        rows += [_row(item, ASKED) for item in own]
    return as_prompts(pl.DataFrame(rows), ("kind", "domain", "right"))


def _row(item: Item, way: str) -> dict[str, Any]:
    """Return an item, asked in one way."""
    return {
        "prompt_id": f"{item.item}:{way}", "item": item.item, "arm": way, "user": asked(item, way),
        "prefix": begun(way), "options": list(item.options), "kind": way, "domain": item.domain,
        "right": item.right,
    }  # fmt: skip


def number_requests(spec: dict[str, Any]) -> pl.DataFrame:
    """Return requests for numbers; a raised count keeps the first as they were."""
    path = Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "prompts" / "numbers.yaml"
    render = list_number_prompts if spec["form"] == "lists" else chat_number_prompts
    requests = render(
        spec["count"], hashed_seed(spec["seed"], "prompts", "numbers"), load_number_templates(path)
    )
    return as_prompts(prompt_rows("numbers", requests, digits=6), ())
