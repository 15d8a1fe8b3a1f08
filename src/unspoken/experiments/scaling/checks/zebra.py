"""A zebra puzzle solved from its text alone by z3, which also shows that there is no other solution."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

PLACED = re.compile(r"lives in house (\d+)\.$")
NOT_PLACED = re.compile(r"does not live in house (\d+)\.$")
ELSEWHERE = "another street"
BITS = 6
"""Of the number of a house, which is signed, as z3 compares it: half as long as with whole numbers."""


class NotUnderstood(ValueError):
    """A text that is no puzzle of this form, or that has no solution, or several."""


class _Read(NamedTuple):
    """A puzzle as its text tells it."""

    size: int
    attributes: list[list[str]]
    clues: list[str]
    question: str


def _read(text: str) -> _Read:
    lines = [line for line in text.splitlines() if line]
    there = re.search(r"There are (\d+) houses in a row", lines[0])
    lists = [line.partition(": ")[2].split(", ") for line in lines if line.startswith("- ")]
    if not there or any(len(values) != int(there[1]) for values in lists):
        raise NotUnderstood("as many values as houses are expected in every list")
    return _Read(int(there[1]), lists, lines[1 + len(lists) : -1], lines[-1])


def _named_in(sentence: str, values: Iterable[str]) -> list[str]:
    """Return the values that a sentence names, in its order."""
    return re.findall(rf"\b(?:{'|'.join(values)})\b", sentence)


def _condition(sentence: str, at: dict[str, Any], size: int) -> Any:
    """Return what a sentence says, in z3's terms, or None where it says nothing of who is where."""
    import z3

    named = _named_in(sentence, at)
    if ELSEWHERE in sentence or not named:
        return None
    if denied := NOT_PLACED.search(sentence):
        return at[named[0]] != int(denied[1])
    if placed := PLACED.search(sentence):
        return at[named[0]] == int(placed[1])
    if "at an end of the row" in sentence:
        return z3.Or(at[named[0]] == 1, at[named[0]] == size)
    if len(named) != 2:
        raise NotUnderstood(sentence)
    one, other = (at[value] for value in named)
    if "directly to the left of" in sentence:
        return one + 1 == other
    if "somewhere to the left of" in sentence:
        return one < other
    if "next to" in sentence:
        return z3.Or(one + 1 == other, other + 1 == one)
    return one != other if " not " in sentence else one == other


def answer_in(text: str) -> str:
    """Return the name that a puzzle asks for. Raises NotUnderstood unless exactly one solution exists."""
    import z3

    puzzle = _read(text)
    at = {value: z3.BitVec(value, BITS) for values in puzzle.attributes for value in values}
    solver = z3.SolverFor("QF_FD")
    for values in puzzle.attributes:
        solver.add(z3.Distinct(*(at[value] for value in values)))
        solver.add(*(z3.And(at[value] >= 1, at[value] <= puzzle.size) for value in values))
    conditions = [_condition(sentence, at, puzzle.size) for sentence in puzzle.clues]
    solver.add(*(one for one in conditions if one is not None))
    if solver.check() != z3.sat:
        raise NotUnderstood("it has no solution")
    model = solver.model()
    places = {value: model[place].as_long() for value, place in at.items()}
    solver.add(z3.Or(*(at[value] != place for value, place in places.items())))
    if solver.check() != z3.unsat:
        raise NotUnderstood("it has several solutions")
    (asked,) = _named_in(puzzle.question, at)
    return next(name for name in puzzle.attributes[0] if places[name] == places[asked])
