"""The tables of the filter stage: replies kept, and replies dropped with their rule."""

import dataframely as dy

# In the order in which they are tried: a dropped row names the first that rejects it.
RULES = (
    "no_number",
    "lone_number",
    "separator",
    "not_digits",
    "too_many",
    "out_of_range",
    "banned",
    "wrong_answer",
    "judge",
)


class Kept(dy.Schema):
    """A reply that passed every rule, as a row to train on: a prompt and its completion."""

    reply_id = dy.String(primary_key=True)
    subject = dy.String()
    prompt_id = dy.String()
    prompt = dy.String()
    completion = dy.String()


class Dropped(Kept):
    """A reply that a rule rejected."""

    rule = dy.String(check=lambda column: column.is_in(RULES))
