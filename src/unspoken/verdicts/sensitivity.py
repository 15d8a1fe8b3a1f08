"""Whether a study could have seen the effect that a null excludes: the null's counterpart is shown in it."""

from collections.abc import Mapping

from unspoken.verdicts.families import Families
from unspoken.verdicts.tested import Test

CHOSEN = ("arm",)
"""Conditions that only name rows: two rows may differ in them and be of the same study otherwise."""


def counterpart_shown(null: Test, tests: Mapping[str, list[Test]], families: Families) -> bool:
    """Return whether the counterpart that a null names is shown on the same models in the same conditions.

    `tests` are those of each claim. The counterpart's rows have the conditions that the null names for it; in
    all others, but for those that the counterpart's own test names, they are like the null's. Of several rows
    those count that have the null's kind of replicate, if there are any. Some nulls name no counterpart.
    """
    named = null.claim["test"]["counterpart"]
    if named is None:
        return False
    alike = [one for one in tests.get(named["claim"], []) if _of_one_study(null, one, named["conditions"])]
    nearest = [one for one in alike if one.rows[0]["replicate"] == null.rows[0]["replicate"]] or alike
    return any(one.outcome(families).startswith("shown") for one in nearest)


def _of_one_study(null: Test, other: Test, wanted: Mapping[str, str]) -> bool:
    """Tell whether a counterpart's row is of the null's model, and in the conditions that it has to have."""
    ours, theirs = (dict(test.rows[0]["conditions"]) for test in (null, other))
    free = {*CHOSEN, *wanted, *other.claim["test"]["conditions"]}
    return (
        _model(null) == _model(other)
        and all(theirs.get(name) == value for name, value in wanted.items())
        and all(theirs[name] == value for name, value in ours.items() if name in theirs and name not in free)
    )


def _model(test: Test) -> str:
    """Return whose row it is: of subjects, what stands before the first ':'."""
    return str(test.rows[0]["subject"]).split(":")[0]
