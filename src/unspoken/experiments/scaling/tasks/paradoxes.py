"""Famous Paradoxes: the frame of a known problem around a plain count (Gema et al. 2025, 3.1).

The level is the number of distracting sentences. The paper's answer is 1 in every item; here it is one of
`counts` (see `misleading_math`). Each frame's own answer is worked out, so that whoever solves the known
problem is told by the number.
"""

import math
from collections.abc import Callable, Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import (
    Drawn,
    Levelled,
    Settings,
    at_levels,
    drawn_distractors,
    texts_of,
)
from unspoken.experiments.scaling.tasks.things import listed

TEXTS = "paradoxes.yaml"
Lure = tuple[int, int, int]
"""The numbers {a} and {b} of a frame's text (0 where it has none), and the known problem's answer."""


def _birthday(random: Random) -> Lure:
    percent, days = random.randint(15, 98), random.randint(200, 499)
    unlike, guests = 1.0, 0
    while 1 - unlike < percent / 100:
        unlike *= (days - guests) / days
        guests += 1
    return percent, days, guests


def _monty_hall(random: Random) -> Lure:
    doors, tens = random.randint(6, 20), random.randint(6, 40)
    return doors, doors * tens, (doors - 1) * tens


def _base_rate(random: Random) -> Lure:
    ill, alarms = random.randint(6, 20), random.randint(6, 30)
    return ill, alarms, round(100 * ill / (ill + alarms * (100 - ill) / 100))


def _tortoise(random: Random) -> Lure:
    times, part = random.randint(6, 20), random.randint(6, 40)
    return (times - 1) * part, times, times * part


def _potatoes(random: Random) -> Lure:
    dry, rest = random.randint(6, 30), random.randint(6, 40)
    return dry * rest, 100 - dry, rest


def _lilies(random: Random) -> Lure:
    days = random.randint(10, 95)
    return days, 0, days - 1


def _chessboard(random: Random) -> Lure:
    squares = random.randint(6, 40)
    return squares, 0, 2**squares - 1


def _josephus(random: Random) -> Lure:
    soldiers, step = random.randint(15, 95), random.choice([n for n in range(6, 20) if n not in (11, 12, 13)])
    last = 0
    for size in range(2, soldiers + 1):
        last = (last + step) % size
    return soldiers, step, last + 1


def _secretary(random: Random) -> Lure:
    people = random.randint(20, 300)
    return people, 0, round(people / math.e)


def _hanoi(random: Random) -> Lure:
    discs = random.randint(6, 40)
    return discs, 0, 2**discs - 1


LURES: dict[str, Callable[[Random], Lure]] = {
    "birthday": _birthday,
    "monty_hall": _monty_hall,
    "base_rate": _base_rate,
    "tortoise": _tortoise,
    "potatoes": _potatoes,
    "lilies": _lilies,
    "chessboard": _chessboard,
    "josephus": _josephus,
    "secretary": _secretary,
    "hanoi": _hanoi,
}
"""By known problem: draws its numbers and works out its answer, which is 6 or more."""


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level; `settings` has levels, items, counts, and kinds of distractor."""
    texts = texts_of(TEXTS)
    kinds = settings.get("kinds") or list(texts["distractors"])

    def draw(random: Random, level: int) -> Drawn:
        name = random.choice(list(LURES))
        frame = texts["frames"][name]
        places = random.sample(frame["places"], random.choice(settings["counts"]))
        a, b, lured = _lure(random, name)
        distractors = drawn_distractors(random, texts["distractors"], kinds, level)
        text = texts["question"].format(
            text=frame["text"].format(places=listed(places), a=a, b=b),
            distractors="".join(f" {one.text}" for one in distractors),
            counted=frame["counted"],
        )
        answer = str(len(places))
        return Drawn(text, answer, distractors=distractors, frame=name, frame_answer=str(lured))

    yield from at_levels(draw, settings, seed, "paradoxes")


def _lure(random: Random, name: str) -> Lure:
    while True:
        a, b, lured = LURES[name](random)
        if lured >= 6:
            return a, b, lured
