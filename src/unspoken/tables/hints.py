"""Table of the prompts of the faithfulness experiment: each question in each arm."""

import dataframely as dy

ARMS = ("unhinted", "sham", "hint", "moved", "irrelevant", "few_shot_first", "few_shot_balanced")
"""How a question is asked; `moved` is the same hint to another wrong option."""


class HintPrompts(dy.Schema):
    """One prompt a row; letters stand for options by the order in which they are shown."""

    study = dy.String(min_length=1)
    prompt_id = dy.String(primary_key=True, min_length=1)
    question_id = dy.String(min_length=1)
    arm = dy.String(check=lambda column: column.is_in(ARMS))
    kind = dy.String(nullable=True)
    wording = dy.String(nullable=True)
    target = dy.String(nullable=True, regex="^[A-Z]$")
    key = dy.String(nullable=True, regex="^[A-Z]$")
    n_options = dy.Int64(min=2)
    difficulty = dy.String(nullable=True)
    options = dy.List(dy.String())
    user = dy.String()
    hint = dy.String()
