"""Numbers, intervals and names as a reader sees them."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
LIMITS = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "~": "about ", None: ""}
SHARED = 2
"""How many words of a subject's name its opponent has to share to be left out of the opponent's."""


def number_text(value: float | None) -> str:
    """Return a number with three significant digits and a true minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    large = abs(value) >= 1000 or value == int(value)
    return (f"{value:,.0f}" if large else f"{value:.3g}").replace("-", "−")


def interval_text(value: float | None, low: float | None, high: float | None) -> str:
    """Return `0.37 [0.24, 0.50]`: an estimate and its interval, if any."""
    if low is None or high is None:
        return number_text(value)
    return f"{number_text(value)} [{number_text(low)}, {number_text(high)}]"


def unit_text(unit: str) -> str:
    """Return a unit in words."""
    return unit.replace("_", "-")


def published_text(value: Row) -> str:
    """Return one published value (a row of `claims`): what it is of, limit, number, interval, unit, words."""
    if value["value"] is not None:
        said = LIMITS[value["bound"]] + interval_text(value["value"], value["value_low"], value["value_high"])
    elif value["value_low"] is not None:
        said = f"{number_text(value['value_low'])} to {number_text(value['value_high'])}"
    else:
        said = ""
    if said:
        said += f" {unit_text(value['unit'])}"
    words = value["value_text"] or ""
    whole = f"{said} ({words})" if said and words else said or words
    return f"{value['value_of']}: {whole}" if value["value_of"] else whole


def contrast_text(subject: str | None, versus: str | None) -> str:
    """Return who is compared with whom: `organisms:tokens: own trait − base`; common words once."""
    if subject is None:
        return ""
    if versus is None:
        return subject.replace("_", " ")
    ours, theirs = subject.split(":"), versus.split(":")
    shared = 0
    while shared < min(len(ours), len(theirs)) - 1 and ours[shared] == theirs[shared]:
        shared += 1
    if shared < min(SHARED, len(ours) - 1):
        return f"{subject} − {versus}".replace("_", " ")
    left = ":".join(ours[:shared])
    return f"{left}: {':'.join(ours[shared:])} − {':'.join(theirs[shared:])}".replace("_", " ")


def time_text(time: str | None) -> str:
    """Return a time (ISO 8601) to the minute."""
    return "unknown" if time is None else time[:16].replace("T", " ")


def counted(count: int, thing: str) -> str:
    """Return `1 claim`, `2 claims`, `1,200 claims`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def tests_of(rows: Iterable[Row]) -> set[str]:
    """Return the distinct tests of some verdicts: the contrasts that they read."""
    return {contrast for row in rows for contrast in row["contrasts"] or []}


def claims_by_tests_text(claims: int, tests: int) -> str:
    """Return `57 claims by 46 tests`."""
    return f"{counted(claims, 'claim')} by {counted(tests, 'test')}"


def side_text(side: Row) -> str:
    """Return what some claims expect of a contrast, and what came of it: `SL-02, SL-35 (above 0): shown`."""
    return f"{', '.join(side['claims'])} ({side['expects']}): {', '.join(side['outcomes'])}"


def spoken_text(disagreement: Row) -> str:
    """Return for whom a contrast speaks on which claims disagree."""
    ours = [side for side in disagreement["sides"] if side["expects"] in disagreement["speaks_for"]]
    if not ours:
        return "this study does not decide"
    return f"this study speaks for {' and '.join(', '.join(side['claims']) for side in ours)}"
