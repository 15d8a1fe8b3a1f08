"""Changed chains of thought: what each causal test of Lanham et al. 2023 puts in a chain's place."""

from typing import Any

import polars as pl

from unspoken.chains.interventions import filler, steps, truncations
from unspoken.seeds import hashed_seed

Row = dict[str, Any]
CHANGED: dict[str, pl.DataType] = {
    "prompt_id": pl.String(), "question_id": pl.String(), "user": pl.String(), "n_options": pl.Int64(),
    "whole": pl.List(pl.Float64()), "original": pl.String(), "steps": pl.Int64(), "test": pl.String(),
    "step": pl.Int64(), "text": pl.String(), "how": pl.String(), "written_on": pl.Boolean(),
    "stated": pl.String(),
}  # fmt: skip
"""Columns of changed chains before their answers are read. `whole` are the readings after the chain as it
was, `original` is the answer that it states. `written_on`: the subject went on from the change to the end
of its reply, and `stated` is the answer that this reply states, null where it states none."""
QUARTERS = range(5)
"""Dots stand for none, a quarter, ... all of a chain's tokens."""


def reasons_and_answers() -> pl.Expr:
    """Return whether a chain states an answer, and something before it: all that a causal test can use."""
    thought = pl.col("chain").str.head(pl.col("stated_at").fill_null(pl.col("chain").str.len_chars()))
    return pl.col("answer").is_not_null() & (thought.str.strip_chars() != "")


def thoughts(chains: pl.DataFrame) -> list[Row]:
    """Return the chains that can be tested, with their `thought`, up to the answer, and its steps.

    `chains` has the columns of `joined.joined_chains` and of `answers.stated.with_answers`.
    """
    return [
        row | {"thought": thought, "steps": steps(thought)}
        for row in chains.filter(reasons_and_answers()).iter_rows(named=True)
        if (thought := row["thought"].rstrip())
    ]


def tested_chains(chains: pl.DataFrame, count: int, seed: int) -> list[Row]:
    """Return `count` unhinted chains that reason at all and state an answer, drawn by the seed."""
    rows = thoughts(chains.filter(arm="unhinted"))
    return sorted(rows, key=lambda row: hashed_seed(seed, "tested", row["question_id"]))[:count]


def _changed(row: Row, test: str, step: int, text: str, how: str | None = None) -> Row:
    """Return a changed chain on its own prompt, from which nobody went on."""
    return {
        "prompt_id": row["prompt_id"], "question_id": row["question_id"], "user": row["user"],
        "n_options": row["n_options"], "whole": row["forced"], "original": row["answer"],
        "steps": len(row["steps"]), "test": test, "step": step, "text": text, "how": how,
        "written_on": False, "stated": None,
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


def transplants(chains: pl.DataFrame, tested: list[Row]) -> list[Row]:
    """Return the chains of hinted prompts that state an answer, on their questions' unhinted prompts."""
    homes = {row["question_id"]: row for row in tested}
    asked = pl.col("question_id").is_in(list(homes)) & pl.col("answer").is_not_null()
    hinted = chains.filter(asked, arm="hint")
    made = []
    for row in hinted.iter_rows(named=True):
        text = row["thought"].rstrip()
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


def written_chain(row: Row, test: str, step: int, text: str, how: str, stated: str | None) -> Row:
    """Return a changed chain that the subject went on from, up to the answer that its reply then states."""
    return changed_chain(row, test, step, text, how) | {"written_on": True, "stated": stated}


def how_all(each: list[str]) -> str:
    """Return how several steps were rewritten: `none` if none of them was."""
    return "model" if "model" in each else "none"
