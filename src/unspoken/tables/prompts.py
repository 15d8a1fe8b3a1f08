"""Table of what a model is asked: one contract for the prompts of every room."""

from collections.abc import Iterable

import dataframely as dy
import polars as pl

CONDITIONS = pl.Map(pl.String, pl.String)
"""Type of the column `conditions`: what only one room knows of its prompts."""


_ENTRY = pl.Struct({"key": pl.String, "value": pl.String})
_TYPES: dict[str, pl.DataType] = {
    "item": pl.String(), "arm": pl.String(), "system": pl.String(), "prefix": pl.String(),
    "budget": pl.Int64(), "options": pl.List(pl.String()),
}  # fmt: skip
"""Columns that a room may leave out."""


class Prompts(dy.Schema):
    """One prompt a row."""

    prompt_id = dy.String(primary_key=True, min_length=1)
    item = dy.String(nullable=True, min_length=1)
    """The question, or whatever else the prompt is made of; items are compared across arms."""
    arm = dy.String(nullable=True, min_length=1)
    """How the item is asked."""
    system = dy.String(nullable=True)
    """A system prompt of the prompt's own; a subject may have another."""
    user = dy.String()
    prefix = dy.String(nullable=True)
    """The beginning of the answer, which the model continues."""
    budget = dy.Int64(nullable=True, min=0)
    """Most tokens to reason with before the answer; null: no budget."""
    options = dy.List(dy.String(), nullable=True)
    """What there is to choose from, in the order in which it is shown."""
    conditions = dy.Any()
    """The room's own conditions, a map; what a prompt lacks is not in it."""

    @dy.rule()
    def conditions_are_a_map_with_sorted_keys(cls) -> pl.Expr:
        """Equality of maps looks at the order of their entries, in Polars and in DuckDB."""
        keys = pl.col("conditions").map.keys()
        return pl.col("conditions").is_not_null() & (keys == keys.list.sort())


def with_conditions(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return the frame with these columns packed, as texts, into the map `conditions`; nulls stay out."""
    kept = sorted(names)
    if not kept:
        return frame.with_columns(conditions=pl.lit([], pl.List(_ENTRY)).cast(CONDITIONS))
    entries = [pl.struct(key=pl.lit(name), value=pl.col(name).cast(pl.String)) for name in kept]
    told = pl.element().filter(pl.element().struct.field("value").is_not_null())
    packed = pl.concat_list(entries).list.eval(told).cast(CONDITIONS)
    return frame.with_columns(conditions=packed).drop(kept)


def as_prompts(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return a room's prompts in the columns of `Prompts`: `names` become conditions, what lacks is null."""
    lacking = {name: pl.lit(None, dtype) for name, dtype in _TYPES.items() if name not in frame.columns}
    return with_conditions(frame, names).with_columns(**lacking).select(Prompts.column_names())


def condition(name: str, dtype: type[pl.DataType] = pl.String) -> pl.Expr:
    """Return a condition as a column of its name; null where a prompt lacks it.

    Of Booleans, "true" is true and any other text false.
    """
    value = pl.col("conditions").map.get(name)
    typed = value == "true" if dtype == pl.Boolean else value.cast(dtype)
    return typed.alias(name)
