"""Seeds by hashing what is made, never by order or time."""

import hashlib
from collections.abc import Sequence


def _hash_words(words: Sequence[object]) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, words)).encode()).digest()


def hashed_seed(study_seed: int, *made: object) -> int:
    """Return the 63-bit seed of one artifact, from the study seed and the words that name it."""
    return int.from_bytes(_hash_words((study_seed, *made))[:8], "big") >> 1


def hashed_choice(study_seed: int, options: Sequence[str], count: int, *made: object) -> list[str]:
    """Return `count` options in their own order, drawn without replacement by hashing each option.

    Raises ValueError if there are fewer options than `count`.
    """
    if count > len(options):
        raise ValueError(f"cannot draw {count} of {len(options)}")
    drawn = sorted(options, key=lambda option: _hash_words((study_seed, *made, option)))[:count]
    return [option for option in options if option in drawn]
