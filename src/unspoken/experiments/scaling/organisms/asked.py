"""Ask an organism: its lines asked for in the prompt, or one chain that is cut; and its error a line."""

from collections.abc import Iterator

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from unspoken.experiments.scaling.organisms.laws import BUDGETS, LINES, NUMBERS, OPERATIONS
from unspoken.experiments.scaling.organisms.rows import (
    CLOSE_ID,
    PROMPT,
    ZERO,
    Items,
    drawn_items,
    law_of_lines,
    prompt_rows,
    written_lines,
)
from unspoken.models.network import Parameters, Shape, suffix_logits
from unspoken.questions.step_tasks import Ints
from unspoken.statistics.intervals import Floats

CERTAIN = {"steps": 0, "recall": 1}
"""The first line of a task from which on the law leaves no choice."""


def drawn_tokens(logits: Tensor, uniforms: Floats) -> Ints:
    """Return a token for each row, drawn at temperature 1 by a uniform number of its own."""
    ends = logits.double().softmax(-1).cumsum(-1).numpy()
    return np.minimum((ends < uniforms[:, None]).sum(1), ends.shape[1] - 1)


@torch.no_grad()
def written(
    parameters: Parameters, shape: Shape, prompts: Ints, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return what an organism writes after its prompts, and how many lines before it closes them.

    Tokens are (count, LINES); lines that are not closed by then count as LINES + 1.
    """
    count = len(prompts)
    uniforms = random.random((count, LINES + 1))
    lines, lengths = np.zeros((count, LINES + 1), dtype=np.int64), np.full(count, LINES + 1)
    for at in range(LINES + 1):
        rows = np.flatnonzero(lengths > LINES)  # those that are not closed yet
        if not rows.size:
            break
        tokens = torch.from_numpy(np.hstack([prompts[rows], lines[rows, :at]]))
        logits = suffix_logits(parameters, shape, tokens, tokens.shape[1] - 1)[0]
        lines[rows, at] = drawn_tokens(logits, uniforms[rows, at])
        lengths[rows[lines[rows, at] == CLOSE_ID]] = at
    return lines[:, :LINES], lengths


@torch.no_grad()
def answers_after(
    parameters: Parameters, shape: Shape, prompts: Ints, lines: Ints, lengths: Ints, uniforms: Floats
) -> Ints:
    """Return the token that follows so many lines and their end, drawn by a uniform number of its own."""
    answers = np.empty(len(prompts), dtype=np.int64)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        closed = np.full((len(rows), 1), CLOSE_ID)
        tokens = torch.from_numpy(np.hstack([prompts[rows], lines[rows, :length], closed]))
        logits = suffix_logits(parameters, shape, tokens, tokens.shape[1] - 1)[0]
        answers[rows] = drawn_tokens(logits, uniforms[rows])
    return answers


def _asked(
    parameters: Parameters, shape: Shape, items: Items, random: np.random.Generator
) -> Iterator[tuple[str, int, Ints, NDArray[np.bool_], Ints]]:
    """Yield set-up, budget, lines used, whether they were cut, and answers, of each length.

    `asked`: the prompt names the length, and nothing but LINES ends the lines. `capped`: one chain of each
    item, whose prompt names none, is ended at each budget; an answer to the same lines is the same.
    """
    count = len(items.starts)
    for budget in BUDGETS:
        prompts = prompt_rows(items, np.full(count, budget))
        lines, lengths = written(parameters, shape, prompts, random)
        used = np.minimum(lengths, LINES)
        answers = answers_after(parameters, shape, prompts, lines, used, random.random(count))
        yield "asked", budget, used, lengths > LINES, answers
    prompts = prompt_rows(items, np.full(count, -1))
    lines, lengths = written(parameters, shape, prompts, random)
    uniforms = random.random(count)
    for budget in BUDGETS[1:]:
        used = np.minimum(lengths, budget)
        answers = answers_after(parameters, shape, prompts, lines, used, uniforms)
        yield "capped", budget, used, lengths > budget, answers


def item_trials(
    parameters: Parameters, shape: Shape, items: Items, random: np.random.Generator
) -> pl.DataFrame:
    """Return the answers to items under both set-ups, in the columns of `Trials` but for whose they are."""
    right = items.right[:, -1]
    names = [f"{items.task}-{at}" for at in range(len(items.starts))]
    parts = []
    for setup, budget, used, was_cut, tokens in _asked(parameters, shape, items, random):
        numbers = tokens - ZERO
        is_number = (numbers >= 0) & (numbers < NUMBERS.modulus)
        parts.append(
            pl.DataFrame(
                {
                    "task": items.task, "item": names, "level": items.levels, "setup": setup,
                    "budget": budget, "sample_index": 0, "used": used, "was_cut": was_cut,
                    "answer": np.where(is_number, numbers, -1), "score": (numbers == right).astype(float),
                },
                schema_overrides={"budget": pl.Int64, "sample_index": pl.Int64},
            )
        )  # fmt: skip
    answered = pl.col("answer") >= 0
    return pl.concat(parts).with_columns(
        answer=pl.when(answered).then(pl.col("answer").cast(pl.String)),
        unread=pl.when(~answered).then(pl.lit("no number")),
        measure=pl.lit("accuracy"),
        inserted=pl.lit(None, pl.Int64),
    )


@torch.no_grad()
def line_error(parameters: Parameters, shape: Shape, items: Items, random: np.random.Generator) -> Floats:
    """Return how far what the organism would write lies from the law of its task, by line, (LINES,).

    After lines as the law has them: the mean over items of the total variation between both, what is no
    number counted in full. Nothing is sampled of the organism.
    """
    lines = written_lines(items, random)
    prompts = prompt_rows(items, np.full(len(items.starts), LINES))
    tokens = torch.from_numpy(np.hstack([prompts, lines[:, :-1] + ZERO]))
    shares = suffix_logits(parameters, shape, tokens, PROMPT - 1).softmax(-1).transpose(0, 1).numpy()
    numbers = shares[..., ZERO : ZERO + NUMBERS.modulus]
    apart = np.abs(numbers - law_of_lines(items, lines)).sum(-1) + 1 - numbers.sum(-1)
    return np.asarray(apart.mean(0) / 2, dtype=np.float64)


def organism_trials(
    parameters: Parameters, shape: Shape, count: int, random: np.random.Generator
) -> pl.DataFrame:
    """Return the answers to `count` items of each task: `item_trials`."""
    each = (drawn_items(task, count, random) for task in OPERATIONS)
    return pl.concat([item_trials(parameters, shape, items, random) for items in each])


def organism_errors(
    parameters: Parameters, shape: Shape, count: int, random: np.random.Generator
) -> pl.DataFrame:
    """Return task, error and items of the tasks whose lines a law makes certain (`LineErrors`).

    Of `steps` all lines, of `recall` those after the first; `notes` has no such lines.
    """
    rows = []
    for task, first in CERTAIN.items():
        errors = line_error(parameters, shape, drawn_items(task, count, random), random)
        rows.append((task, float(errors[first:].mean()), count))
    return pl.DataFrame(rows, schema=["task", "error", "items"], orient="row")
