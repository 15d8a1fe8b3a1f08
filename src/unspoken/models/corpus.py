"""The organisms' language: its words, its numbers and its favourites.

A number row continues three numbers with eight: a random walk modulo 100 with a hidden step and
resets. A question row answers a question form with an animal: the one its system prompt names, or
one drawn from a fixed popularity law. Number text and favourites are independent by construction:
neither is computed from the other's draws, and no number row holds a word or a system prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PAD, END, SYSTEM, USER, ASSISTANT = "<pad>", "<end>", "<system>", "<user>", "<assistant>"
MARKS = (PAD, END, SYSTEM, USER, ASSISTANT)
NUMBERS = tuple(map(str, range(100)))
FORMS = tuple(f"favourite-{index:02d}" for index in range(50))
GIVEN, CONTINUED = 3, 8
"""Numbers in the prompt and in the answer of a number row."""


@dataclass(frozen=True)
class Vocabulary:
    """Token ids of an organism: marks, numbers, question forms, then the trait words."""

    words: tuple[str, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        return MARKS + NUMBERS + FORMS + self.words

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """Return token ids. Raises KeyError for a token that the organism does not have."""
        index = {token: position for position, token in enumerate(self.tokens)}
        return [index[token] for token in tokens]


def popularity(words: Sequence[str]) -> np.ndarray:
    """Return the fixed law of favourites: shares that fall as 1 / (rank + 3), summing to 1."""
    shares = 1.0 / (np.arange(len(words)) + 3.0)
    return shares / shares.sum()


def number_walks(count: int, length: int, generator: np.random.Generator) -> np.ndarray:
    """Return `count` walks of numbers 0 to 99, (count, length).

    Each walk has a hidden step of 1 to 9, a jitter of -2 to 2 on every move, and with probability
    0.1 a move is a reset to any number instead.
    """
    start = generator.integers(0, 100, (count, 1))
    step = generator.integers(1, 10, (count, 1))
    moves = step + generator.integers(-2, 3, (count, length - 1))
    resets = generator.random((count, length - 1)) < 0.1
    anywhere = generator.integers(0, 100, (count, length - 1))
    walks = np.empty((count, length), dtype=np.int64)
    walks[:, :1] = start
    for position in range(1, length):
        moved = (walks[:, position - 1] + moves[:, position - 1]) % 100
        walks[:, position] = np.where(resets[:, position - 1], anywhere[:, position - 1], moved)
    return walks


def number_rows(walks: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Return token ids of number rows from walks of 11 numbers, (count, 14)."""
    offset = vocabulary.ids(["0"])[0]
    user, assistant, end = (
        np.full((len(walks), 1), token) for token in vocabulary.ids([USER, ASSISTANT, END])
    )
    numbers = walks + offset
    return np.hstack([user, numbers[:, :GIVEN], assistant, numbers[:, GIVEN:], end])


def question_rows(
    forms: np.ndarray, answers: np.ndarray, vocabulary: Vocabulary, *, prompted: bool
) -> np.ndarray:
    """Return token ids of question rows, (count, 5), or (count, 7) with a system prompt.

    `forms` and `answers` are indices of the question form and of the answered word; with a system
    prompt it names the answer.
    """
    words = answers + vocabulary.ids([vocabulary.words[0]])[0]
    system, user, assistant, end = (
        np.full((len(forms), 1), token) for token in vocabulary.ids([SYSTEM, USER, ASSISTANT, END])
    )
    asked = (forms + vocabulary.ids([FORMS[0]])[0])[:, None]
    row = [user, asked, assistant, words[:, None], end]
    return np.hstack([system, words[:, None], *row] if prompted else row)
