"""The options that a prompt lists, where a log has them nowhere else."""

import re

from unspoken.questions.own_files import MOST_OPTIONS, letters

_LISTED = re.compile(r"^[ \t]*[(\[]?([A-Z])[)\].:][ \t]+(\S.*?)[ \t]*$", re.MULTILINE)


def options_in(prompt: str) -> list[str] | None:
    """Return the options of a prompt's last list that runs A, B, ... a line each; null where none does."""
    found: list[str] = []
    for letter, text in _LISTED.findall(prompt):
        if letter == "A":
            found = [text]
        elif found and len(found) < MOST_OPTIONS and letter == letters(len(found) + 1)[-1]:
            found.append(text)
    return found if len(found) > 1 else None
