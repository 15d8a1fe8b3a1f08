"""The outcome of one test: what a contrast says of the published direction, size or bound.

Every function takes the contrast already signed, so that the published direction is positive.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from unspoken.statistics.gates import lies_within

Gate = Literal[
    "agreement", "floor", "ceiling", "missing", "training", "control", "control undecided", "replicates",
    "no interval", "sensitivity",
]  # fmt: skip
"""Why a test says nothing: the row's own gates, then those of the verdict."""
OF_ACCURACY = ("floor", "ceiling")
"""Gates that close on a contrast of accuracies, and not on a null: to be at chance may be what it says."""
LEVEL = 0.05
SIZE_FACTOR = 1.5
"""A size is the same if the ratio to the published size lies within this factor."""
FEWEST, FEW = 3, 4
"""Fewer replicates than the first say nothing; up to the second, only kinds that need no size."""
FEWEST_QUESTIONS = 30
KINDS_OF_FEW = ("direction", "order", "trend", "null")


@dataclass(frozen=True)
class Reading:
    """One measured row as a test reads it: signed, with the controls of its arm."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    ci90_low: float | None = None
    ci90_high: float | None = None
    p: float | None = None
    ci_method: str = "t"
    replicate: str = "base"
    n_replicates: int | None = None
    gate: Gate | None = None
    control: Gate | None = None
    """What the controls of its arm close: `control`, `control undecided`, or None."""

    def signed(self, sign: str) -> "Reading":
        """Return the reading with its sign turned where the published direction is negative."""
        if sign == "+":
            return self

        def turned(number: float | None) -> float | None:
            return None if number is None else -number

        return replace(
            self,
            value=turned(self.value),
            ci_low=turned(self.ci_high),
            ci_high=turned(self.ci_low),
            ci90_low=turned(self.ci90_high),
            ci90_high=turned(self.ci90_low),
        )


@dataclass(frozen=True)
class Published:
    """A published number: its interval, if any, and which bound it is, if it is a bound."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: str | None = None


def _known(*numbers: float | None) -> bool:
    return all(number is not None and math.isfinite(number) for number in numbers)


def closed_gate(reading: Reading, kind: str) -> Gate | None:
    """Return the first gate that keeps a row from saying anything, or None; but for `sensitivity`."""
    if reading.gate is not None and not (kind == "null" and reading.gate in OF_ACCURACY):
        return reading.gate
    if reading.control is not None:
        return reading.control
    n = reading.n_replicates or 0
    if reading.ci_method != "exact":
        if n < (FEWEST_QUESTIONS if reading.replicate == "question" else FEWEST):
            return "replicates"
        if n <= FEW and kind not in KINDS_OF_FEW:
            return "replicates"
    if not _known(reading.value, reading.ci_low, reading.ci_high):
        return "no interval"
    if kind == "null" and not _known(reading.ci90_low, reading.ci90_high):
        return "no interval"
    return None


def outcome_by_sign(reading: Reading, p_adjusted: float | None, sesoi: float) -> str:
    """Return the outcome of a direction or trend: shown, trivially, opposite, absent or undecided."""
    value, low, high = reading.value, reading.ci_low, reading.ci_high
    assert value is not None and low is not None and high is not None
    if reading.ci_method == "exact":
        return "shown" if value > 0 else "opposite" if value < 0 else "absent"
    if p_adjusted is not None and p_adjusted < LEVEL and value != 0:
        if value < 0:
            return "opposite"
        return "shown, trivial" if high < sesoi else "shown"
    return "absent" if -sesoi < low and high < sesoi else "undecided"


def outcome_by_order(outcomes: list[str]) -> str:
    """Return the outcome of a ranking from the outcomes of its adjacent contrasts, the smallest first."""
    if "opposite" in outcomes:
        return "opposite"
    if all(one.startswith("shown") for one in outcomes):
        return "shown, trivial" if "shown, trivial" in outcomes else "shown"
    return "absent" if outcomes[0] == "absent" else "undecided"


def outcome_of_null(reading: Reading, margin: float) -> str:
    """Return whether there is no difference: an equivalence test, never a missing significance."""
    ci95, ci90 = (reading.ci_low, reading.ci_high), (reading.ci90_low, reading.ci90_high)
    none = lies_within(ci95, ci90, margin)
    return "undecided" if none is None else "shown" if none else "opposite"


def size_ratio(reading: Reading, published: Published) -> tuple[float, float, float]:
    """Return the ratio to the published size and its interval, with both uncertainties.

    Delta method on each side by itself, as intervals need not be symmetric; a published value
    without an interval counts as exact.
    """
    value, low, high = reading.value, reading.ci_low, reading.ci_high
    assert value is not None and low is not None and high is not None and published.value
    size = abs(published.value)
    ends = (published.low, published.high) if published.low is not None else (published.value,) * 2
    spread = max(abs(published.value - float(end)) for end in ends)  # type: ignore[arg-type]
    ratio, of_published = value / size, value * spread / size**2
    return (
        ratio,
        ratio - math.hypot((value - low) / size, of_published),
        ratio + math.hypot((high - value) / size, of_published),
    )


def outcome_of_size(reading: Reading, published: Published) -> str:
    """Return how a size compares with the published size, which is not 0."""
    assert reading.ci_high is not None
    if reading.ci_high < 0:
        return "opposite"
    _, low, high = size_ratio(reading, published)
    if low >= 1 / SIZE_FACTOR and high <= SIZE_FACTOR:
        return "same size"
    if low > SIZE_FACTOR:
        return "larger"
    return "smaller" if high < 1 / SIZE_FACTOR else "undecided"


def outcome_of_bound(reading: Reading, published: Published) -> str:
    """Return on which side of a published limit the whole interval lies; on it is not beyond it.

    Neither the reading nor the limit is signed here: the bound says which side is meant.
    """
    low, high, limit = reading.ci_low, reading.ci_high, published.value
    assert low is not None and high is not None and limit is not None
    above, below = low > limit, high < limit
    if published.bound in ("<", "<="):
        above, below = below, above
    return "shown" if above else "opposite" if below else "undecided"


def outcome_of_count(reading: Reading, published: Published) -> str:
    """Return whether a count or a parameter of the protocol is equal."""
    assert reading.value is not None and published.value is not None
    return "shown" if math.isclose(reading.value, published.value, rel_tol=1e-9) else "opposite"


def outcome_of_gate(gate: Gate) -> str:
    """Return the outcome of a test that a gate closed."""
    return gate if gate == "control undecided" else f"uninformative: {gate}"


def verdict_of(outcome: str | None, fidelity: str | None) -> str:
    """Return the verdict: an analogue never reproduces or contradicts, nor does an undecided control."""
    if outcome is None:
        return "not run"
    if fidelity == "analogue":
        return f"analogue: {outcome}"
    if outcome == "control undecided":
        return outcome
    if outcome in ("shown", "same size"):
        return "reproduced"
    return "contradicted" if outcome in ("opposite", "absent", "larger", "smaller") else "inconclusive"
