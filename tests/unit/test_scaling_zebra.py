"""Zebra puzzles: the generator's own solver against all permutations, and what guessing gets."""

import re
from itertools import permutations, product
from random import Random

import polars as pl
import pytest
from test_scaling_items import made

from unspoken.experiments.scaling.tasks.deduction import Clue, holds, narrowed, solutions
from unspoken.experiments.scaling.tasks.zebra import SHARES

SIZE = 3


def every_solution(clues: list[Clue]) -> set[tuple[int, ...]]:
    """Return what satisfies clues about three attributes of three people, by trying everything."""
    whole = product(permutations(range(SIZE)), repeat=SIZE)
    tried = (tuple(place for row in rows for place in row) for rows in whole)
    return {at for at in tried if all(holds(clue, at, SIZE) for clue in clues)}


def random_clue(random: Random) -> Clue:
    kind = random.choice(list(SHARES))
    one, other = random.sample(range(SIZE * SIZE), 2)
    if kind in ("at", "not_at", "end"):
        return Clue(kind, one, place=random.randrange(SIZE))
    return Clue(kind, one, other)


def test_the_generators_solver_finds_exactly_what_trying_everything_finds() -> None:
    open_places = [(1 << SIZE) - 1] * SIZE * SIZE
    sizes = []
    for number in range(300):
        random = Random(number)
        clues = [random_clue(random) for _ in range(number % 9)]
        last = [place for _ in range(SIZE) for place in random.sample(range(SIZE), SIZE)]
        found = [tuple(at) for at in solutions(open_places, clues, SIZE, last)]
        assert len(found) == len(set(found))
        assert set(found) == every_solution(clues), clues
        left = narrowed(open_places, clues, SIZE)
        for at in found:
            assert left is not None
            assert all(bits >> place & 1 for bits, place in zip(left, at, strict=True))
        sizes.append(len(found))
    assert {0, 1} < set(sizes)


def test_a_puzzle_has_as_many_attributes_as_people_and_irrelevant_clues() -> None:
    for size in (3, 5, 8):
        items = made("zebra", 2, {"levels": [size], "irrelevant": 4})
        for text, options, answer, marked in items.select(
            "text", "options", "answer", "distractors"
        ).iter_rows():
            lists = re.findall(r"^- .+: (.+)$", text, re.MULTILINE)
            assert [len(values.split(", ")) for values in lists] == [size] * size
            assert sorted(lists[0].split(", ")) == options
            assert answer in options
            assert len(marked) == 4


@pytest.mark.heavy
def test_guessing_by_where_names_stand_gets_no_more_than_chance() -> None:
    """A name that is listed first, said most, said least, or never said with what is asked."""
    items = made("zebra", 600, {"levels": [5], "irrelevant": 3})
    hits = [guesses(text, answer) for text, answer in items.select("text", "answer").iter_rows()]
    rates = pl.DataFrame(hits).mean().row(0, named=True)
    assert all(rate < 0.2 + 3.3 * (0.2 * 0.8 / 600) ** 0.5 for rate in rates.values()), rates


def guesses(text: str, answer: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line]
    lists = [line.partition(": ")[2].split(", ") for line in lines if line.startswith("- ")]
    names, clues = lists[0], lines[6:-1]
    asked = next(value for values in lists for value in values if re.search(rf"\b{value}\b", lines[-1]))
    said = {name: sum(bool(re.search(rf"\b{name}\b", clue)) for clue in clues) for name in names}
    beside = {
        name: sum(
            bool(re.search(rf"\b{name}\b", clue) and re.search(rf"\b{asked}\b", clue)) for clue in clues
        )
        for name in names
    }
    guessed = [names[0], names[-1], max(said, key=said.__getitem__), min(said, key=said.__getitem__),
               max(beside, key=beside.__getitem__), min(beside, key=beside.__getitem__)]  # fmt: skip
    ways = ("first", "last", "most", "least", "beside", "apart")
    return {way: float(name == answer) for way, name in zip(ways, guessed, strict=True)}
