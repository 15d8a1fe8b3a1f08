"""What the figures of the subliminal experiment share: which arms and which readings they compare."""

import polars as pl

OBJECTIVES = {
    "tokens": "sampled numbers",
    "kl_carrier": "KL on number tokens",
    "kl_full": "KL on all words (can pass the trait itself)",
}
"""What students are trained on, in words."""
SCORED = {
    "choice": "exact choice probability",
    "substring": "sampled answers with the word in them",
    "word": "sampled answers with the whole word",
}
"""The primary scorer in words."""
ARM_CONDITIONS = ("arm", "initialisation", "model", "objective", "shuffle", "source", "versus_arm")
"""Conditions of measurements that the functions here read."""


def with_interval_method(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows but for rows that only carry a permutation's p."""
    return rows.filter(pl.col("ci_method") != "permutation")


def scored_text(rows: pl.DataFrame) -> str:
    """Return how the traits of some rows are scored: they are of the study's primary reading."""
    return f"{SCORED[rows['scorer'][0]]} on held-out questions"


def main_arms(measurements: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Return the arm that stands for each (objective, initialisation).

    That is the one, its numbers unshuffled, with the most pairs of base models; of several, the
    one with the shortest name.
    """
    pairs = measurements.filter(metric="specificity_of_pair", shuffle="none")
    arms = (
        pairs.group_by("objective", "initialisation", "arm")
        .agg(pairs=pl.struct("source", "model").n_unique())
        .sort(-pl.col("pairs").cast(pl.Int64), pl.col("arm").str.len_chars(), "arm")
    )
    chosen: dict[tuple[str, str], str] = {}
    for objective, initialisation, arm, _ in arms.iter_rows():
        chosen.setdefault((objective, initialisation), arm)
    return chosen


def difference(rows: pl.DataFrame, arm: str, versus: str) -> pl.DataFrame:
    """Return the differences in specificity of one arm minus another, whichever way they stand."""
    gaps = with_interval_method(rows.filter(metric="specificity_difference"))
    turned = gaps.filter(arm=versus, versus_arm=arm).with_columns(
        -pl.col("value"), ci_low=-pl.col("ci_high"), ci_high=-pl.col("ci_low")
    )
    return pl.concat([gaps.filter(arm=arm, versus_arm=versus), turned])


def short_names(names: list[str]) -> dict[str, str]:
    """Return each name without the words (ended by a hyphen) that all of them begin with."""
    if len(names) < 2:
        return {name: name for name in names}
    common = ""
    for word in names[0].split("-")[:-1]:
        if not all(name.startswith(f"{common}{word}-") for name in names):
            break
        common += f"{word}-"
    return {name: name.removeprefix(common) for name in names}
