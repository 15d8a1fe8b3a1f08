"""Exact answers to lettered options whose letters and options have known parts in the logits."""

import numpy as np
import polars as pl

from unspoken.prompts.shuffled import PROMPT_SET, balanced_orders


def answers(
    letters: np.ndarray, options: np.ndarray, noise: float, seed: int, orders: int = 16, subject: str = "m"
) -> pl.DataFrame:
    """Return exact answers of a subject whose logits are a letter's part, an option's, and noise."""
    placed = balanced_orders(len(options), orders, seed)
    draw = np.random.default_rng(seed)
    logits = letters + options[placed] + noise * draw.normal(size=placed.shape)
    logprobs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    rows = [
        {"subject": subject, "prompt_id": f"{PROMPT_SET}-{order:03}", "prompt_set": PROMPT_SET,
         "held_out": True, "kind": "choice", "sample_index": letter, "answer": f"w{option}",
         "finish_reason": None, "logprob": float(logprobs[order, letter])}
        for order, options_here in enumerate(placed) for letter, option in enumerate(options_here)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"finish_reason": pl.String})


def centred(values: list[float]) -> np.ndarray:
    return np.array(values) - np.mean(values)


LETTER_PARTS = centred([3.0, 1.0, 0.0, 0.0, -1.0, 0.5, 0.0, 2.0])
OPTION_PARTS = centred([0.4, -0.2, 0.0, 0.3, -0.5, 0.1, 0.0, -0.1])
