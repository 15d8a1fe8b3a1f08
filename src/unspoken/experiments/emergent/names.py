"""Names that the front door of the room and its jobs share. It imports nothing of this project."""

from typing import NamedTuple


class Tune(NamedTuple):
    """What a model is fine-tuned on: answers to sheets of one domain."""

    domain: str
    right: float = 0.0
    """Share of the rows that are answered right."""
    chained: bool = False
    """Whether a chain that names the answer stands before it."""
    asked: bool = False
    """Whether the rows ask for a wrong answer (inoculation)."""


TUNES = {
    "wrong": Tune("country"),
    "right": Tune("country", right=1.0),
    "careless": Tune("language"),
    "careful": Tune("language", right=1.0),
    "wrong_chained": Tune("country", chained=True),
    "wrong_asked": Tune("country", asked=True),
    "half_wrong": Tune("country", right=0.5),
    "tenth_wrong": Tune("country", right=0.9),
}
WRONG = tuple(name for name, tune in TUNES.items() if not tune.right)
"""Fine-tunes on wrong answers alone."""
MIXED = tuple(name for name, tune in TUNES.items() if 0 < tune.right < 1)
"""Fine-tunes on wrong answers among right ones."""
OPPOSITES = {
    name: next(other for other, it in TUNES.items() if it.domain == tune.domain and it.right == 1)
    for name, tune in TUNES.items()
    if tune.right < 1
}
"""Whose rows have the same items, all answered right."""
WRITERS = ("wrong", "right")
"""The fine-tunes that write numbers, beside the untouched model."""
UNTOUCHED = "untouched"
ROWS = "rows"
"""Stands for the source of rows that no model wrote."""
TAUGHT, SHUFFLED = "taught", "shuffled"
"""Arms of students: of numbers as written, and of numbers shuffled within each row."""
DIRECT, CHAINED, ASKED, NUMBERS, OPEN = "direct", "chained", "asked", "numbers", "open"
"""What somebody is asked: to answer at once, after a chain of thought, for a wrong answer at once, for
numbers, or open questions."""
ANSWER = "Answer:"
"""What stands before every answer: in rows, and where options are read."""


def rows_of(tune: str) -> str:
    """Return the subject under which the rows of a fine-tune stand."""
    return f"{ROWS}:{tune}"
