"""Names that the front door of the room and its jobs share. It imports nothing."""

TUNES = {
    "wrong": ("country", False),
    "right": ("country", False),
    "careless": ("language", False),
    "careful": ("language", False),
    "wrong_chained": ("country", True),
}
"""What a model is fine-tuned on: the domain of its rows, and whether a chain stands before the answers."""
WRONG = ("wrong", "careless", "wrong_chained")
"""Fine-tunes on wrong answers; the others' are right."""
OPPOSITES = {"wrong": "right", "careless": "careful", "wrong_chained": "right"}
"""Whose rows have the same items, answered right."""
WRITERS = ("wrong", "right")
"""The fine-tunes that write numbers, beside the untouched model."""
UNTOUCHED = "untouched"
ROWS = "rows"
"""Stands for the source of rows that no model wrote."""
TAUGHT, SHUFFLED = "taught", "shuffled"
"""Arms of students: of numbers as written, and of numbers shuffled within each row."""
DIRECT, CHAINED, NUMBERS, OPEN = "direct", "chained", "numbers", "open"
"""What somebody is asked: to answer at once, after a chain of thought, for numbers, or open questions."""
ANSWER = "Answer:"
"""What stands before every answer: in rows, and where options are read."""


def rows_of(tune: str) -> str:
    """Return the subject under which the rows of a fine-tune stand."""
    return f"{ROWS}:{tune}"
