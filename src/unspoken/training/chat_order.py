"""The order in which rows of different lengths are trained on, so that little is padded."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

BATCHES_SORTED = 16
"""Batches whose rows are sorted by length together."""


def grouped_order(lengths: np.ndarray, batch: int, generator: np.random.Generator) -> np.ndarray:
    """Return every place once, so that each `batch` of them in turn has rows of similar lengths.

    Rows are drawn at random into stretches of BATCHES_SORTED batches, sorted by length in these and
    cut; the batches of all stretches come in random order, so that length does not follow time. In
    a batch the longest comes first. What makes no whole batch comes last, and is drawn from all rows.
    """
    drawn = generator.permutation(len(lengths))
    whole = len(drawn) // batch * batch
    stretches = np.split(drawn[:whole], range(BATCHES_SORTED * batch, whole, BATCHES_SORTED * batch))
    by_length = np.concatenate([_longest_first(one, lengths) for one in stretches])
    batches = generator.permutation(by_length.reshape(-1, batch))
    return np.concatenate([batches.ravel(), _longest_first(drawn[whole:], lengths)])


def _longest_first(places: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return places[np.argsort(-lengths[places], kind="stable")]


class GroupedByLength(Sampler[int]):
    """Gives the order of each pass over the rows, drawn by the seed and the number of the pass.

    (The stock sampler sorts up to 50 batches and trains on them from long to short.)
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int, steps_done: Callable[[], int]) -> None:
        """Take the rows' lengths; `steps_done` tells the optimiser updates so far, also of a resumed run."""
        self.lengths, self.batch, self.seed = np.asarray(lengths), batch, seed
        self.steps_done = steps_done

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        passes = self.steps_done() // -(-len(self) // self.batch)
        generator = np.random.default_rng([self.seed, passes])
        return iter(grouped_order(self.lengths, self.batch, generator).tolist())
