"""Questions made by programs: families of reasoning-gym, each easy and hard, with wrong options by rule."""

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import combinations, islice
from string import ascii_lowercase
from types import ModuleType
from typing import Any

import polars as pl

from unspoken.questions import SourceError
from unspoken.questions.own_files import COMMON
from unspoken.seeds import hashed_choice, hashed_seed

PACKAGE = "reasoning_gym"
GATHERERS = ("", ".arithmetic", ".algorithmic", ".graphs")
WRONG_OPTIONS = 3
TRIES = 50
"""How many items are made, at most, for each question that is wanted."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RELATIVES = (
    ("mother", "sister", "daughter", "wife", "grandmother", "aunt", "niece", "mother-in-law"),
    ("father", "brother", "son", "husband", "grandfather", "uncle", "nephew", "father-in-law"),
)
REVERSED = ("niece", "nephew", "mother-in-law", "father-in-law")
Item = dict[str, Any]
Rivals = tuple[list[str], list[str]]
"""What may stand as a wrong option: numbers below the right number, and the others."""
UNFIT: Rivals = ([], [])
"""The rivals of an item that is not asked."""


@dataclass(frozen=True)
class Family:
    """One generator: its settings by difficulty, and how a question and wrong options come of an item."""

    module: str
    easy: dict[str, Any]
    hard: dict[str, Any]
    asked: Callable[[Item], str]
    rivals: Callable[[Item], Rivals]


def procedural_questions(count: int, seed: int) -> pl.DataFrame:
    """Return `count` questions for each family and difficulty, with the columns of COMMON.

    Four options each, the right one first: sources.py shuffles them. Questions of a family differ,
    and the first tasks stay the same where `count` grows. How many wrong numbers lie below the right
    one is drawn first, so that its place among them tells nothing. Raises SourceError if the package
    reasoning-gym is missing, or if a family has fewer questions than that.
    """
    with _generators() as made:
        rows = [
            row
            for name in FAMILIES
            for difficulty in ("easy", "hard")
            for row in _family_rows(made, name, difficulty, count, seed)
        ]
    return pl.DataFrame(rows, schema=COMMON)


@contextmanager
def _generators() -> Iterator[Callable[..., Any]]:
    """Yield reasoning-gym's own function that opens a generator, with the generators of FAMILIES.

    The package imports all its generators at once, and they need a SAT solver that is compiled,
    matplotlib and more, of which the families here need nothing. So the packages that only gather
    others are replaced by empty ones while the generators are imported, and taken away afterwards.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise SourceError("the package reasoning-gym is not installed: run 'make results' to install it")
    root = found.submodule_search_locations[0]
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE}
    for name in before:
        del sys.modules[name]
    try:
        for gatherer in GATHERERS:
            module = ModuleType(PACKAGE + gatherer)
            module.__path__ = [root + gatherer.replace(".", "/")]
            sys.modules[module.__name__] = module
        for family in FAMILIES.values():
            importlib.import_module(f"{PACKAGE}{family.module}")
        yield importlib.import_module(f"{PACKAGE}.factory").create_dataset
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.modules.update(before)


def _family_rows(
    made: Callable[..., Any], name: str, difficulty: str, count: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield the first `count` questions of one family and difficulty that differ and have enough options."""
    family = FAMILIES[name]
    settings = family.easy if difficulty == "easy" else family.hard
    drawn = hashed_seed(seed, "procedural", name, difficulty)
    items = made(name, seed=drawn, size=max(1, count * TRIES), **settings)
    source = f"reasoning-gym {importlib.metadata.version('reasoning-gym')}: {name}"
    rows = list(islice(_rows(family, items, f"{name}-{difficulty}", drawn), count))
    if len(rows) < count:
        raise SourceError(
            f"{name}, {difficulty}: asked for {count} questions; it makes {len(rows)} that differ"
        )
    for row in rows:
        yield {**row, "answer": 0, "topic": name, "difficulty": difficulty, "source": source}


def _rows(family: Family, items: Any, name: str, seed: int) -> Iterator[dict[str, Any]]:
    seen = set()
    for number in range(len(items)):
        item = items[number]
        asked = family.asked(item)
        options = wrong_options(family.rivals(item), seed, asked)
        if asked not in seen and len(options) == WRONG_OPTIONS:
            seen.add(asked)
            options = [item["answer"], *options]
            yield {"question_id": f"{name}-{number:05}", "question": asked, "options": options}


def wrong_options(rivals: Rivals, seed: int, asked: str) -> list[str]:
    """Return three of a question's rivals, by hashing; fewer only where there are fewer."""
    below, others = rivals
    wanted = hashed_seed(seed, "below", asked) % (WRONG_OPTIONS + 1)
    few = min(len(below), max(wanted, WRONG_OPTIONS - len(others)))
    many = min(len(others), WRONG_OPTIONS - few)
    return hashed_choice(seed, below, few, "wrong", asked) + hashed_choice(seed, others, many, "wrong", asked)


def numbers_near(right: int, steps: list[int], lowest: int | None = None) -> Rivals:
    """Return the numbers that lie a step below and above, and those with two neighbouring digits swapped.

    Numbers under `lowest` are left out.
    """
    digits = str(abs(right))
    swapped = [digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :] for at in range(len(digits) - 1)]
    sign = -1 if right < 0 else 1
    near = {sign * int(text) for text in swapped if text[0] != "0"}
    near |= {right + way * step for step in steps for way in (-1, 1)}
    kept = sorted(number for number in near if lowest is None or number >= lowest)
    return [str(n) for n in kept if n < right], [str(n) for n in kept if n > right]


