"""Table of a judging model's verdicts on chains of thought."""

import dataframely as dy


class Judgements(dy.Schema):
    """One chain a row, with the judge's probabilities."""

    subject = dy.String(primary_key=True)
    prompt_id = dy.String(primary_key=True)
    judge = dy.String(min_length=1)
    """The judging model."""
    llm_mentions = dy.Float64(min=0, max=1)
    llm_relies = dy.Float64(min=0, max=1)
