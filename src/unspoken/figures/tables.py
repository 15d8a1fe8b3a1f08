"""Read the tables that figures are drawn from, and choose what is compared in them."""

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from unspoken.experiments.mnist.tables import Accuracies
from unspoken.experiments.theorem.tables import Steps
from unspoken.tables.base import TableError, read_table
from unspoken.tables.filter import Dropped, Kept
from unspoken.tables.measurements import Measurements
from unspoken.tables.training import TrainingSteps
from unspoken.tables.verdicts import Claims

if TYPE_CHECKING:
    import dataframely as dy

Tables = dict[str, pl.DataFrame]
SCHEMAS: "dict[str, type[dy.Schema]]" = {
    "measurements": Measurements,
    "claims": Claims,
    "kept": Kept,
    "dropped": Dropped,
    "training": TrainingSteps,
    "accuracies": Accuracies,
    "steps": Steps,
}
CONDITIONS = (
    "adjusted",
    "arm",
    "by",
    "cell",
    "difficulty",
    "hint",
    "initialisation",
    "judge",
    "k",
    "kept",
    "mode",
    "model",
    "normalised",
    "objective",
    "outcome",
    "questions",
    "rows",
    "score",
    "scorer",
    "set",
    "shuffle",
    "source",
    "switched",
    "test",
    "too_few",
    "trait",
    "truncated",
    "truth",
    "turns",
    "unusable",
    "updates",
    "verdict",
    "versus_arm",
    "versus_score",
)
# How traits are read where a figure shows one reading only.
PRIMARY = {"scorer": "choice", "questions": "held_out"}


def with_conditions(measurements: pl.DataFrame) -> pl.DataFrame:
    """Return measurements with each condition that figures use as a column, null where absent.

    `whose` is the last word of the subject's name (own_trait, other_trait, base, ...), before the
    updates of students that were kept during their training; `versus_whose` that of its control.
    """
    conditions = pl.col("conditions").map
    last_word = r"([^:]+?)(?::\d+)?$"
    return measurements.with_columns(
        *(conditions.get(name).alias(name) for name in CONDITIONS),
        whose=pl.col("subject").str.extract(last_word),
        versus_whose=pl.col("versus").str.extract(last_word),
    ).drop("conditions")


def read_tables(paths: list[Path]) -> Tables:
    """Return the tables by the name of their files, those of one name under each other.

    Raises TableError for a name that no figure knows, or a table that breaks its schema.
    """
    found: dict[str, list[pl.DataFrame]] = {}
    for path in paths:
        if path.stem not in SCHEMAS:
            raise TableError(f"{path}: figures are drawn from {', '.join(SCHEMAS)}")
        found.setdefault(path.stem, []).append(read_table(path, SCHEMAS[path.stem]))
    tables = {name: pl.concat(frames) for name, frames in found.items()}
    if "measurements" in tables:
        tables["measurements"] = with_conditions(tables["measurements"])
    return tables


def with_interval_method(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without those that only carry a permutation's p."""
    return rows.filter(pl.col("ci_method") != "permutation")


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
