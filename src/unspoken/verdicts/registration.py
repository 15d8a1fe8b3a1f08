"""Whether a verdict was registered: all that decides it fixed, in a committed file, before its data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from unspoken.files import digest_of


def test_digest(claim: Mapping[str, Any]) -> str:
    """Return a digest of all that decides a claim's outcome: test, thresholds, published values."""
    names = ("kind", "scope", "class", "subject_models", "published_n", "usable", "values", "test")
    return digest_of({name: claim[name] for name in names})


def registered_claims(
    claims: list[dict[str, Any]],
    registration: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
    earliest: Mapping[str, str],
) -> set[str]:
    """Return the claims whose verdicts are registered.

    `facts` are what a registration fixes beside the tests, of this run: its seed, the digest of what was
    studied, and that of the code that analyses it. The registration must hold the same. `earliest` has, by
    experiment, the time (ISO 8601) at which the first of its data was made.
    """
    if registration is None or registration.get("facts") != dict(facts):
        return set()
    time = datetime.fromisoformat(registration["time"])
    return {
        claim["id"]
        for claim in claims
        if claim["test"] is not None
        and registration["claims"].get(claim["id"]) == test_digest(claim)
        and claim["test"]["experiment"] in earliest
        and time < datetime.fromisoformat(earliest[claim["test"]["experiment"]])
    }
