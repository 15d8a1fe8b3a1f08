"""Table of multiple-choice questions, as `load_questions` brings them."""

import dataframely as dy
import polars as pl


class Questions(dy.Schema):
    """One question a row, its options in the order in which they are shown."""

    study = dy.String(min_length=1)
    question_id = dy.String(primary_key=True, min_length=1)
    question = dy.String(min_length=1)
    options = dy.List(dy.String(min_length=1), min_length=2, max_length=26)
    order = dy.List(dy.Int64(min=0))
    key = dy.String(regex="^[A-Z]$")
    topic = dy.String(nullable=True)
    difficulty = dy.String(nullable=True, check=lambda column: column.is_in(["easy", "hard"]))
    stratum = dy.String(nullable=True)
    """How far a chain of thought is needed, as the study declares it for the question's set."""
    source = dy.String()

    @dy.rule()
    def key_is_an_option(cls) -> pl.Expr:
        """The key is the letter of one of the options."""
        return pl.col("key").str.to_integer(base=36) - 10 < pl.col("options").list.len()
