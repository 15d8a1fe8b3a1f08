"""What there is in a text that names things one by one, by reading the text alone."""

import re

THINGS = r"an? [a-z]+(?:, an? [a-z]+)*(?: and an? [a-z]+)?"
HELD = re.compile(rf"^You have ({THINGS})\.(?=\s)")
PLACES = re.compile(rf"(?:In|On|Beside|filmed in) ({THINGS})[,.](?=\s)")
ASKED = {
    "held": re.compile(
        r"(?:^|\s)(?:How many .+ do you have(?: in all)?\?|Count the .+ how many are there\?)$"
    ),
    "places": re.compile(r"\sHow many [a-z]+ are there in this story\?$"),
}


def things_in(text: str) -> list[str]:
    """Return the things that the reader has. Raises ValueError for a text that does not say and ask so."""
    return _listed(HELD, ASKED["held"], text)


def places_in(text: str) -> list[str]:
    """Return the places in which a story happens. Raises ValueError as `things_in` does."""
    return _listed(PLACES, ASKED["places"], text)


def _listed(form: re.Pattern[str], question: re.Pattern[str], text: str) -> list[str]:
    found = form.search(text)
    if not found or not question.search(text):
        raise ValueError(f"not understood: {text}")
    return re.findall(r"\ban? ([a-z]+)", found[1])


def held_count(text: str) -> str:
    """Return how many unlike things the reader has."""
    return str(len(set(things_in(text))))


def place_count(text: str) -> str:
    """Return in how many unlike places a story happens."""
    return str(len(set(places_in(text))))
