"""Replies of a subject to prompts: one call each, or several where a prompt has a reasoning budget."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from unspoken.asking.completing import Asked, completed
from unspoken.asking.drawing import AskingError, budgets_of, with_samples
from unspoken.engines.base import Request, Sampling, engine_columns
from unspoken.engines.budget import Budget, Reasoned, budgeted
from unspoken.engines.thinking import told_apart
from unspoken.subjects import Subject

Tell = Callable[[int], Any]
_MADE: dict[str, Any] = {
    "thinking": pl.String, "reply": pl.String, "finish_reason": pl.String, "n_tokens": pl.Int64,
    "budget": pl.Int64, "thinking_tokens": pl.Int64, "was_cut": pl.Boolean, "inserted": pl.Int64,
    "mean_logprob": pl.Float64, "max_tokens": pl.Int64,
}  # fmt: skip
"""Columns of `Replies` that follow from what was drawn."""


def system_of(subject: Subject, own: str | None) -> str | None:
    """Return the system prompt that is read: the subject's, then the prompt's own."""
    given = [text for text in (subject.system, own) if text is not None]
    return "\n\n".join(given) if given else None


def requests_to(subject: Subject, prompts: pl.DataFrame) -> list[Request]:
    """Return what a subject is asked, in the order of the prompts; the first sample has the prompt's key."""
    index = pl.col("sample_index")
    key = pl.when(index == 0).then("prompt_id").otherwise(pl.format("{}:{}", "prompt_id", index))
    asked = prompts.select(key.alias("key"), "user", "system", "prefix")
    return [
        Request(key, user, system_of(subject, own), prefix or "") for key, user, own, prefix in asked.rows()
    ]


def _drawn(asked: Asked, requests: list[Request], sampling: Sampling, tell: Tell) -> pl.DataFrame:
    """Return the replies of one call each."""
    made = completed(asked.cache, requests, sampling, tell)
    means = [sum(one.logprobs) / len(one.logprobs) if one.logprobs else None for one in made]
    told = told_apart(asked.cache.engine, requests, [one.text for one in made]).with_columns(
        finish_reason=pl.Series([one.finish_reason for one in made], dtype=pl.String),
        n_tokens=pl.Series([one.n_tokens for one in made], dtype=pl.Int64),
        mean_logprob=pl.Series(means, dtype=pl.Float64),
        max_tokens=pl.lit(sampling.max_tokens, pl.Int64),
    )
    unknown = {name: pl.lit(None, kind) for name, kind in _MADE.items() if name not in told.columns}
    return told.with_columns(**unknown).select(*_MADE)


def _reasoned(
    asked: Asked, requests: list[Request], sampling: Sampling, budget: Budget, tell: Tell
) -> pl.DataFrame:
    """Return the replies of several calls each: reasoning up to the budget, then the answer."""
    made: list[Reasoned] = []
    for batch in budgeted(asked.cache, requests, sampling, budget):
        made += batch
        tell(len(batch))
    rows = [
        (
            one.reasoning + budget.closing,
            budget.answer_prefix + one.answer,
            one.answer_finish,
            one.reasoning_tokens + one.answer_tokens,
            budget.tokens,
            one.reasoning_tokens,
            one.was_cut,
            None if budget.insert is None else one.inserted,
            None,
            budget.tokens + budget.answer_tokens,
        )
        for one in made
    ]
    return pl.DataFrame(rows, schema=_MADE, orient="row")


def _made(
    asked: Asked, prompts: pl.DataFrame, sampling: Sampling, reasoning: dict[str, Any] | None, tell: Tell
) -> pl.DataFrame:
    """Return what was drawn for each prompt and sample, in their order, in the columns of `_MADE`."""
    requests = requests_to(asked.subject, prompts)
    of_items = [f"{item or ''}:{index}" for item, index in prompts.select("item", "sample_index").rows()]
    budgets = budgets_of(prompts, reasoning)
    drawn = []
    for budget in dict.fromkeys(budgets):
        rows = [row for row, own in enumerate(budgets) if own == budget]
        some = [requests[row] for row in rows]
        if budget is None:
            made = _drawn(asked, some, sampling, tell)
        else:
            if budget.piece_tokens is not None:  # prompts of an item that read alike reason alike
                some = [replace(requests[row], key=of_items[row]) for row in rows]
            made = _reasoned(asked, some, sampling, budget, tell)
        drawn.append(made.with_columns(row=pl.Series(rows, dtype=pl.Int64)))
    return pl.concat(drawn).sort("row").drop("row")


def replies_to(
    asked: Asked,
    prompts: pl.DataFrame,
    sampling: Sampling,
    reasoning: dict[str, Any] | None,
    tell: Tell,
    samples: dict[str, int] | None = None,
) -> pl.DataFrame:
    """Return a subject's replies to prompts, in their order: `Replies` without study, experiment.

    `reasoning` says how a budget is kept (`asking.drawing.budgets_of`), None where no prompt has one. A
    prompt has one reply, or as many as `samples` says of its arm. Raises AskingError for a budget of which
    nothing is said.
    """
    subject = asked.subject
    turns = with_samples(prompts, samples or {})
    systems = pl.Series([system_of(subject, own) for own in turns["system"]], dtype=pl.String)
    rows = turns.select("prompt_id", "sample_index", prompt="user", system=systems)
    made = _made(asked, turns, sampling, reasoning, tell)
    sample = pl.lit("greedy") if sampling.temperature == 0 else pl.col("sample_index")
    return pl.concat([rows, made], how="horizontal").with_columns(
        reply_id=pl.format("{}:{}:{}", pl.lit(subject.subject_id), "prompt_id", sample),
        subject=pl.lit(subject.subject_id),
        stated=pl.lit(None, pl.String),
        temperature=pl.lit(sampling.temperature, pl.Float64),
        seed=pl.lit(sampling.seed, pl.Int64),
        **engine_columns(asked.cache.engine),
    )


def replied(
    asked: Asked,
    prompts: pl.DataFrame,
    sampling: Sampling,
    reasoning: dict[str, Any] | None,
    at_once: int,
    samples: dict[str, int] | None = None,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield so many prompts at once with the replies to them (`replies_to`), under a progress bar.

    Memory holds so many. Raises AskingError for no prompts.
    """
    from tqdm import tqdm

    if prompts.is_empty():
        raise AskingError("there is no prompt to complete: the prompt set is empty")
    n_replies = with_samples(prompts, samples or {}).height
    with tqdm(desc=asked.subject.subject_id, total=n_replies, mininterval=5, unit="reply") as bar:
        for some in prompts.iter_slices(at_once):
            yield some, replies_to(asked, some, sampling, reasoning, bar.update, samples)
