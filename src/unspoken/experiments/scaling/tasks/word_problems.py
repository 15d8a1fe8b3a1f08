"""Word problems, a control without anything that misleads. The level is the number of steps."""

from collections.abc import Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import Drawn, Levelled, Settings, at_levels, texts_of

TEXTS = "word_problems.yaml"


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level; the count never falls below 1, and its end is no number of the text."""
    yield from at_levels(_drawn, settings, seed, "word_problems")


def _drawn(random: Random, level: int) -> Drawn:
    while True:
        story, numbers, count = _story(random, level)
        if count not in numbers:
            return Drawn(story, str(count))


def _story(random: Random, level: int) -> tuple[str, list[int], int]:
    """Return a story of so many steps, the numbers in it, and how many things there are at its end."""
    texts = texts_of(TEXTS)
    filled = {"name": random.choice(texts["names"]), "things": random.choice(texts["things"])}
    count = random.randint(20, 90)
    told, numbers = [texts["start"].format(number=count, **filled)], [count]
    for _ in range(level):
        kind = random.choice(["more", "fewer", "boxes"])
        number, each = random.randint(6, 60), 0
        if kind == "boxes":
            number, each = random.randint(6, 12), random.randint(6, 20)
        if kind == "fewer" and number >= count:
            kind = "more"
        count += {"more": number, "fewer": -number, "boxes": number * each}[kind]
        told.append(random.choice(texts["steps"][kind]).format(number=number, each=each, **filled))
        numbers += [number, each]
    return " ".join([*told, texts["question"].format(**filled)]), numbers, count
