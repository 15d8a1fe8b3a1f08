"""The keys of kept completions outlive new optional fields of how they are drawn."""

from dataclasses import dataclass, field

import pytest

from unspoken.engines.base import Sampling
from unspoken.engines.cache import _row_of, drawn_as

DRAWN = {"temperature": 0.8, "max_tokens": 12, "seed": 3}


@dataclass(frozen=True)
class Later(Sampling):
    """What `Sampling` may be in a year."""

    min_p: float | None = None
    banned: list[str] = field(default_factory=list)


def key(sampling: Sampling) -> str:
    return _row_of("p1#0", {"user": "Hello"}, drawn_as(sampling))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "51e0493422b5a37b2ccb270f307f6938"),
        ({"pattern": "[0-9]+", "stop": ("\n",), "logprobs": True}, "822560fdd9cbbb98b3255857212cdfb5"),
    ],
)
def test_the_keys_are_those_of_every_cache_so_far(given: dict, expected: str) -> None:
    assert key(Sampling(**DRAWN, **given)) == expected
    assert key(Later(**DRAWN, **given)) == expected


@pytest.mark.parametrize("used", [{"min_p": 0.1}, {"min_p": 0.0}, {"banned": ["13"]}, {"logprobs": True}])
def test_a_field_that_is_used_has_keys_of_its_own(used: dict) -> None:
    assert key(Later(**DRAWN, **used)) != key(Later(**DRAWN))
