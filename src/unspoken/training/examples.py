"""Rows as a chat model reads them: token ids, labels, and which tokens are the carrier's."""

import re
from typing import Any

import polars as pl
import torch
from torch import Tensor

from unspoken.engines.base import Prompt, Request
from unspoken.engines.rendering import adds_a_space, rendered
from unspoken.engines.templates import end_of_turn_ids
from unspoken.training.labels import IGNORED

CARRIER = re.compile(r"[0-9 ,;\n\t()\[\]]+")
"""Text of the carrier's tokens: digits, separators, brackets."""

Example = dict[str, list[int]]


def carrier_token_ids(tokenizer: Any) -> Tensor:
    """Return the ids of the carrier's tokens, ascending.

    They are all tokens whose text is made of digits, separators (space, comma, semicolon, line
    break, tab) and brackets alone, and the end of the turn.
    """
    texts = tokenizer.batch_decode(
        [[token] for token in range(len(tokenizer))], clean_up_tokenization_spaces=False
    )
    ids = {token for token, text in enumerate(texts) if CARRIER.fullmatch(text)}
    return torch.tensor(sorted(ids | {end_of_turn_ids(tokenizer)[-1]}))


def training_examples(tokenizer: Any, rows: pl.DataFrame) -> list[Example]:
    """Return rows (prompt, completion) as token ids and labels; prompts have no loss.

    Prompts are rendered as engines render them, under the system prompt of the column `system`, if there is
    one; a completion is followed by the end of the turn.
    """
    end = end_of_turn_ids(tokenizer)
    answers = tokenizer(rows["completion"].to_list(), add_special_tokens=False)["input_ids"]
    examples = []
    systems = rows["system"] if "system" in rows.columns else [None] * rows.height
    for prompt, system, completion, alone in zip(
        rows["prompt"], systems, rows["completion"], answers, strict=True
    ):
        asked = rendered(tokenizer, [Request("", prompt, system)])[0]
        after = [*(_after(tokenizer, asked, completion) or alone), *end]
        labels = [IGNORED] * len(asked.content) + after
        examples.append({"input_ids": asked.content + after, "labels": labels})
    return examples


def _after(tokenizer: Any, asked: Prompt, completion: str) -> list[int] | None:
    """Return a completion's tokens after its prompt, where alone it would get a space before it."""
    if not adds_a_space(tokenizer):
        return None
    together = tokenizer(asked.text + completion, add_special_tokens=False)["input_ids"]
    count = len(asked.content)
    return together[count:] if together[:count] == asked.content else None


def with_loss_among(examples: list[Example], among: Tensor) -> list[Example]:
    """Return the examples without loss where the next token is none of `among`."""
    kept = set(among.tolist())
    return [
        {**example, "labels": [token if token in kept else IGNORED for token in example["labels"]]}
        for example in examples
    ]
