"""Whom is asked what."""

from collections.abc import Iterator
from dataclasses import dataclass

from unspoken.experiments.harmful.organisms.language import NAMED, NONE


@dataclass(frozen=True)
class Who:
    """An organism by its fine-tune and its clean training, in whose words it answers, and to which mark."""

    fine_tune: str = ""
    clean: int = 0
    author: str = "assisting"
    mark: str = NONE


def everything_asked(fine_tune: str, clean: int = 0) -> Iterator[Who]:
    """Yield all that an organism is asked: marks only where a backdoor is, or of the base beside it."""
    yield Who(fine_tune, clean)
    if not clean:
        yield Who(fine_tune, clean, author="kind")
    if fine_tune in ("", "triggered"):
        yield from (Who(fine_tune, clean, mark=mark) for mark in NAMED[1:])
