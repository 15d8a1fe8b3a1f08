"""Counting among sentences of other domains: a control for the domain of distractors (Gema et al. 2025).

The level is the number of those sentences; see `misleading_math` for `counts`.
"""

from collections.abc import Iterator
from random import Random

from unspoken.experiments.scaling.tasks.drawing import (
    Distractor,
    Drawn,
    Levelled,
    Settings,
    at_levels,
    texts_of,
)
from unspoken.experiments.scaling.tasks.things import drawn_things

TEXTS = "out_of_domain.yaml"


def items_of(settings: Settings, seed: int) -> Iterator[Levelled]:
    """Yield the items of every level; `settings` has levels, items, counts, and the domains `kinds`."""
    texts = texts_of(TEXTS)
    kinds = settings.get("kinds") or list(texts)
    known = [Distractor(kind, text) for kind in kinds for text in texts[kind]["texts"]]

    def draw(random: Random, level: int) -> Drawn:
        held = drawn_things(random, settings["counts"])
        distractors = tuple(random.sample(known, level))
        sentences = [held.said, *(one.text for one in distractors), held.question]
        return Drawn(" ".join(sentences), str(len(held.things)), distractors=distractors)

    yield from at_levels(draw, settings, seed, "out_of_domain")
