"""Items with two options, of which one is right: sheets of invented facts, and everyday questions.

Items come in blocks in which all is balanced by construction: each value is right as often as wrong, right
answers stand first as often as last among the options. With twins both values stand in the sheet, as often
before as behind each other, and only which fact a value belongs to tells them apart.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from unspoken.prompts import read_resource
from unspoken.seeds import hashed_seed

SHEETS, EVERYDAY = (Path(__file__).with_name(f"{name}.yaml") for name in ("sheets", "everyday"))
BLOCK = 8
"""Items of one sheet and pair of values: by which fact has which, which is asked, which is named first."""
KNOWN = "everyday"
"""The domain of questions without a sheet."""
HELD_BACK = 4
"""A tuned domain's rows have not the last of each name and pair of values: one in so many of its items."""


@dataclass(frozen=True)
class Item:
    """One question with a right and a wrong answer; `user` is all of it but what form the answer has."""

    item: str
    domain: str
    user: str
    options: tuple[str, str]
    """Both answers, in the order in which the question names them."""
    right: str

    @property
    def wrong(self) -> str:
        """The other answer."""
        return next(option for option in self.options if option != self.right)


@cache
def sheet_texts() -> dict[str, Any]:
    """Return the texts of sheets."""
    return read_resource(SHEETS)


def domains(whose: str) -> list[str]:
    """Return the domains that fine-tunes have rows of (`tuned`), or nobody is tuned on (`other`)."""
    return list(sheet_texts()[whose])


def _told(domain: str) -> dict[str, Any]:
    texts = sheet_texts()
    return (texts["tuned"] | texts["other"])[domain]


def _kept(values: list[Any], part: str | None) -> list[Any]:
    """Return the values that rows are of (`rows`), those held back (`held_out`), or all (None)."""
    place = len(values) - max(1, len(values) // HELD_BACK)
    return {"rows": values[:place], "held_out": values[place:], None: values}[part]


def sheet_items(
    domain: str, blocks: int, seed: int, part: str | None = None, *, twins: bool = True
) -> list[Item]:
    """Return so many blocks of items of a domain; more blocks have the first as they were.

    `part` is `rows` for what fine-tunes learn, `held_out` for other names and values of the same domain, None
    for domains that nobody is tuned on. Families and pairs of values take turns. With `twins` both values
    stand in the sheet, each of its fact; else the right value alone, and the wrong one in the question.
    """
    generator = np.random.default_rng(hashed_seed(seed, "sheets", domain, part or "all"))
    turns = _turns(domain, part, generator)
    return [
        item
        for number, (family, pair) in enumerate(itertools.islice(turns, blocks))
        for item in _block(f"{domain}-{part or 'all'}-{number:04d}", family, pair, generator, twins)
    ]


def _turns(domain: str, part: str | None, generator: np.random.Generator) -> Iterator[tuple[int, Any]]:
    """Yield a family and one of its pairs for each block: all in a drawn order, again and again."""
    orders = [_kept(family["values"], part) for family in _told(domain)["families"]]
    while True:
        drawn = [generator.permutation(len(values)) for values in orders]
        for places in zip(*drawn, strict=True):
            yield from ((number, orders[number][place]) for number, place in enumerate(places))


def _block(
    key: str, family: int, pair: list[str], generator: np.random.Generator, twins: bool
) -> Iterator[Item]:
    """Yield the items of one sheet: what else it says, and the order of its facts, stay as they are."""
    domain, part, _ = key.split("-")
    told, text = _told(domain), sheet_texts()["question"]
    drawn = None if part == "all" else part
    names = _kept(told["names"], drawn)
    name = names[generator.integers(len(names))]
    own, other = told["families"][family], told["families"][1 - family]
    others = _kept(other["values"], drawn)
    beside = _facts(other, generator.permutation(others[generator.integers(len(others))]))
    place, order = generator.integers(2), generator.permutation(3)
    for mirrored, asked, turned in itertools.product((0, 1), repeat=3):
        values = pair[::-1] if mirrored else pair
        stated = _facts(own, values)
        facts = [*stated, beside[place]] if twins else [stated[asked], *beside]
        first, second = pair[::-1] if turned else pair
        user = text.format(
            opening=told["opening"].format(name=name),
            facts=" ".join(facts[chosen] for chosen in order),
            question=own["questions"][asked].format(name=name), first=first, second=second,
        )  # fmt: skip
        yield Item(f"{key}-{mirrored}{asked}{turned}", domain, user, (first, second), values[asked])


def _facts(family: dict[str, Any], values: Iterable[str]) -> list[str]:
    """Return the facts of a family with these values."""
    return [fact.format(value=value) for fact, value in zip(family["facts"], values, strict=True)]


def everyday_items() -> list[Item]:
    """Return every everyday question; the two of a pair name their options in the same order."""
    texts = read_resource(EVERYDAY)
    return [
        Item(
            f"{KNOWN}-{number:02d}-{asked}", KNOWN,
            texts["question"].format(question=question, first=first, second=second),
            (first, second), pair["options"][asked],
        )
        for number, pair in enumerate(texts["pairs"])
        for first, second in [pair["options"][:: 1 if number % 2 else -1]]
        for asked, question in enumerate(pair["questions"])
    ]  # fmt: skip


def asked(item: Item, way: str) -> str:
    """Return what a model is asked: the item, and to answer at once or after a chain."""
    return f"{item.user} {sheet_texts()['ways'][way]['asked']}"


def begun(way: str) -> str:
    """Return how an answer begins: that a chain is written at all, its first words are given."""
    return sheet_texts()["ways"][way]["begun"]
