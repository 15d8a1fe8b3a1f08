"""Misleading Math: how many things one has, among sentences that do not matter (Gema et al. 2025, 3.1).

The level is the number of those sentences. The paper's answer is 2 in every item; here it is one of
`counts`, so that whoever says the same always is not right always.
"""

from collections.abc import Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import (
    Drawn,
    Levelled,
    Settings,
    at_levels,
    drawn_distractors,
    texts_of,
)
from unspoken.experiments.scaling.tasks.things import drawn_things

TEXTS = "misleading_math.yaml"


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level; `settings` has levels, items, counts, and kinds of distractor."""
    texts = texts_of(TEXTS)
    kinds = settings.get("kinds") or list(texts)

    def draw(random: Random, level: int) -> Drawn:
        held = drawn_things(random, settings["counts"])
        distractors = drawn_distractors(random, texts, kinds, level, held.things)
        sentences = [held.said, *(one.text for one in distractors), held.question]
        return Drawn(" ".join(sentences), str(len(held.things)), distractors=distractors)

    yield from at_levels(draw, settings, seed, "misleading_math")
