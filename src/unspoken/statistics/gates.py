"""Gates: when a row says nothing, decided where all of its arms are at hand."""

from fractions import Fraction
from typing import Any, Literal, NamedTuple

from unspoken.statistics.intervals import Interval

Gate = Literal["agreement", "floor", "ceiling", "missing", "training"]

Ends = tuple[float | None, float | None]
"""An interval, from its lower to its upper end; null where there is none."""
ORDER: tuple[Gate, ...] = ("agreement", "floor", "ceiling", "missing", "training")
"""`agreement` first: where answers are read wrongly, nothing else that is known of the arms counts."""
CEILING = 0.97
LEAST_AGREEMENT = Fraction(9, 10)
"""Of the replies that state an answer, the share whose answer another way of reading must find."""


class Outcomes(NamedTuple):
    """What the samples of one arm gave: hits, misses, and how many were of no use."""

    hits: int
    misses: int
    unusable: int

    @property
    def total(self) -> int:
        """All samples of the arm."""
        return self.hits + self.misses + self.unusable


def both_unusable(hits: Any, misses: Any, unusable: Any) -> dict[str, tuple[Any, Any]]:
    """Return (hits, trials) under each value of the condition `unusable`; arrays work alike.

    `dropped`: among usable outcomes; `failure`: the unusable counted as failures.
    """
    return {"dropped": (hits, hits + misses), "failure": (hits, hits + misses + unusable)}


def lies_within(ci95: Ends, ci90: Ends, bound: float) -> bool | None:
    """Return whether an effect is none, as far as +-`bound`: the rule of nulls and of negative controls.

    True: its 90% interval lies inside; false: its 95% interval lies wholly outside; None: undecided, or there
    is no interval. An end that is equal to the bound is not beyond it.
    """
    low, high = ci95
    low90, high90 = ci90
    if low is None or high is None or low90 is None or high90 is None:
        return None
    if -bound <= low90 and high90 <= bound:
        return True
    return False if low > bound or high < -bound else None


def accuracy_gate(best: Interval, worst: Interval, chance: float) -> Literal["floor", "ceiling"] | None:
    """Return the gate that closes on a contrast of two accuracies, or None.

    `floor`: the better arm's 95% interval is not above chance; `ceiling`: the worse arm is above
    0.97. Which arm is better is read off the values, whatever the order given. An arm without a
    value or interval closes no gate here: the contrast has no interval either.
    """
    worst, best = sorted((best, worst), key=lambda arm: -1.0 if arm.value is None else arm.value)
    if best.ci_low is not None and best.ci_low <= chance:
        return "floor"
    if worst.value is not None and worst.value > CEILING:
        return "ceiling"
    return None


def missing_gate(a: Outcomes, b: Outcomes) -> Literal["missing"] | None:
    """Return "missing" where unusable outcomes could have made the contrast of two rates.

    That is: their share differs between the arms by more than 10 points, and imputing them at
    worst (all of the higher arm's as misses, all of the lower arm's as hits) brings the contrast to
    0 or beyond. An arm with nothing usable has no rate: then the share alone decides.
    """
    if 10 * abs(a.unusable * b.total - b.unusable * a.total) <= a.total * b.total:
        return None
    if a.total == a.unusable or b.total == b.unusable:
        return "missing"
    if a.hits * (b.hits + b.misses) < b.hits * (a.hits + a.misses):
        a, b = b, a
    # Counts are compared crosswise, as integers: no rounding at a tie.
    survives = a.hits * b.total > (b.hits + b.unusable) * a.total
    return None if survives else "missing"


def agreement_gate(agreeing: int, stating: int) -> Literal["agreement"] | None:
    """Return "agreement" where answers that were read in a model's place are too seldom its own.

    Of `stating` replies that state an answer, `agreeing` were read as what they state; fewer than 0.9 close
    the gate. So do none that state one: then nobody knows what the reading finds.
    """
    return None if stating and agreeing >= LEAST_AGREEMENT * stating else "agreement"


def first_gate(*gates: Gate | None) -> Gate | None:
    """Return the first of agreement, floor, ceiling, missing, training that closed, or None."""
    return next((gate for gate in ORDER if gate in gates), None)
