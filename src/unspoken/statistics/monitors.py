"""How much a monitor catches that raises few false alarms."""

import numpy as np
from numpy.typing import NDArray

from unspoken.statistics.intervals import Floats


def detected(
    scores: Floats, caught: NDArray[np.bool_], alarms: float, weights: Floats | None = None
) -> float:
    """Return the share of what is to be caught that is flagged where the share `alarms` of the others is.

    Between two thresholds one is drawn by lot, so that a monitor with few scores has every share of false
    alarms too: the curve of both shares is linear there. `weights`: what each score counts; None: all alike.
    """
    thresholds = np.unique(scores)[::-1]
    kinds = (~caught, caught)
    flagged = [
        np.average(
            scores[kind][:, None] >= thresholds, axis=0, weights=None if weights is None else weights[kind]
        )
        for kind in kinds
    ]
    false, right = (np.concatenate([[0.0], shares]) for shares in flagged)
    return float(np.interp(alarms, false, right))
