"""The prompts of the scaling room: every item under every set-up and budget.

Where the prompt asks for a length (`asked`, `cautioned`), the model is left to keep it: the number is a
condition, and the prompt's budget the longest chain that is drawn at all, as in `natural`. Where reasoning is
ended or made to go on (`capped`, `extended`, the shares of one chain), the number is the budget, and the text
is that of `natural`: prompts of an item that read alike share a chain.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from unspoken.experiments.scaling.items import Items
from unspoken.prompts import read_resource
from unspoken.tables.base import whole_table
from unspoken.tables.prompts import as_prompts

WORDINGS = Path(__file__).with_name("wordings.yaml")
CONDITIONS = ("task", "level", "setup", "requested", "share")
"""Of a prompt: its item's task and level, its set-up, the tokens asked for, and the share of a chain."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ARMS = {
    "name": pl.String, "arm": pl.String, "setup": pl.String, "reasons": pl.String, "budget": pl.Int64,
    "requested": pl.Int64, "share": pl.Float64,
}  # fmt: skip


def rendered(spec: dict[str, Any], items: list[Path]) -> pl.DataFrame:
    """Return the prompts of the study's tables of items (see `prompts_of`)."""
    return prompts_of(spec, whole_table(items, Items))


def prompts_of(spec: dict[str, Any], items: pl.DataFrame) -> pl.DataFrame:
    """Return the prompts of items, with CONDITIONS; an arm is a set-up.

    `spec` has `setups`; `longest`, in tokens; `budgets`, of which 0 asks for an answer at once (and is no
    budget of `cautioned` and `extended`); and `shares` of the chain of the longest capped budget, after which
    an answer is forced: their arms are named `share-0.25` and so on.
    """
    texts = read_resource(WORDINGS)
    arms = pl.DataFrame(list(_arms(spec, texts)), schema=_ARMS, orient="row")
    pairs = items.join(arms, how="cross")
    system = pl.concat_str(
        pl.lit(texts["system"]), "reasons", pl.col("kind").replace_strict(texts["answer"]), separator=" "
    )
    options = pl.when(kind="letter").then("options")
    lines = options.map_elements(_listed, return_dtype=pl.String)
    user = pl.concat_str("text", lines, separator="\n\n", ignore_nulls=True)
    prompt_id = pl.format("{}:{}", "item", "name")
    made = pairs.with_columns(prompt_id=prompt_id, user=user, system=system, options=options)
    return as_prompts(made, CONDITIONS)


def _listed(options: pl.Series) -> str:
    """Return lettered options, one a line."""
    return "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))


def _arms(spec: dict[str, Any], texts: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield what each set-up and budget says and asks, in the order of _ARMS."""
    reasons, budgets = texts["reasons"], spec["budgets"]
    for setup in spec["setups"]:
        if setup == "natural":
            yield "natural", setup, setup, reasons["natural"], spec["longest"], None, None
        for tokens in [] if setup == "natural" else budgets:
            name, is_told = f"{setup}-{tokens}", setup in ("asked", "cautioned")
            if tokens == 0 and setup in ("cautioned", "extended"):
                continue
            said = reasons[setup if is_told else "natural"] if tokens or not is_told else reasons["direct"]
            keyword = [word for least, word in texts["keywords"] if tokens >= least][-1]
            told = said.format(budget=tokens, keyword=keyword)
            kept = spec["longest"] if is_told and tokens else tokens
            yield name, setup, setup, told, kept, tokens, None
    for share in spec["shares"]:
        name = f"share-{share:g}"
        yield name, name, "capped", reasons["natural"], max(budgets), max(budgets), share
