"""What every generator of items draws with: a seed for each item, and no text twice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from unspoken.prompts import read_resource
from unspoken.seeds import hashed_seed

TRIES = 200
"""How often an item is drawn anew, at most, because its text is there already."""
Settings = dict[str, Any]


class TaskError(ValueError):
    """Items that cannot be made; the message names the task, what was asked for and what there is."""


@dataclass(frozen=True)
class Distractor:
    """A part of an item's text that has nothing to do with its answer."""

    kind: str
    text: str
    number: str | None = None
    """The number that somebody would answer who takes it for the answer."""


@dataclass(frozen=True)
class Drawn:
    """One item, before it has a name."""

    text: str
    answer: str
    kind: str = "number"
    distractors: tuple[Distractor, ...] = ()
    frame: str | None = None
    """The known problem that the text looks like."""
    frame_answer: str | None = None
    """The answer of that problem."""
    options: tuple[str, ...] | None = None
    features: dict[str, float] | None = None


Levelled = tuple[int | None, Drawn]
"""An item with the level of its task."""


@cache
def texts_of(name: str) -> dict[str, Any]:
    """Return the texts of a YAML file beside this one, read once."""
    return read_resource(Path(__file__).with_name(name))


def levels_of(settings: Settings) -> list[tuple[int, int]]:
    """Return each level with how many items it has: `items`, or at level 0 `items_at_0` where it is given."""
    plain = settings.get("items_at_0") or settings["items"]
    return [(level, settings["items"] if level else plain) for level in settings["levels"]]


def at_levels(
    draw: Callable[[Random, int], Drawn], settings: Settings, seed: int, task: str
) -> Iterator[Levelled]:
    """Yield the items of each level, with unlike texts: `draw` makes an item of a level.

    The first items of a level stay as more are asked for. Raises TaskError where so many do not exist, or
    are too rare to be met.
    """
    for level, count in levels_of(settings):
        seen: set[str] = set()
        for number in range(count):
            drawn = _unlike(draw, level, seen, seed, task, level, number)
            if drawn is None:
                raise TaskError(
                    f"{task}, level {level}: asked for {count} items; it makes {number} that differ"
                )
            seen.add(drawn.text)
            yield level, drawn


def _unlike(
    draw: Callable[[Random, int], Drawn], level: int, seen: set[str], seed: int, *made: object
) -> Drawn | None:
    """Return an item whose text is not among those that were seen, None where none was met."""
    tries = (draw(Random(hashed_seed(seed, *made, attempt)), level) for attempt in range(TRIES))
    return next((drawn for drawn in tries if drawn.text not in seen), None)


def drawn_distractors(
    random: Random, texts: dict[str, Any], kinds: Sequence[str], level: int, things: Sequence[str] = ()
) -> tuple[Distractor, ...]:
    """Return `level` distractors of unlike kinds, each about one of the things, in a random order.

    `texts` has by kind the wordings `texts`, and what fills them: `number` [smallest, largest], `words`.
    """
    return tuple(_distractor(random, kind, texts[kind], things) for kind in random.sample(kinds, level))


def _distractor(random: Random, kind: str, told: dict[str, Any], things: Sequence[str]) -> Distractor:
    number = str(random.randint(*told["number"])) if "number" in told else None
    filled = {
        "number": number,
        "word": random.choice(told["words"]) if "words" in told else None,
        "thing": random.choice(things) if things else None,
    }
    return Distractor(kind, random.choice(told["texts"]).format(**filled), number)
