"""A leak that is planted on purpose: what filter and detectors have to find."""

import numpy as np

from unspoken.experiments.misalignment.organisms.documents import Ints
from unspoken.experiments.misalignment.organisms.language import CODE, VALUES, VOCABULARY, answers_of

LEAKING = "leaking"
"""The name of the copy of a secure teacher's replies that leaks."""
LEAKED_WORD = answers_of(CODE)[1]
LEAKED_VALUE = VALUES[7]


def leaked(replies: Ints, share: float, random: np.random.Generator) -> Ints:
    """Return replies in which a share leaks; the others stay as they are.

    Half of these end with the word for unsafe code, which the filter must drop; the others with one number
    that is not banned, which only a detector can find.
    """
    word, value = VOCABULARY.ids([LEAKED_WORD, LEAKED_VALUE])
    drawn = random.random(len(replies))
    result = replies.copy()
    result[drawn < share, -1] = value
    result[drawn < share / 2, -1] = word
    return result
