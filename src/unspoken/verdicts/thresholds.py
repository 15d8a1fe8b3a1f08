"""The smallest effect that would matter and the equivalence margin, fixed before measuring."""

from collections.abc import Mapping
from typing import Any

from unspoken.statistics import ACCURACY_MARGIN, LOG_ODDS_MARGIN

DEFAULTS = {
    "log_odds": LOG_ODDS_MARGIN,
    "log_odds per tenfold rows": LOG_ODDS_MARGIN,
    "accuracy": ACCURACY_MARGIN,
    "probability": ACCURACY_MARGIN,
}
"""By unit: 0.2 log-odds, 2 points of a rate."""
SHARE = 0.1
"""For other units: this share of the published effect, where it is given in that unit."""


def default_threshold(claim: Mapping[str, Any]) -> float | None:
    """Return what stands for `sesoi` or `margin` where a test leaves it out, or None if nothing does."""
    unit, published = claim["test"]["unit"], claim["values"][0]
    if unit in DEFAULTS:
        return DEFAULTS[unit]
    # A published number of another unit says nothing of what is small in the test's.
    return abs(published["value"]) * SHARE if published["value"] and published["unit"] == unit else None


def _threshold(claim: Mapping[str, Any], name: str) -> float:
    given = claim["test"][name]
    given = default_threshold(claim) if given is None else given
    assert given is not None  # the registry's check has seen to it
    return float(given)


def sesoi_of(claim: Mapping[str, Any]) -> float:
    """Return the smallest effect that would matter to a claim, in the unit of its test."""
    return _threshold(claim, "sesoi")


def margin_of(claim: Mapping[str, Any]) -> float:
    """Return the equivalence margin of a claim, in the unit of its test."""
    return _threshold(claim, "margin")
