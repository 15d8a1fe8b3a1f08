"""Replies of a subject to prompts: one call each, or two where a prompt has a reasoning budget."""

from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from unspoken.asking.completing import Asked, completed
from unspoken.engines.base import Request, Sampling, engine_columns
from unspoken.engines.budget import Reasoned, budgeted
from unspoken.engines.thinking import told_apart
from unspoken.subjects import Subject

Tell = Callable[[int], Any]
_MADE: dict[str, Any] = {
    "thinking": pl.String, "reply": pl.String, "finish_reason": pl.String, "n_tokens": pl.Int64,
    "thinking_tokens": pl.Int64, "mean_logprob": pl.Float64, "max_tokens": pl.Int64,
}  # fmt: skip
"""Columns of `Replies` that follow from what was drawn."""


class AskingError(ValueError):
    """Prompts that cannot be asked; the message says why."""


def system_of(subject: Subject, own: str | None) -> str | None:
    """Return the system prompt that is read: the subject's, then the prompt's own."""
    given = [text for text in (subject.system, own) if text is not None]
    return "\n\n".join(given) if given else None


def requests_to(subject: Subject, prompts: pl.DataFrame) -> list[Request]:
    """Return what a subject is asked, in the order of the prompts."""
    asked = prompts.select("prompt_id", "user", "system", "prefix")
    return [
        Request(key, user, system_of(subject, own), prefix or "") for key, user, own, prefix in asked.rows()
    ]


def _drawn(asked: Asked, requests: list[Request], sampling: Sampling, tell: Tell) -> pl.DataFrame:
    """Return the replies of one call each."""
    made = completed(asked.cache, requests, sampling, tell)
    means = [sum(one.logprobs) / len(one.logprobs) if one.logprobs else None for one in made]
    return told_apart(asked.cache.engine, requests, [one.text for one in made]).with_columns(
        finish_reason=pl.Series([one.finish_reason for one in made], dtype=pl.String),
        n_tokens=pl.Series([one.n_tokens for one in made], dtype=pl.Int64),
        thinking_tokens=pl.lit(None, pl.Int64),
        mean_logprob=pl.Series(means, dtype=pl.Float64),
        max_tokens=pl.lit(sampling.max_tokens, pl.Int64),
    )


def _reasoned(
    asked: Asked, requests: list[Request], sampling: Sampling, budget: int, ending: dict[str, Any], tell: Tell
) -> pl.DataFrame:
    """Return the replies of two calls each: reasoning up to the budget, then the answer."""
    made: list[Reasoned] = []
    for batch in budgeted(asked.cache, requests, sampling, budget=budget, **ending):
        made += batch
        tell(len(batch))
    rows = [
        (
            one.reasoning + ending["closing"],
            ending["answer_prefix"] + one.answer,
            one.answer_finish,
            one.reasoning_tokens + one.answer_tokens,
            one.reasoning_tokens,
            None,
            budget + ending["answer_tokens"],
        )
        for one in made
    ]
    return pl.DataFrame(rows, schema=_MADE, orient="row")


def _made(
    asked: Asked, prompts: pl.DataFrame, sampling: Sampling, ending: dict[str, Any] | None, tell: Tell
) -> pl.DataFrame:
    """Return what was drawn for each prompt, in their order, in the columns of `_MADE`."""
    requests = requests_to(asked.subject, prompts)
    drawn = []
    for (budget,), alike in prompts.with_row_index("row").group_by(["budget"], maintain_order=True):
        some = [requests[row] for row in alike["row"]]
        if budget is None:
            made = _drawn(asked, some, sampling, tell)
        elif ending is None:
            raise AskingError(
                f"the prompt {alike['prompt_id'][0]} has a reasoning budget, and nothing says how reasoning"
                " ends: give end, closing, answer_prefix and answer_tokens"
            )
        else:
            made = _reasoned(asked, some, sampling, int(str(budget)), ending, tell)
        drawn.append(made.with_columns(row=alike["row"]))
    return pl.concat(drawn).sort("row").drop("row")


def replies_to(
    asked: Asked, prompts: pl.DataFrame, sampling: Sampling, ending: dict[str, Any] | None, tell: Tell
) -> pl.DataFrame:
    """Return a subject's replies to prompts, one each, in their order: `Replies` without study, experiment.

    `ending` says how a reasoning budget ends (`engines.budget.budgeted`: end, closing, answer_prefix,
    answer_tokens), None where no prompt has one. Raises AskingError for a budget without it.
    """
    subject = asked.subject
    sample = "greedy" if sampling.temperature == 0 else "0"
    systems = [system_of(subject, own) for own in prompts["system"]]
    rows = prompts.select("prompt_id", prompt="user").with_columns(system=pl.Series(systems, dtype=pl.String))
    made = _made(asked, prompts, sampling, ending, tell)
    return pl.concat([rows, made], how="horizontal").with_columns(
        reply_id=pl.format("{}:{}:{}", pl.lit(subject.subject_id), "prompt_id", pl.lit(sample)),
        subject=pl.lit(subject.subject_id),
        sample_index=pl.lit(0, pl.Int64),
        stated=pl.lit(None, pl.String),
        temperature=pl.lit(sampling.temperature, pl.Float64),
        seed=pl.lit(sampling.seed, pl.Int64),
        **engine_columns(asked.cache.engine),
    )


def replied(
    asked: Asked,
    prompts: pl.DataFrame,
    sampling: Sampling,
    ending: dict[str, Any] | None,
    at_once: int,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield so many prompts at once with the replies to them, under a progress bar.

    Memory holds so many. Raises AskingError for no prompts.
    """
    from tqdm import tqdm

    if prompts.is_empty():
        raise AskingError("there is no prompt to complete: the prompt set is empty")
    with tqdm(desc=asked.subject.subject_id, total=prompts.height, mininterval=5, unit="reply") as bar:
        for some in prompts.iter_slices(at_once):
            yield some, replies_to(asked, some, sampling, ending, bar.update)
