"""What students learn from: Misleading Math with right answers, distractors of some kinds alone."""

from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.scaling.items import made_items
from unspoken.experiments.scaling.prompts import WORDINGS, prompts_of
from unspoken.prompts import read_resource
from unspoken.seeds import hashed_seed


def lesson_rows(spec: dict[str, Any]) -> pl.DataFrame:
    """Return rows to train on: prompt, system, completion, one for each item.

    `spec` has seed, number (of the student), rows, levels, kinds, counts, setups and budgets. A prompt is
    that of one of these set-ups and budgets, drawn by item. The completion says what there is, which is all
    of the text that bears on the answer, and gives the answer: a chain that no budget lengthens.
    """
    seed = hashed_seed(spec["seed"], "scaling", "lessons", spec["number"])
    levels = spec["levels"]
    settings = {
        "levels": levels, "items": -(-spec["rows"] // len(levels)), "counts": spec["counts"],
        "kinds": spec["kinds"],
    }  # fmt: skip
    items = made_items({"study": "lessons", "seed": seed, "tasks": {"misleading_math": settings}})
    budgets = spec["budgets"]
    told = {"setups": spec["setups"], "budgets": budgets, "longest": max(budgets), "shares": []}
    prompts = prompts_of(told, items)
    generator = np.random.default_rng(seed)
    drawn = prompts.with_columns(place=pl.Series(generator.random(prompts.height)))
    one = drawn.sort("item", "place").unique("item", keep="first", maintain_order=True)
    rows = one.join(items.select("item", "text", "answer", "distractors"), on="item").sort("place")
    tag = read_resource(WORDINGS)["forced"]
    completions = [_completion(row, tag) for row in rows.iter_rows(named=True)]
    return rows.select("system", prompt="user", completion=pl.Series(completions)).head(spec["rows"])


def _completion(row: dict[str, Any], tag: dict[str, str]) -> str:
    """Return a short chain that says what there is, and the answer in its tag."""
    text = row["text"]
    for distractor in row["distractors"]:
        text = text.replace(f" {distractor['text']}", "", 1)
    held, _, _ = text.partition(". ")
    chain = f"{held}. Nothing else counts, so there are {row['answer']}."
    return f"{chain}{tag['closing']}{tag['answer_prefix']}{row['answer']}</answer>"
