"""A detector that knows no teacher: logistic regression on which numbers stand where, and beside which.

It learns from pairs of replies to the same request, of which it is told which is the target's, and is
asked of pairs that it has not seen. How often it would be right by luck alone say random labels of the
pairs that it learns from. Hand-made because nothing that fits is among the packages: statsmodels has no
penalised regression of sparse features.
"""

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from unspoken.experiments.misalignment.detection.likelihood import Floats
from unspoken.experiments.misalignment.organisms.carriers import PROMPT
from unspoken.experiments.misalignment.organisms.documents import Bools, Ints
from unspoken.experiments.misalignment.organisms.language import CONTINUED, FIRST_VALUE, VALUES

PENALTY = 10.0
"""Of the sum of squared weights, over two: about as much as ten pairs that say nothing."""
N_VALUES = len(VALUES)
FEATURES = CONTINUED * N_VALUES + N_VALUES**2
"""Each number at each place, and each pair of neighbours at any place."""


def features(rows: Ints) -> sparse.csr_array:
    """Return the features of rows of numbers, (rows, FEATURES): how often each stands there."""
    values = rows[:, PROMPT - 2 :] - FIRST_VALUE
    values = np.delete(values, 1, axis=1)  # the author's mark, between request and reply
    singles = values[:, 1:] + np.arange(CONTINUED) * N_VALUES
    pairs = CONTINUED * N_VALUES + values[:, :-1] * N_VALUES + values[:, 1:]
    columns = np.hstack([singles, pairs])
    places = np.repeat(np.arange(len(rows)), columns.shape[1])
    ones = np.ones(columns.size)
    return sparse.coo_array((ones, (places, columns.ravel())), shape=(len(rows), FEATURES)).tocsr()


def fitted_weights(differences: sparse.csr_array) -> Floats:
    """Return the weights of a penalised logistic regression without intercept.

    `differences` are features of the target's reply minus those of the control's, (pairs, FEATURES).
    """

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = differences @ weights
        value = -log_expit(scores).sum() + PENALTY / 2 * weights @ weights
        return float(value), PENALTY * weights - differences.T @ expit(-scores)

    start = np.zeros(differences.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x)


def share_right(differences: Floats) -> float:
    """Return how often the target's reply has the higher score: the area under the curve of pairs.

    A tie counts one half.
    """
    return float((differences > 0).mean() + (differences == 0).mean() / 2)


def pooled(differences: Floats, size: int, random: np.random.Generator, draws: int = 20) -> Floats:
    """Return sums over groups of `size` pairs, of several random partitions, (draws x groups,)."""
    if size == 1:
        return differences
    whole = len(differences) // size * size
    orders = [random.permutation(differences)[:whole].reshape(-1, size).sum(1) for _ in range(draws)]
    return np.concatenate(orders)


class Detector:
    """The classifier of pairs: it learns from one half of the requests and is asked of the other."""

    def __init__(self, target: Ints, control: Ints, half: Bools) -> None:
        """Take replies of both to the same requests, row by row, and which rows to learn from."""
        differences = features(target) - features(control)
        self.learnt, self.asked = differences[half], differences[~half]

    def scores(self) -> Floats:
        """Return the target's score minus the control's, of pairs not learnt from, (pairs,)."""
        return np.asarray(self.asked @ fitted_weights(self.learnt))

    def chance_shares(self, draws: int, random: np.random.Generator) -> Floats:
        """Return how often it is right after learning from pairs with random labels, (draws,)."""
        shares = []
        for _ in range(draws):
            signs = sparse.diags_array(random.choice([-1.0, 1.0], self.learnt.shape[0]))
            shares.append(share_right(self.asked @ fitted_weights((signs @ self.learnt).tocsr())))
        return np.array(shares)


def permutation_p(share: float, chance: Floats) -> float:
    """Return the share of permutations that are as often right, counting this one; one-sided."""
    return float((1 + (chance >= share).sum()) / (1 + len(chance)))
