"""How often each prompt is drawn, and how much is reasoned before its answer, as a room says of its arms."""

from typing import Any

import polars as pl

from unspoken.engines.budget import Budget


class AskingError(ValueError):
    """Prompts that cannot be asked; the message says why."""


def with_samples(prompts: pl.DataFrame, samples: dict[str, int]) -> pl.DataFrame:
    """Return prompts as often as their arm is to be drawn, once if it is not named, with `sample_index`."""
    count = pl.col("arm").replace_strict(samples, default=1, return_dtype=pl.Int64)
    return prompts.with_columns(sample_index=pl.int_ranges(count)).explode("sample_index")


def budgets_of(prompts: pl.DataFrame, reasoning: dict[str, Any] | None) -> list[Budget | None]:
    """Return the reasoning budget of each prompt, None where it has none.

    `reasoning` has the fields of `Budget` that all share, and by arm `insert` and `shares`. Raises
    AskingError where it is None and a prompt has a budget, EngineError for fields that `Budget` refuses.
    """
    shared = dict(reasoning or {})
    insert, shares = shared.pop("insert", {}), shared.pop("shares", {})
    found: dict[tuple[int | None, str | None], Budget | None] = {}
    for key, tokens, arm in prompts.select("prompt_id", "budget", "arm").rows():
        if (tokens, arm) in found:
            continue
        if tokens is not None and reasoning is None:
            raise AskingError(
                f"the prompt {key} has a reasoning budget, and nothing says how reasoning ends: give end,"
                " closing, answer_prefix and answer_tokens"
            )
        found[tokens, arm] = (
            None
            if tokens is None
            else Budget(tokens, **shared, insert=insert.get(arm), share=shares.get(arm))
        )
    return [found[row] for row in prompts.select("budget", "arm").rows()]


def check_drawing(prompts: pl.DataFrame, spec: dict[str, Any]) -> None:
    """Raise AskingError for prompts that cannot be drawn as a room says, EngineError for a budget.

    Prompts of an arm that `insert` or `shares` names need a budget; several samples need a temperature, and
    nothing may be read beside them.
    """
    budgets_of(prompts, spec["reasoning"])
    samples, reasoning = spec.get("samples", {}), spec["reasoning"] or {}
    by_arm = {"samples": samples, **{name: reasoning.get(name, {}) for name in ("insert", "shares")}}
    arms = set(prompts["arm"].drop_nulls())
    unbudgeted = set(prompts.filter(pl.col("budget").is_null())["arm"].drop_nulls())
    for name, told in by_arm.items():
        for arm in told:
            if arm not in arms:
                raise AskingError(f"{name} names the arm {arm!r}, which no prompt has: {sorted(arms)}")
            if name != "samples" and arm in unbudgeted:
                raise AskingError(f"{name} names the arm {arm!r}, of which a prompt has no reasoning budget")
    for arm, count in samples.items():
        if count < 1:
            raise AskingError(f"samples says {count} for the arm {arm!r}: a prompt is drawn once or more")
        if count > 1 and spec["sampling"]["temperature"] == 0:
            raise AskingError(f"the {count} samples of the arm {arm!r} are copies at temperature 0")
        if count > 1 and spec["reads"]:
            raise AskingError(f"readings stand beside one reply a prompt: the arm {arm!r} has {count}")
