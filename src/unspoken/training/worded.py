"""A task of training by reward as texts, for chat models: the same items, replies read by the same code.

A reply is its words between spaces, with `Answer:` in the place of the mark that closes a chain:

    thinking so well B Answer: B by-itself
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from unspoken.models.corpus import END, MARKS
from unspoken.training.environments import CLOSE, OTHER, Ints, RewardedTask

CLOSING = "Answer:"
LONGER = 2
"""Room of a reply, in tokens of the model, by the longest that is taught."""


@dataclass(frozen=True)
class Worded:
    """The texts of a task: from token ids of its vocabulary, and back."""

    task: RewardedTask

    def _words(self, ids: Ints) -> list[str]:
        """Return the words of token ids, without marks but the closing one."""
        known = self.task.vocabulary.known_and_other
        words = [known[token] for token in ids]
        return [CLOSING if word == CLOSE else word for word in words if word not in MARKS]

    def prompt(self, ids: Ints) -> str:
        """Return what a chat model is asked."""
        return self.task.worded(self._words(ids))

    def text(self, ids: Ints) -> str:
        """Return a reply, or a part of one."""
        return " ".join(self._words(ids))

    def begun(self, chain: Ints) -> str:
        """Return the beginning of a reply, up to its answer."""
        return " ".join([*self._words(chain), CLOSING])

    def choices(self) -> list[str]:
        """Return the answers as they go on from what is begun."""
        return [f" {word}" for word in self.task.answers]

    def replies(self, texts: Iterable[str], ended: Iterable[bool]) -> Ints:
        """Return replies as token ids (rows, reply_tokens), an end behind those that have `ended`.

        A word that the task does not know is `environments.OTHER`; words beyond the room are left out, and so
        is then the end.
        """
        vocabulary, room = self.task.vocabulary, self.task.reply_tokens
        known = {word: place for place, word in enumerate(vocabulary.known_and_other)}
        known = {word: place for word, place in known.items() if word not in (*MARKS, CLOSE)}
        known |= {CLOSING: vocabulary.ids([CLOSE])[0]}
        end = vocabulary.ids([END])[0]
        rows = [
            [known.get(word, known[OTHER]) for word in text.split()] + [end] * bool(whole)
            for text, whole in zip(texts, ended, strict=True)
        ]
        replies = np.zeros((len(rows), room), dtype=np.int64)
        for place, row in enumerate(rows):
            replies[place, : len(row)] = row[:room]
        return replies


def room_of(task: RewardedTask, tokenizer: Any) -> int:
    """Return the tokens that a reply may have: LONGER times the longest of some that are taught."""
    generator = np.random.default_rng(0)
    taught = task.taught(task.drawn(256, generator), generator)
    texts = [Worded(task).text(row) for row in taught]
    return LONGER * max(len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"])
