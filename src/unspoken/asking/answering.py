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
    """Return the prompts that fall to a job: `shard` is its number, from 1, and how many jobs there are."""
    number, count = shard
    first, last = (prompts.height * place // count for place in (number - 1, number))
    return prompts[first:last]
