"""Draws named by seed and row key: uniforms by token position for inverse-CDF sampling, or seeds."""

import hashlib
from collections.abc import Sequence

import numpy as np


def row_streams(seed: int, keys: Sequence[str]) -> np.ndarray:
    """Return one 64-bit stream per row key."""
    digests = [hashlib.sha256(f"{seed}\x1f{key}".encode()).digest()[:8] for key in keys]
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def row_seeds(seed: int, keys: Sequence[str]) -> list[int]:
    """Return a seed per row key, of the 63 bits that vLLM takes."""
    seeds: list[int] = (row_streams(seed, keys) >> 1).tolist()
    return seeds


def uniforms(streams: np.ndarray, position: int) -> np.ndarray:
    """Return a float64 in [0, 1) per stream for one token position (SplitMix64's finaliser)."""
    with np.errstate(over="ignore"):
        state = streams + np.uint64((0x9E3779B97F4A7C15 * (position + 1)) & (2**64 - 1))
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53
