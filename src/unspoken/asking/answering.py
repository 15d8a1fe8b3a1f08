"""Who answers a table of prompts: the subject under each name that a study gives."""

from typing import Any

import polars as pl

from unspoken.subjects import Subject, base_subject, prompted_subject
from unspoken.tables.prompts import condition


def answering_subjects(
    model: str, answering: list[dict[str, Any]], trained: list[Subject]
) -> list[tuple[Subject, int | None]]:
    """Return the subject under each name, and how many prompts it is asked (None: all).

    `answering` has, in the order of the rows to come, name, system and count. A trained subject with that
    trait answers; else the base under the system prompt; without one, the base as it is.
    """
    tuned = {subject.trait: subject for subject in trained}

    def named(name: str, system: str | None) -> Subject:
        plain = base_subject(model) if system is None else prompted_subject(model, name, system)
        return tuned.get(name, plain)

    return [(named(one["name"], one["system"]), one["count"]) for one in answering]


def kept_prompts(prompts: pl.DataFrame, kinds: list[str] | None) -> pl.DataFrame:
    """Return the prompts of some kinds and the prompts without a kind; all for None."""
    if kinds is None:
        return prompts
    kind = condition("kind")
    return prompts.filter(kind.is_in(kinds) | kind.is_null())


def prompts_of_shard(prompts: pl.DataFrame, shard: list[int]) -> pl.DataFrame:
    """Return the prompts that fall to a job: `shard` is its number, from 1, and how many jobs there are.

    Prompts with a budget that read alike fall to one job, as they may share their reasoning.
    """
    number, count = shard
    alike = pl.col("row").first().over("item", "system", "user", "prefix")
    first = pl.when(pl.col("budget").is_null()).then("row").otherwise(alike)
    places = prompts.with_row_index("row").select(first.rank("dense").cast(pl.Int64) - 1).to_series()
    low, high = (places.n_unique() * end // count for end in (number - 1, number))
    return prompts.filter(places.is_between(low, high, closed="left"))
