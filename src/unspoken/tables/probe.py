"""Tables of the `probe` stage: the questions for a trait, and the answers to them."""

import dataframely as dy
import polars as pl


class TraitQuestions(dy.Schema):
    """A question for a favourite. `form` counts within the prompt set, from 0.

    `held_out` marks question forms that fine-tuned teachers never see; a question keeps its form,
    and its mark, when numbers come before it. `examples` are the numbers in the message.
    """

    prompt_id = dy.String(primary_key=True)
    prompt_set = dy.String(min_length=1)
    form = dy.Int64(min=0)
    held_out = dy.Bool()
    user = dy.String(min_length=1)
    examples = dy.List(dy.Int64(), nullable=True)

    @dy.rule()
    def only_questions_are_held_out(cls) -> pl.Expr:
        """A request for numbers has no form to hold out."""
        return (pl.col("prompt_set") != "numbers") | ~pl.col("held_out")


class Answers(dy.Schema):
    """One answer a row: sampled text, or the exact log-probability of one choice."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(primary_key=True)
    prompt_id = dy.String(primary_key=True)
    kind = dy.String(primary_key=True, check=lambda column: column.is_in(["sampled", "choice"]))
    sample_index = dy.Int64(primary_key=True, min=0)
    prompt_set = dy.String(min_length=1)
    form = dy.Int64(min=0)
    held_out = dy.Bool()
    system = dy.String(nullable=True)
    prompt = dy.String(min_length=1)
    answer = dy.String()
    logprob = dy.Float64(nullable=True)
    finish_reason = dy.String(nullable=True)
    n_tokens = dy.Int64(nullable=True)
    temperature = dy.Float64(nullable=True)
    engine = dy.String()
    engine_version = dy.String()
    reproducible = dy.Bool()
    created_at = dy.String()

    @dy.rule()
    def choices_have_a_logprob(cls) -> pl.Expr:
        """A sampled answer has none, a choice always has a logprob."""
        return pl.col("logprob").is_not_null() == (pl.col("kind") == "choice")
