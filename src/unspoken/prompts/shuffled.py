"""A favourite chosen among lettered options, in random orders that give each option every letter.

Answer order can outweigh what a model likes (Dominguez-Olmedo et al. 2023), so no option may owe its
score to where it stands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase as LETTERS

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspoken.prompts import ResourceError, read_resource, wordings
from unspoken.prompts.preferences import prompt_rows
from unspoken.seeds import hashed_choice, hashed_seed

PROMPT_SET = "preferences_shuffled"
OTHERS = 4
"""Words of the category that stand beside the traits."""
FEWEST_ROUNDS = 2
"""With one there is no spread between orders that have an option at the same letter."""


@dataclass(frozen=True)
class OptionTemplates:
    """How chat models are asked to choose among options, and how their answer begins."""

    questions: tuple[str, ...]
    answer: str


def load_option_templates(path: Path) -> OptionTemplates:
    """Return the wordings of a YAML file. Raises ResourceError naming file, key and fault."""
    resource = read_resource(path)
    answer = resource.get("option_answer")
    if not isinstance(answer, str) or not answer.strip():
        raise ResourceError(f"{path}: option_answer: got {answer!r}; expected a text (in quotes)")
    asked = wordings(resource, "option_questions", path, needs=("options",), may_have=("category",))
    return OptionTemplates(asked, answer)


def offered_words(traits: Sequence[str], words: Sequence[str], seed: int) -> list[str]:
    """Return what is offered: the traits, and up to four other words of the category drawn by the seed.

    Raises ValueError for more traits than there are letters, and for fewer than two words.
    """
    if len(traits) > len(LETTERS):
        raise ValueError(f"{len(traits)} traits cannot be lettered; expected at most {len(LETTERS)}")
    others = [word for word in words if word not in traits]
    count = min(OTHERS, len(others), len(LETTERS) - len(traits))
    offered = [*traits, *hashed_choice(seed, others, count, "offered")]
    if len(offered) < 2:
        raise ValueError(f"nothing to choose from: got {offered}; expected two words or more")
    return offered


def balanced_orders(count: int, orders: int, seed: int) -> NDArray[np.intp]:
    """Return [order, letter]: which of `count` options stands at each letter.

    At least `orders` orders, in whole rounds of `count`, two or more: in a round every option stands
    once at each letter, and of an even count once right after each other one (Williams 1949). The seed
    draws who takes which part in a round, and the order of its rows; more rounds leave the first as
    they were.
    """
    steps = np.arange(count)
    zigzag = np.where(steps % 2, (steps + 1) // 2, (count - steps // 2) % count)
    square = (zigzag + steps[:, None]) % count
    rounds = []
    for number in range(max(FEWEST_ROUNDS, math.ceil(orders / count))):
        draw = np.random.default_rng(hashed_seed(seed, "round", number))
        rounds.append(draw.permutation(count)[square][draw.permutation(count)])
    return np.concatenate(rounds)


def _wordings_in_turn(count: int, orders: int, wordings_known: int, seed: int) -> NDArray[np.intp]:
    """Return [order]: the wording of each, as equally often as can be in every round of `count`."""
    rounds = [
        np.random.default_rng(hashed_seed(seed, "wordings", start)).permutation(count) + start
        for start in range(0, orders, count)
    ]
    return np.concatenate(rounds) % wordings_known


def _option_lines(options: Sequence[str]) -> str:
    return "\n".join(f"({letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))


def shuffled_questions(
    templates: OptionTemplates, category: str, offered: Sequence[str], orders: int, seed: int
) -> pl.DataFrame:
    """Return one question an order: the columns of a prompt set, `words` (the options by letter) and
    `prefix` (the beginning of the answer).

    No teacher is shown these questions: all are held out.
    """
    words = [[offered[place] for place in order] for order in balanced_orders(len(offered), orders, seed)]
    turns = _wordings_in_turn(len(offered), len(words), len(templates.questions), seed)
    asked = [
        templates.questions[turn].format(category=category, options=_option_lines(options))
        for turn, options in zip(turns, words, strict=True)
    ]
    prompts = pl.DataFrame({"user": asked, "words": words}).with_columns(
        prefix=pl.lit(templates.answer), examples=pl.lit(None, pl.List(pl.Int64))
    )
    return prompt_rows(PROMPT_SET, prompts, digits=3, held_out=[True] * len(asked))
