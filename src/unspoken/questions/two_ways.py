"""Choices between two options, asked in both orders, so that a liking for a place or a letter cancels."""

import polars as pl

from unspoken.prompts.hints import LETTERS
from unspoken.tables.prompts import as_prompts, condition

ARMS = {"right_first": 0, "right_second": 1}
"""Where the right option stands, by arm."""


def two_way_prompts(questions: pl.DataFrame, instruction: str) -> pl.DataFrame:
    """Return questions of two options (columns question_id, question, options, answer) as `Prompts`.

    `item` is the question, `arm` one of ARMS, the condition `key` the letter of the right option;
    `instruction` stands below the options. `answer` is the right option's place, from 0. Raises ValueError
    for a question with more options.
    """
    more = questions.filter(pl.col("options").list.len() != 2)
    if more.height:
        raise ValueError(f"{more['question_id'][0]} has {more['options'][0].len()} options; expected two")
    rows = []
    for row in questions.iter_rows(named=True):
        right, wrong = row["options"][row["answer"]], row["options"][1 - row["answer"]]
        for arm, place in ARMS.items():
            options = [wrong, right] if place else [right, wrong]
            listed = "\n".join(f"({letter}) {option}" for letter, option in zip("AB", options, strict=True))
            rows.append({
                "prompt_id": f"{row['question_id']}:{arm}", "item": row["question_id"], "arm": arm,
                "user": f"{row['question']}\n\n{listed}\n\n{instruction}", "options": options,
                "key": LETTERS[place],
            })  # fmt: skip
    return as_prompts(pl.DataFrame(rows), ["key"])


def correct_shares(prompts: pl.DataFrame, readings: pl.DataFrame, reading: str) -> pl.DataFrame:
    """Return P(correct) by subject and question: the right letter's share of both, mean of the two orders.

    `readings` are those of the letters (`Readings`), of which `reading` is taken. Beside `p_correct`:
    `p_first`, the share of the option that stands first, and `mass`, what both letters have of everything
    that could be said. Null where an order was not read.
    """
    asked = prompts.select("prompt_id", question_id="item", first=condition("key") == LETTERS[0])
    both = pl.col("logprobs").list.eval(pl.element().exp())
    read = readings.filter(reading=reading).join(asked, on="prompt_id").with_columns(shares=both)
    first, mass = pl.col("shares").list.first(), pl.col("shares").list.sum()
    of_each = read.with_columns(mass=mass, p_first=first / mass).with_columns(
        p_correct=pl.when("first").then("p_first").otherwise(1 - pl.col("p_first"))
    )
    complete = pl.col("first").n_unique() == len(ARMS)
    return (
        of_each.group_by("subject", "question_id")
        .agg(
            pl.when(complete).then(pl.col(name).mean()).alias(name)
            for name in ("p_correct", "p_first", "mass")
        )
        .sort("subject", "question_id")
    )
