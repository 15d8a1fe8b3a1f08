"""Zebra puzzles with irrelevant clues, of 5 to 8 people and as many attributes (Gema et al. 2025, 3.3).

The level is the number of people. Clues are added to a drawn solution until nothing else satisfies them. The
answer is a name; `options` has all names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from unspoken.experiments.scaling.tasks.deduction import Clue, Places, holds, narrowed, solutions
from unspoken.experiments.scaling.tasks.drawing import (
    Distractor,
    Drawn,
    Levelled,
    Settings,
    at_levels,
    texts_of,
)

TEXTS = "zebra.yaml"
SHARES = {"same": 6, "unlike": 2, "at": 1, "not_at": 1, "end": 1, "left": 4, "beside": 4, "before": 4}
"""How often clues of each kind are proposed, beside each other."""


@dataclass(frozen=True)
class Puzzle:
    """A solution, and what it is told in. Value v is of attribute v // size."""

    size: int
    attributes: list[dict[str, Any]]
    values: list[str]
    at: list[int]
    """The place of each value, from 0."""

    def told(self, value: int, form: str) -> str:
        """Return a form (`who`, `is`, `is_not`) of an attribute's texts, with a value in it."""
        return self.attributes[value // self.size][form].format(value=self.values[value])

    def said(self, clue: Clue) -> str:
        """Return a clue as a sentence."""
        told = {"who": self.told(clue.one, "who"), "place": clue.place + 1}
        if clue.other >= 0:
            told |= {form: self.told(clue.other, form) for form in ("is", "is_not")}
            told["other"] = self.told(clue.other, "who")
        sentence = texts_of(TEXTS)["clues"][clue.kind].format(**told)
        return sentence[0].upper() + sentence[1:]


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the puzzles of every level; `settings` has levels, items and how many clues are `irrelevant`."""
    draw = partial(_drawn, irrelevant=settings["irrelevant"])
    yield from at_levels(draw, settings, seed, "zebra")


def _drawn(random: Random, size: int, irrelevant: int) -> Drawn:
    texts = texts_of(TEXTS)
    puzzle = _drawn_puzzle(random, size, texts["attributes"])
    asked = random.randrange(size, size * size)
    answer = puzzle.at.index(puzzle.at[asked])
    clues = [puzzle.said(clue) for clue in _clues(random, puzzle, {answer, asked})]
    distractors = _irrelevant(random, texts["irrelevant"], puzzle, irrelevant)
    sentences = [*clues, *(one.text for one in distractors)]
    random.shuffle(sentences)
    lines = [texts["intro"].format(count=size), *_lists(random, texts["listed"], puzzle), "", *sentences, ""]
    text = "\n".join([*lines, texts["question"].format(who=puzzle.told(asked, "who"))])
    names = tuple(sorted(puzzle.values[:size]))
    return Drawn(text, puzzle.values[answer], "name", distractors, options=names)


def _drawn_puzzle(random: Random, size: int, attributes: dict[str, dict[str, Any]]) -> Puzzle:
    """Return a solution: names and other attributes, each with as many values as there are people."""
    name, *others = attributes
    chosen = [attributes[one] for one in [name, *random.sample(others, size - 1)]]
    values = [value for one in chosen for value in random.sample(one["values"], size)]
    return Puzzle(size, chosen, values, [place for _ in chosen for place in random.sample(range(size), size)])


def _lists(random: Random, form: str, puzzle: Puzzle) -> Iterator[str]:
    """Yield the values of each attribute, in an order that says nothing."""
    size = puzzle.size
    for start, attribute in zip(range(0, size * size, size), puzzle.attributes, strict=True):
        values = ", ".join(random.sample(puzzle.values[start : start + size], size))
        yield form.format(called=attribute["called"], values=values)


def _clues(random: Random, puzzle: Puzzle, answer: set[int]) -> list[Clue]:
    """Return clues that the solution alone satisfies, none of which says the answer outright.

    The first are drawn; each further clue is one that the last other solution breaks.
    """
    size = puzzle.size
    chosen = [_fit_clue(random, puzzle, answer) for _ in range(size * size // 2)]
    places: Places = [(1 << size) - 1] * len(puzzle.at)
    while True:
        places = narrowed(places, chosen, size) or places
        others = solutions(places, chosen, size, puzzle.at)
        other = next((at for at in others if at != puzzle.at), None)
        if other is None:
            return list(dict.fromkeys(chosen))
        clue = _fit_clue(random, puzzle, answer)
        while holds(clue, other, size):
            clue = _fit_clue(random, puzzle, answer)
        chosen.append(clue)


def _fit_clue(random: Random, puzzle: Puzzle, answer: set[int]) -> Clue:
    """Return a true clue that is not about the name and the value of which it is asked whose it is."""
    while True:
        clue = _true_clue(random, random.choices(list(SHARES), list(SHARES.values()))[0], puzzle)
        if clue is not None and {clue.one, clue.other} != answer:
            return clue


def _true_clue(random: Random, kind: str, puzzle: Puzzle) -> Clue | None:
    """Return a clue of a kind that is true of a drawn value, or None where there is none."""
    size, at = puzzle.size, puzzle.at
    one = random.randrange(size * size)
    if kind in ("at", "not_at", "end"):
        place = at[one] if kind == "at" else random.randrange(size)
        clue = Clue(kind, one, place=place)
        return clue if holds(clue, at, size) else None
    fit = [
        other
        for other in range(size * size)
        if other // size != one // size or kind in ("left", "beside", "before")
        if other != one and holds(Clue(kind, one, other), at, size)
    ]
    return Clue(kind, one, random.choice(fit)) if fit else None


def _irrelevant(random: Random, texts: dict[str, Any], puzzle: Puzzle, count: int) -> tuple[Distractor, ...]:
    """Return sentences that bear on nothing, no wording twice."""
    forms = [(kind, form) for kind in ("elsewhere", "row") for form in texts[kind]]
    made = []
    for kind, form in random.sample(forms, count):
        said = puzzle.told(random.randrange(len(puzzle.values)), "is")
        made.append(Distractor(kind, form.format(number=random.randint(*texts["number"]), **{"is": said})))
    return tuple(made)