def _others(right: str, kind: tuple[str, ...]) -> Rivals:
    return [], [one for one in kind if one != right]


def _swapped_letters(item: Item) -> Rivals:
    """Return the texts in which two letters of the right one have changed places; names are unfit."""
    right = item["answer"]
    if not right.islower():
        return UNFIT
    pairs = combinations(range(len(right)), 2)
    texts = {
        right[:one] + right[two] + right[one + 1 : two] + right[one] + right[two + 1 :] for one, two in pairs
    }
    return [], sorted(texts - {right})


def _relatives(item: Item) -> Rivals:
    """Return relations of the same sex: the story does not always tell whether a child is a boy or a girl.

    Relations that reasoning-gym 0.1.25 answers the wrong way round are unfit: asked what a woman is
    to her husband's father, it says "father-in-law".
    """
    right = item["answer"]
    if right in REVERSED:
        return UNFIT
    return _others(right, next(kind for kind in RELATIVES if right in kind))


def _near_counts(item: Item) -> Rivals:
    """Return numbers near a count of letters; of signs that are no plain letter, none."""
    letter = item["metadata"]["target_letter"]
    return numbers_near(int(item["answer"]), [1, 2, 3], 0) if letter in ascii_lowercase else UNFIT


def _asked_relation(item: Item) -> str:
    story = item["question"].split("\n\n")[0]
    return f"{story} What is {item['metadata']['person1']} to {item['metadata']['person2']}?"


def _asked_day(item: Item) -> str:
    start, days = date.fromisoformat(item["metadata"]["start_date"]), item["metadata"]["offset_days"]
    day = f"{start.day} {MONTHS[start.month - 1]} {start.year}"
    when = f"{abs(days)} day{'s' * (abs(days) > 1)} {'later' if days > 0 else 'earlier'}"
    return f"{day} is a {WEEKDAYS[start.weekday()]}. Which day of the week is it {when}?"


def _asked_letters(item: Item) -> str:
    text = " ".join(item["metadata"]["span"])
    letter = item["metadata"]["target_letter"]
    return f'How many times is the letter "{letter}" in this text, capital letters included: "{text}"?'


def _asked_multiple(item: Item) -> str:
    *first, last = map(str, item["metadata"]["numbers"])
    return f"What is the least common multiple of {', '.join(first)} and {last}?"


def _near_multiples(item: Item) -> Rivals:
    numbers = item["metadata"]["numbers"]
    return numbers_near(int(item["answer"]), [number * times for number in numbers for times in (1, 2, 3)], 1)


FAMILIES = {
    "chain_sum": Family(
        ".arithmetic.chain_sum",
        {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 2},
        {"min_terms": 5, "max_terms": 7, "min_digits": 3, "max_digits": 4},
        lambda item: f"What is {item['metadata']['expression']}?",
        lambda item: numbers_near(int(item["answer"]), [1, 2, 3, 10, 20]),
    ),
    "lcm": Family(
        ".arithmetic.lcm",
        {"min_value": 2, "max_value": 15},
        {"min_value": 20, "max_value": 99},
        _asked_multiple,
        _near_multiples,
    ),
    "calendar_arithmetic": Family(
        ".arithmetic.calendar_arithmetic",
        {"tasks": ["weekday_offset"], "offset_upper_bound": 6},
        {"tasks": ["weekday_offset"], "offset_upper_bound": 365},
        _asked_day,
        lambda item: _others(item["answer"], WEEKDAYS),
    ),
    "letter_counting": Family(
        ".algorithmic.letter_counting",
        {"min_words": 3, "max_words": 5},
        {"min_words": 20, "max_words": 30},
        _asked_letters,
        _near_counts,
    ),
    "spell_backward": Family(
        ".algorithmic.spell_backward",
        {"min_word_len": 3, "max_word_len": 4},
        {"min_word_len": 9, "max_word_len": 10},
        lambda item: f'What is the word "{item["metadata"]["word"]}" spelled backwards?',
        _swapped_letters,
    ),
    "family_relationships": Family(
        ".graphs.family_relationships",
        {"min_family_size": 4, "max_family_size": 5},
        {"min_family_size": 8, "max_family_size": 8},
        _asked_relation,
        _relatives,
    ),
}
