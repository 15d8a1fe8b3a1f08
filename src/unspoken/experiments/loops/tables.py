"""The table of looped models: tasks of k steps, answered with and without written steps."""

import dataframely as dy
import polars as pl


class StepAccuracies(dy.Schema):
    """One model, number of steps and mode a row."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    turns = dy.Int64(primary_key=True, min=1)
    """How often the middle layer runs."""
    seed = dy.Int64(primary_key=True, min=0)
    """Of the training: models of one seed start from the same weights and see the same rows."""
    k = dy.Int64(primary_key=True, min=1)
    """Steps of the tasks that were asked: held out, but for tasks of one step."""
    mode = dy.String(primary_key=True, check=lambda column: column.is_in(["direct", "steps"]))
    correct = dy.Int64(min=0)
    asked = dy.Int64(min=1)
    created_at = dy.String(min_length=1)

    @dy.rule()
    def no_more_correct_than_asked(cls) -> pl.Expr:
        """A share is at most 1."""
        return pl.col("correct") <= pl.col("asked")
