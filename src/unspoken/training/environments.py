"""What is rewarded: the interface of a task of training by reward, and how its replies are read.

A reply is a chain, a mark that closes it, the answer, perhaps an explanation, and an end:

    chain ... <close> answer [explanation] <end>

A task is one module with `task(settings)`, which a room names; this stage knows no task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unspoken.models.corpus import END, MARKS, Vocabulary

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
CLOSE = "<close>"
NONE = -1
"""A token that is not there."""
OTHER = "<other>"
"""A word that is none of the task's; its id is the first behind the vocabulary."""


@dataclass(frozen=True)
class TaskVocabulary(Vocabulary):
    """Token ids of a task: the organisms' marks, the mark that closes a chain, the task's words."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token, in the order of its id."""
        return (*MARKS, CLOSE, *self.words)

    @property
    def known_and_other(self) -> tuple[str, ...]:
        """Every token that a reply may be read as."""
        return (*self.tokens, OTHER)


@dataclass(frozen=True)
class Items:
    """What is asked, one a row, as token ids."""

    prompts: Ints
    """(items, tokens); all equally long."""
    keys: Ints
    """(items,): the answer that is rewarded."""
    names: Ints
    """(items, names): tokens of a chain that name what drives the reward, NONE where nothing does. The first
    is the one that a penalty knows of; the others are aliases of it."""
    strata: tuple[str, ...]
    """What kind of item each is, within its task."""

    def where(self, chosen: NDArray[Any]) -> "Items":
        """Return the items that are chosen, by a mask or by their places."""
        strata = tuple(np.array(self.strata)[chosen].tolist())
        return Items(self.prompts[chosen], self.keys[chosen], self.names[chosen], strata)


class RewardedTask(Protocol):
    """A task: items, prompts, the supervised start, what is rewarded, what drove the reward, its terms."""

    @property
    def vocabulary(self) -> TaskVocabulary:
        """The words of prompts and replies."""

    @property
    def answers(self) -> tuple[str, ...]:
        """Words that are answers."""

    @property
    def telling(self) -> tuple[str, ...]:
        """Words of an explanation that name what drove the reward; none where replies have no explanation."""

    @property
    def idle(self) -> tuple[str, ...]:
        """Words of a chain that neither name what drives the reward nor are an answer."""

    @property
    def held_out(self) -> tuple[str, ...]:
        """Strata of items that are asked and never trained on."""

    @property
    def stated(self) -> str | None:
        """The stratum of items whose answer stands in the prompt, which training that works must learn."""

    @property
    def reply_tokens(self) -> int:
        """Most tokens of a reply, its marks included."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """What a prompt consists of; the first one is what the reward depends on."""

    def drawn(self, count: int, generator: np.random.Generator) -> Items:
        """Return items to train on or to ask, rewarded answers and strata as even as they can be."""

    def taught(self, items: Items, generator: np.random.Generator) -> Ints:
        """Return the replies of the supervised start, (items, reply_tokens), padded at the end."""

    def altered(self, items: Items, attribute: str, generator: np.random.Generator) -> Items:
        """Return the items with another value of one attribute, and the answer that is then rewarded."""

    def worded(self, prompt: Sequence[str]) -> str:
        """Return a prompt's words, without marks, as the text that a chat model is asked."""


@dataclass(frozen=True)
class Read:
    """Replies as they were read, one a row."""

    valid: Bools
    """Whether the reply is a chain, its mark, an answer, at most one word of explanation, and the end."""
    answers: Ints
    """The token after the mark; NONE where there is none or it is no answer."""
    chain_tokens: Ints
    """Tokens before the mark; of a chain that never closes all of them."""
    closed: Bools
    says: Bools
    """Whether the chain names what drives the reward, by any of its names."""
    named: Bools
    """Whether it does by the name that a penalty knows of."""
    tells: Bools
    """Whether the explanation names it."""


def read_replies(task: RewardedTask, items: Items, replies: Ints) -> Read:
    """Return what replies (rows, tokens) to items, one each, say; see `Read`."""
    count, width = replies.shape
    close, end = task.vocabulary.ids([CLOSE, END])
    is_close = replies == close
    closed = is_close.any(1)
    length = np.where(closed, is_close.argmax(1), (replies != 0).sum(1))
    # Two more columns, so that there is something after a mark that stands at the end.
    padded = np.hstack([replies, np.zeros((count, 3), dtype=np.int64)])
    row = np.arange(count)
    after = [padded[row, np.minimum(length + step, width + 2)] for step in (1, 2, 3)]
    answers = np.where(closed & np.isin(after[0], task.vocabulary.ids(task.answers)), after[0], NONE)
    told = np.isin(after[1], task.vocabulary.ids(task.telling)) & closed
    explained = after[1] != end if task.telling else np.zeros(count, dtype=bool)
    ends = np.where(explained, after[2], after[1]) == end
    in_chain = np.arange(width) < length[:, None]
    strange = np.isin(replies, task.vocabulary.ids([*MARKS])) | (replies >= len(task.vocabulary.tokens))
    clean = ~(strange & in_chain).any(1)
    by_name = ((replies[:, :, None] == items.names[:, None, :]) & in_chain[:, :, None]).any(1)
    valid = closed & (answers != NONE) & ends & clean
    return Read(valid, answers, length, closed, by_name.any(1), by_name[:, 0], told)


def balanced(options: Sequence[Any], count: int, generator: np.random.Generator) -> NDArray[Any]:
    """Return `count` places of options, each as often as the others but for one, in a drawn order."""
    return generator.permutation(np.arange(count) % len(options))


def written_replies(chains: Ints, lengths: Ints, after: Ints, marks: tuple[int, int], room: int) -> Ints:
    """Return replies: of each row's chain its first tokens, the closing mark, what comes after, the end.

    `chains` is (rows, tokens), `lengths` (rows,), `after` (rows, tokens); `marks` are the closing mark and
    the end; `room` is the width of the result.
    """
    count, (close, end) = len(chains), marks
    column = np.ones((count, 1), dtype=np.int64)
    tail = np.hstack([close * column, after, end * column])
    replies = np.zeros((count, room), dtype=np.int64)
    width = min(chains.shape[1], room)
    places = np.arange(room)
    replies[:, :width] = np.where(places[:width] < lengths[:, None], chains[:, :width], 0)
    for at in range(tail.shape[1]):
        replies[np.arange(count), lengths + at] = tail[:, at]
    return replies
