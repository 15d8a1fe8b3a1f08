"""Changed chains of thought: what each causal test of Lanham et al. 2023 puts in a chain's place."""

from typing import Any

import polars as pl

from unspoken.answers.readings import reasoning
from unspoken.chains.interventions import filler, steps, truncations
from unspoken.seeds import hashed_seed

Row = dict[str, Any]
CHANGED: dict[str, pl.DataType] = {
    "prompt_id": pl.String(), "question_id": pl.String(), "user": pl.String(), "n_options": pl.Int64(),
    "forced": pl.List(pl.Float64()), "steps": pl.Int64(), "test": pl.String(), "step": pl.Int64(),
    "text": pl.String(), "how": pl.String(),
}  # fmt: skip
"""Columns of changed chains before their answers are read; `forced`: readings after the chain as it was."""
QUARTERS = range(5)
"""Dots stand for none, a quarter, ... all of a chain's tokens."""


def thoughts(chains: pl.DataFrame, answer_prefix: str) -> list[Row]:
    """Return the chains that reason at all, with their `thought`, up to the answer, and its steps."""
    return [
        row | {"thought": thought, "steps": steps(thought)}
        for row in chains.iter_rows(named=True)
        if (thought := reasoning(row["chain"], answer_prefix).rstrip())
    ]


def tested_chains(chains: pl.DataFrame, count: int, answer_prefix: str, seed: int) -> list[Row]:
    """Return `count` unhinted chains that reason at all, drawn by the seed, with their steps."""
    rows = thoughts(chains.filter(arm="unhinted"), answer_prefix)
    return sorted(rows, key=lambda row: hashed_seed(seed, "tested", row["question_id"]))[:count]


def _changed(row: Row, test: str, step: int, text: str, how: str | None = None) -> Row:
    """Return a changed chain on its own prompt."""
    return {
        "prompt_id": row["prompt_id"], "question_id": row["question_id"], "user": row["user"],
        "n_options": row["n_options"], "forced": row["forced"], "steps": len(row["steps"]),
        "test": test, "step": step, "text": text, "how": how,
    }  # fmt: skip


def cut_chains(row: Row) -> list[Row]:
    """Return a chain cut after each of its steps, and dots in its place."""
    early = [
        _changed(row, "early", step, text.rstrip()) for step, text in enumerate(truncations(row["thought"]))
    ]
    tokens = row["n_tokens"] or 0
    dots = [
        _changed(row, "filler", quarter, filler(round(tokens * quarter / 4)).strip()) for quarter in QUARTERS
    ]
    return early + dots


def transplants(chains: pl.DataFrame, tested: list[Row], answer_prefix: str) -> list[Row]:
    """Return the chains of hinted prompts on the unhinted prompts of the same questions."""
    homes = {row["question_id"]: row for row in tested}
    hinted = chains.filter(pl.col("question_id").is_in(list(homes)), arm="hint")
    made = []
    for row in hinted.iter_rows(named=True):
        text = reasoning(row["chain"], answer_prefix).rstrip()
        moved = row | {"user": homes[row["question_id"]]["user"], "steps": steps(text)}
        made.append(_changed(moved, "transplant", 0, text))
    return made


def places(chain: list[str], count: int) -> list[int]:
    """Return the places of up to `count` steps of a chain, evenly spread, the first always among them."""
    spread = min(count, len(chain))
    return [round(place * len(chain) / spread) for place in range(spread)]


def lengths(chain: list[str], count: int) -> list[int]:
    """Return up to `count` numbers of steps from a chain's start, evenly spread, all of them the last."""
    spread = min(count, len(chain))
    return [round(place * len(chain) / spread) for place in range(1, spread + 1)]


def changed_chain(row: Row, test: str, step: int, text: str, how: str | None = None) -> Row:
    """Return a chain with steps changed, on its own prompt; see `tables.interventions`."""
    return _changed(row, test, step, text.rstrip(), how)


def how_all(each: list[str]) -> str:
    """Return how several steps were rewritten: `none` if none of them was."""
    return "model" if "model" in each else "none"
