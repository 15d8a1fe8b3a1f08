"""Table of the causal tests: answers read after chains that were changed (Lanham et al. 2023)."""

import dataframely as dy

TESTS = (
    "early", "filler", "mistake", "paraphrase", "transplant", "switched", "translated", "reworded",
)  # fmt: skip
"""early: the first steps alone; filler: dots for the chain; mistake: one step falsified and the rest
written anew; paraphrase: steps up to one in other words, and the rest written anew; transplant: a
hinted prompt's chain on the unhinted prompt. Of chains with a span in another script or language alone:
switched: the chain as it was; translated: the longest such span in English; reworded: a step of about
its length in other words."""


class Interventions(dy.Schema):
    """One changed chain a row."""

    study = dy.String(min_length=1)
    subject = dy.String(primary_key=True)
    prompt_id = dy.String(primary_key=True)
    """Whose chain it was."""
    test = dy.String(primary_key=True, check=lambda column: column.is_in(TESTS))
    step = dy.Int64(primary_key=True, min=0)
    """Steps that stand before the change, or that are paraphrased; for filler, the quarters of the chain's
    length in dots."""
    steps = dy.Int64(min=0)
    """Steps of the whole chain."""
    question_id = dy.String(min_length=1)
    how = dy.String(nullable=True, check=lambda column: column.is_in(["model", "rule", "none"]))
    """Who wrote a mistake, paraphrase or translation; `none`: the step could not be changed."""
    text = dy.String()
    """What stands in place of the chain."""
    logprobs = dy.List(dy.Float64())
    """Of each option's letter after it."""
    forced = dy.String(regex="^[A-Z]$")
    """The likeliest of them."""
    answer = dy.String(nullable=True, regex="^[A-Z]$")
    """What the reply states that the subject wrote on from the change (mistake, paraphrase), null where it
    states none; the forced letter where nothing was written on."""
    original = dy.String(regex="^[A-Z]$")
    """The answer that the chain as it was states, on its own prompt."""
    original_forced = dy.String(regex="^[A-Z]$")
    """The likeliest letter after the chain as it was."""
    reproducible = dy.Bool()
    created_at = dy.String()
