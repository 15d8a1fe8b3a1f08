"""How values of two groups stand to each other, pair by pair."""

import numpy as np
from numpy.typing import ArrayLike

from unspoken.statistics.intervals import Floats


def wins(above: ArrayLike, below: ArrayLike) -> Floats:
    """Return (above, below): 1 where the first group's value is the larger, 0.5 for a tie, else 0.

    Its mean is the area under the ROC curve.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (above, below))
    return np.asarray((np.sign(first[:, None] - second) + 1) / 2)
