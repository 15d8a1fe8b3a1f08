"""From replies to trials: what was answered, whether it is right, and how much was reasoned before."""

import polars as pl

from unspoken.experiments.scaling.tables import SHARES, Forced, Trials
from unspoken.tables.prompts import condition

TAGGED = r"(?s)<answer>\s*(.*?)\s*(?:</answer>|\n|$)"
"""The last tag of a reply, to the end of its line: what follows there explains or goes astray."""
NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
LARGEST_ERROR = 1000.0
"""As in the paper, no prediction counts as further off."""


def read_answers(told: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `answer` and `unread`: a number, letter or name as the item asks for, or why not.

    `told` has reply, finish_reason, kind and options. What does not fit is null with its reason: `empty`,
    `cut` (a number that the limit of tokens may have ended), `several`, `no number`, `no letter`, `no name`.
    """
    text = pl.col("reply").str.extract_all(TAGGED).list.last().str.extract(TAGGED).fill_null("")
    numbers = pl.col("tagged").str.extract_all(NUMBER).list.eval(pl.element().str.replace_all(",", ""))
    letters = pl.col("tagged").str.extract_all(r"\b[A-Z]\b").list.unique(maintain_order=True)
    named = pl.col("options").list.eval(pl.element().str.to_lowercase())
    lower = pl.col("tagged").str.to_lowercase().str.strip_chars(" .")
    stops = pl.col("tagged").str.contains(NUMBER + r"\.?$") & pl.col("reply").str.ends_with(pl.col("tagged"))
    open_end = (pl.col("finish_reason") == "length") & stops
    rows = told.with_columns(tagged=text).with_columns(numbers=numbers, letters=letters)
    found = (
        pl.when(kind="number").then(pl.col("numbers").list.unique(maintain_order=True))
        .when(kind="letter").then("letters")
        .when(named.list.contains(lower)).then(pl.concat_list(lower))
        .otherwise(pl.lit([], pl.List(pl.String)))
    )  # fmt: skip
    rows = rows.with_columns(found=found)
    unread = (
        pl.when(pl.col("tagged") == "").then(pl.lit("empty"))
        .when(pl.col("found").list.len() == 0).then(pl.format("no {}", "kind"))
        .when(pl.col("found").list.len() > 1).then(pl.lit("several"))
        .when((pl.col("kind") == "number") & open_end).then(pl.lit("cut"))
    )  # fmt: skip
    rows = rows.with_columns(unread=unread)
    answer = pl.when(pl.col("unread").is_null()).then(pl.col("found").list.first())
    return rows.with_columns(answer=answer).drop("tagged", "numbers", "letters", "found")


def _scored(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `measure` and `score`: right or wrong, or of grades the absolute error."""
    given, truth = (pl.col(name).cast(pl.Float64, strict=False) for name in ("answer", "right_answer"))
    right = (
        pl.when(kind="number").then((given - truth).abs() < 1e-6)
        .otherwise(pl.col("answer").str.to_lowercase() == pl.col("right_answer").str.to_lowercase())
    )  # fmt: skip
    error = (given - truth).abs().clip(upper_bound=LARGEST_ERROR)
    return rows.with_columns(
        measure=pl.when("graded").then(pl.lit("error")).otherwise(pl.lit("accuracy")),
        score=pl.when("graded").then(error).otherwise(right.fill_null(value=False).cast(pl.Float64)),
    )


def scored_replies(items: pl.DataFrame, prompts: pl.DataFrame, replies: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each reply with its item, conditions, `answer`, `unread`, `measure` and `score`."""
    told = prompts.select(
        "prompt_id", "item", "arm", condition("setup"), condition("requested", pl.Int64),
        condition("share", pl.Float64),
    )  # fmt: skip
    asked = items.select(
        "item", "task", "level", "kind", "options", right_answer="answer",
        graded=pl.col("features").is_not_null(),
    )  # fmt: skip
    rows = replies.join(told, on="prompt_id", validate="m:1").join(asked, on="item", validate="m:1")
    return _scored(read_answers(rows))


def trials_of(scored: pl.DataFrame) -> pl.DataFrame:
    """Return the trials: replies after whole reasonings or budgets, in the columns of `Trials`.

    `was_cut` and `inserted` are of set-ups that do so; elsewhere a chain that reached its limit is cut too.
    """
    return (
        scored.filter(pl.col("share").is_null())
        .with_columns(budget="requested", used="thinking_tokens")
        .select(Trials.column_names())
    )


def forced_of(scored: pl.DataFrame) -> pl.DataFrame:
    """Return the answers after parts of chains, in the columns of `Forced`: of tasks of right and wrong."""
    read = pl.when(pl.col("unread").is_null()).then("score")
    kept = scored.filter(pl.col("share").is_in(list(SHARES)), measure="accuracy")
    return kept.with_columns(score=read).select(Forced.column_names())
