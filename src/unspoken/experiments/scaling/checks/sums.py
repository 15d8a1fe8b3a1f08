"""Sums and word problems worked out from their texts alone."""

import re

TERM = re.compile(r"([+-]?) ?(\d+)")
CHANGE = re.compile(r"\b(has|finds|gets|buys|gives|loses|sells|is sent) (\d+)( (?:boxes|bags)[^.]*? (\d+))?")
AWAY = ("gives", "loses", "sells")


def sum_of(text: str) -> str:
    """Return what a chain of additions and subtractions comes to. Raises ValueError for another text."""
    written = re.search(r"(\d+(?: [+-] \d+)+)", text)
    if not written:
        raise ValueError(f"not understood: {text}")
    total = 0
    for sign, number in TERM.findall(written[1]):
        total += -int(number) if sign == "-" else int(number)
    return str(total)


def left_in(text: str) -> str:
    """Return how many things somebody has at the end of a story. Raises ValueError for another text."""
    *story, question = re.findall(r"[^.?]+[.?]", text)
    if "How many" not in question:
        raise ValueError(f"not understood: {text}")
    count = 0
    for sentence in story:
        change = CHANGE.search(sentence)
        if not change:
            raise ValueError(f"not understood: {sentence}")
        number = int(change[2]) * (int(change[4]) if change[3] else 1)
        count += -number if change[1] in AWAY else number
    return str(count)
