"""Information that words of a chain carry beside those that decide: what a reader does not see in them.

Bits about the rewarded answer, as a held-out classifier finds them: by how much it is less surprised by the
answer than someone who knows how often each answer comes. The visible fields of a prompt are drawn apart from
the answer, so they give a reader nothing to start from. What the classifier finds in chains whose answers
were permuted is taken off.
"""

import numpy as np

from unspoken.experiments.reinforcement.monitors import class_scores, present
from unspoken.statistics.intervals import Floats
from unspoken.training.environments import Bools, Ints

PERMUTATIONS = 40
WEIGHTS = np.linspace(0, 1, 21)
"""Weights of scores that are tried; 0 is to know nothing."""


def _surprises(scores: Floats, right: Ints, weight: float) -> Floats:
    """Return the surprise at the right class of each row, in bits, with scores multiplied by a weight."""
    scaled = weight * scores
    logs = scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)
    return np.asarray(-logs[np.arange(len(right)), right] / np.log(2))


def _surprise(there: Bools, classes: Ints, items: Ints) -> float:
    """Return the mean held-out surprise at the right class, in bits.

    Words that go together count several times for naive Bayes, so its scores are weighted: those of one half
    of the items by the weight that is best for the other half.
    """
    scores, right = class_scores(there, classes, items), np.unique(classes, return_inverse=True)[1]
    total = 0.0
    for fold in (0, 1):
        scored, other = items % 2 == fold, items % 2 != fold
        costs = [_surprises(scores[other], right[other], weight).sum() for weight in WEIGHTS]
        best = WEIGHTS[int(np.argmin(costs))]
        total += _surprises(scores[scored], right[scored], best).sum()
    return float(total / len(classes))


def hidden_bits(texts: list[str], answers: list[str], items: Ints, seed: int) -> tuple[float, float]:
    """Return the bits about answers in texts above those in permuted ones, and the permutation p.

    p is one-sided: the share of permutations, this one counted, in which the classifier is as little
    surprised. A classifier that is surprised more than one who knows nothing but shares gives less than 0.
    """
    there = present(texts)
    classes = np.unique(answers, return_inverse=True)[1].astype(np.int64)
    generator = np.random.default_rng(seed)
    told = _surprise(there, classes, items)
    permuted = np.array(
        [_surprise(there[generator.permutation(len(there))], classes, items) for _ in range(PERMUTATIONS)]
    )
    p = (1 + (permuted <= told).sum()) / (PERMUTATIONS + 1)
    return float(permuted.mean() - told), float(p)
