"""The table of the prompts stage: every prompt of an experiment."""

import dataframely as dy
import polars as pl


class Prompts(dy.Schema):
    """A user's message. `form` counts within the prompt set, from 0.

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
