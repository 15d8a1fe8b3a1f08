"""Misleading Python: how many things one has, beside code that seems to count them (Gema et al. 2025, 3.1).

The level is the number of snippets; see `misleading_math` for `counts`.
"""

from collections.abc import Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import (
    Distractor,
    Drawn,
    Levelled,
    Settings,
    at_levels,
)
from unspoken.experiments.scaling.tasks.snippets import SNIPPETS
from unspoken.experiments.scaling.tasks.things import drawn_things

WRITERS = ("A friend", "Your sister", "A colleague", "Somebody in your class", "The neighbour's son")
SAID = (
    "{writer} says that this Python code counts such things:",
    "{writer} counts with this Python code:",
    "{writer} has sent you some Python code about it:",
)


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level; `settings` has levels, items, counts, and kinds of snippet."""
    kinds = settings.get("kinds") or list(SNIPPETS)

    def draw(random: Random, level: int) -> Drawn:
        held = drawn_things(random, settings["counts"])
        distractors = tuple(_distractor(random, kind, held.name) for kind in random.sample(kinds, level))
        parts = [held.said, *(one.text for one in distractors), held.question]
        return Drawn("\n\n".join(parts), str(len(held.things)), distractors=distractors)

    yield from at_levels(draw, settings, seed, "misleading_python")


def _distractor(random: Random, kind: str, name: str) -> Distractor:
    code, value = SNIPPETS[kind](random, name)
    said = random.choice(SAID).format(writer=random.choice(WRITERS))
    return Distractor(kind, f"{said}\n```python\n{code}\n```", str(value))
