"""Puzzles of people in a row: what clues leave open, by narrowing where each value can be, and trying.

A value is a number: its attribute times the size of the puzzle, plus its place in the attribute's list. Where
it can be is a set of places as bits. `checks.zebra` solves puzzles from their texts, by another way.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

Places = list[int]
"""For each value, the places where it can be, as bits."""


class Clue(NamedTuple):
    """What is said of one value, or of two."""

    kind: str
    one: int
    other: int = -1
    """The second value, of clues about two."""
    place: int = -1
    """A place from 0, of clues about one."""


def holds(clue: Clue, at: Sequence[int], size: int) -> bool:
    """Say whether a clue is true where each value has the place that `at` gives."""
    here, there = at[clue.one], at[clue.other]
    match clue.kind:
        case "same":
            return here == there
        case "unlike":
            return here != there
        case "at":
            return here == clue.place
        case "not_at":
            return here != clue.place
        case "end":
            return here in (0, size - 1)
        case "left":
            return here + 1 == there
        case "beside":
            return abs(here - there) == 1
        case "before":
            return here < there
    raise AssertionError(f"no kind of clue: {clue.kind}")


def _narrowed(clue: Clue, here: int, there: int, size: int) -> tuple[int, int]:
    """Return where a clue's values can be, given where they can be without it."""
    match clue.kind:
        case "same":
            return here & there, here & there
        case "left":
            return here & there >> 1, there & here << 1
        case "beside":
            return here & (there << 1 | there >> 1), there & (here << 1 | here >> 1)
        case "before":
            below_last = (1 << max(there.bit_length() - 1, 0)) - 1
            return here & below_last, there & ~((here & -here) * 2 - 1)
        case "unlike":
            return here & ~there if _is_single(there) else here, there & ~here if _is_single(here) else there
        case "at":
            return here & 1 << clue.place, there
        case "not_at":
            return here & ~(1 << clue.place), there
        case "end":
            return here & (1 | 1 << size - 1), there
    raise AssertionError(f"no kind of clue: {clue.kind}")


def _is_single(bits: int) -> bool:
    return bits & (bits - 1) == 0


def narrowed(places: Places, clues: Sequence[Clue], size: int) -> Places | None:
    """Return where values can still be, or None where some value can be nowhere."""
    places = list(places)
    before: Places = []
    while places != before:
        before = list(places)
        for clue in clues:
            here, there = _narrowed(clue, places[clue.one], places[clue.other], size)
            if not here or not there:
                return None
            places[clue.one] = here
            if clue.other >= 0:
                places[clue.other] = there
        for start in range(0, len(places), size):
            group = _spread(places[start : start + size], size)
            if group is None:
                return None
            places[start : start + size] = group
    return places


def _spread(group: list[int], size: int) -> list[int] | None:
    """Return where an attribute's values can be, as no two are at one place; None where that cannot be."""
    seen = twice = 0
    for bits in group:
        twice |= seen & bits
        seen |= bits
    if seen != (1 << size) - 1:
        return None
    if not twice:
        return group
    alone, taken = seen & ~twice, 0
    group = [bits & alone or bits for bits in group]
    for bits in group:
        if bits & (bits - 1) == 0:
            if taken & bits:
                return None
            taken |= bits
    spread = [bits if bits & (bits - 1) == 0 else bits & ~taken for bits in group]
    return spread if all(spread) else None


def solutions(places: Places, clues: Sequence[Clue], size: int, last: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of all values, solution by solution; places that `last` has are tried last."""
    left = narrowed(places, clues, size)
    if left is None:
        return
    open_values = [value for value, bits in enumerate(left) if not _is_single(bits)]
    if not open_values:
        yield [bits.bit_length() - 1 for bits in left]
        return
    value = min(open_values, key=lambda value: left[value].bit_count())
    tried = [place for place in range(size) if left[value] >> place & 1]
    for place in sorted(tried, key=lambda place: place == last[value]):
        yield from solutions([*left[:value], 1 << place, *left[value + 1 :]], clues, size, last)
