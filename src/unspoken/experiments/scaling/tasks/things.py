"""Things in the reader's hands, and the question of how many there are."""

from dataclasses import dataclass
from random import Random

from unspoken.experiments.scaling.tasks.drawing import texts_of


@dataclass(frozen=True)
class Held:
    """Unlike things of one category that the reader has."""

    things: list[str]
    question: str
    name: str
    """The category as a name in code."""

    @property
    def said(self) -> str:
        """Return the sentence that says what there is."""
        return f"You have {listed(self.things)}."


def drawn_things(random: Random, counts: list[int]) -> Held:
    """Return unlike things of a category, as many as one of `counts` says."""
    texts = texts_of("things.yaml")
    category = random.choice(list(texts["categories"].values()))
    things = random.sample(category["things"], random.choice(counts))
    question = random.choice(texts["questions"]).format(counted=category["counted"])
    return Held(things, question, category["name"])


def with_article(thing: str) -> str:
    """Return a thing with its indefinite article."""
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def listed(things: list[str]) -> str:
    """Return things with their articles, as a list in a sentence."""
    *first, last = map(with_article, things)
    return f"{', '.join(first)} and {last}" if first else last
