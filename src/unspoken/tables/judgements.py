"""Table of a judging model's verdicts on replies."""

import dataframely as dy
import polars as pl


class Judgements(dy.Schema):
    """One question about one reply a row, with what the judge says of it."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(primary_key=True, min_length=1)
    prompt_id = dy.String(primary_key=True, min_length=1)
    sample_index = dy.Int64(primary_key=True, min=0)
    judge = dy.String(primary_key=True, min_length=1)
    """The judging model."""
    question = dy.String(primary_key=True, min_length=1)
    """Its name in the rubric."""
    score = dy.Float64(nullable=True, min=0, max=1)
    """The probability of yes, or a score as a share of its scale."""
    reason = dy.String(nullable=True, min_length=1)
    """Why there is no score: it was not asked, said something else instead, or was unclear."""

    @dy.rule()
    def a_score_or_a_reason(cls) -> pl.Expr:
        """Exactly where there is no score, the reason stands."""
        return pl.col("score").is_null() == pl.col("reason").is_not_null()
