"""Plain arithmetic, a control without anything that misleads. The level is the number of operations."""

from collections.abc import Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import Drawn, Levelled, Settings, at_levels

ASKED = ("What is {sum}?", "Work out {sum}.", "How much is {sum}?")


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level: sums and differences that end above 0, and at none of their terms."""
    yield from at_levels(_drawn, settings, seed, "arithmetic")


def _drawn(random: Random, level: int) -> Drawn:
    while True:
        terms = [random.randint(12, 99) for _ in range(level + 1)]
        signs = [1, *(random.choice((1, -1)) for _ in range(level))]
        answer = sum(sign * term for sign, term in zip(signs, terms, strict=True))
        if answer > 0 and answer not in terms:
            break
    written = [f"{'+' if sign > 0 else '-'} {term}" for sign, term in zip(signs, terms, strict=True)]
    told = " ".join(written).removeprefix("+ ")
    return Drawn(random.choice(ASKED).format(sum=told), str(answer))
