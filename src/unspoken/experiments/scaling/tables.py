"""Tables of answers by how long a model reasoned."""

import dataframely as dy
import polars as pl

SETUPS = ("asked", "capped", "extended", "cautioned", "natural")
"""How a length is brought about: asked for, cut, forced on, asked for but not wanted, or as it comes."""
MEASURES = ("accuracy", "error")
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Parts of a chain after which an answer is forced."""
_KEY = ["subject", "task", "item", "setup", "budget", "sample_index"]


class Trials(dy.Schema):
    """One item answered under one set-up and budget, once, a row."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(min_length=1)
    task = dy.String(min_length=1)
    item = dy.String(min_length=1)
    level = dy.Int64(nullable=True)
    """What the task grades difficulty or distraction by: distractors, examples, operations."""
    setup = dy.String(check=lambda column: column.is_in(SETUPS))
    budget = dy.Int64(nullable=True, min=0)
    """Tokens of reasoning asked for; null where none were; at 0 the prompt asks for no reasoning."""
    sample_index = dy.Int64(min=0)
    used = dy.Int64(nullable=True, min=0)
    """Tokens of reasoning written."""
    was_cut = dy.Bool(nullable=True)
    """The reasoning was stopped at the budget."""
    inserted = dy.Int64(nullable=True, min=0)
    """Continuations put in at natural ends; extended only."""
    answer = dy.String(nullable=True)
    """As read from the reply."""
    unread = dy.String(nullable=True)
    """Why there is no answer."""
    measure = dy.String(check=lambda column: column.is_in(MEASURES))
    score = dy.Float64(nullable=True, min=0)
    """Accuracy: 1 or 0, and 0 without an answer. Error: absolute, null without an answer."""
    created_at = dy.String(min_length=1)

    @dy.rule()
    def key_stands_once(cls) -> pl.Expr:
        """Not a primary key, as the budget may be null."""
        return ~pl.struct(_KEY).is_duplicated()

    @dy.rule()
    def natural_alone_has_no_budget(cls) -> pl.Expr:
        """A budget that is missing elsewhere would pass for none."""
        return (pl.col("setup") == "natural") == pl.col("budget").is_null()

    @dy.rule()
    def answer_or_its_reason(cls) -> pl.Expr:
        """A missing answer is explained."""
        return pl.col("answer").is_null() == pl.col("unread").is_not_null()

    @dy.rule()
    def scores_fit_their_measure(cls) -> pl.Expr:
        """An accuracy is 0 or 1, and 0 without an answer; an error is there exactly where an answer is."""
        missing = pl.col("answer").is_null()
        right_or_wrong = pl.col("score").is_in([0.0, 1.0]) & ((pl.col("score") == 0) | ~missing)
        accurate = right_or_wrong.fill_null(value=False)
        return pl.when(measure="accuracy").then(accurate).otherwise(pl.col("score").is_null() == missing)


class Forced(dy.Schema):
    """The answer that is forced after a part of one chain, a row."""

    subject = dy.String(primary_key=True, min_length=1)
    task = dy.String(primary_key=True, min_length=1)
    item = dy.String(primary_key=True, min_length=1)
    sample_index = dy.Int64(primary_key=True, min=0)
    share = dy.Float64(primary_key=True, check=lambda column: column.is_in(SHARES))
    """Part of the chain's tokens that the answer follows."""
    score = dy.Float64(nullable=True, min=0, max=1)
    """1 for the right answer, 0 for another, null where none could be read."""


class LineErrors(dy.Schema):
    """How far an organism's lines are from the law of one task, a row."""

    subject = dy.String(primary_key=True, min_length=1)
    task = dy.String(primary_key=True, min_length=1)
    error = dy.Float64(min=0, max=1)
    """Share of its probability that lies elsewhere, of lines that the law makes certain: mean over items."""
    items = dy.Int64(min=1)


class Distracted(dy.Schema):
    """Answers of one organism to notes, before and after it was trained on such with right answers, a row."""

    number = dy.Int64(primary_key=True, min=1)
    """Which organism."""
    training = dy.String(primary_key=True, check=lambda column: column.is_in(["before", "after"]))
    kind = dy.String(primary_key=True, min_length=1)
    """Of the distractors: where they stand."""
    setup = dy.String(primary_key=True, check=lambda column: column.is_in(SETUPS))
    budget = dy.Int64(primary_key=True, min=0)
    is_trained_on = dy.Bool()
    """Whether distractors of this kind were trained on."""
    correct = dy.Int64(min=0)
    asked = dy.Int64(min=1)
