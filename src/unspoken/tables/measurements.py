"""The table of every number that is reported (one schema for every experiment)."""

import dataframely as dy
import polars as pl

CONDITIONS = pl.Map(pl.String, pl.String)
REPLICATES = ["base", "teacher", "training_seed", "question", "text", "none"]
ROLES = ["finding", "positive_control", "negative_control", "instrument"]
GATES = ["agreement", "floor", "ceiling", "missing", "training"]
SENSITIVITY = ("answers",)
"""Conditions of rows that repeat another row under another choice, such as `answers: forced`."""
TRAINED_OTHERWISE = ("decoding", "lora_rank", "optimizer")
"""Conditions of students that learn from greedy completions, by an adapter of a rank, or by plain descent."""
ASIDE = (
    *SENSITIVITY, "between", "stratum", *TRAINED_OTHERWISE, *(f"versus_{name}" for name in TRAINED_OTHERWISE),
)  # fmt: skip
"""Conditions of rows that stand beside others of their metric: sensitivity rows, rows of some questions alone
(`stratum`), rows of two models (`between`), and rows of students that were trained otherwise, or compared
with such. A test, a headline or a figure reads these rows only where it names the condition."""
PAIRINGS = ["base", "teacher", "trait", "seed", "question"]

# What identifies a measurement; `measurement_id` is the digest of exactly these.
IDENTITY = (
    "study",
    "paper",
    "experiment",
    "metric",
    "unit",
    "kind",
    "subject",
    "versus",
    "conditions",
    "seed",
    "ci_method",
)
INTERVAL = ("ci_low", "ci_high", "ci90_low", "ci90_high")


class Measurements(dy.Schema):
    """One estimate (one arm) or contrast (a difference that a claim is about) a row."""

    study = dy.String(min_length=1)
    measurement_id = dy.String(primary_key=True)
    paper = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    metric = dy.String(min_length=1)
    unit = dy.String(min_length=1)
    kind = dy.String(check=lambda column: column.is_in(["estimate", "contrast"]))
    subject = dy.String(min_length=1)
    versus = dy.String(nullable=True)
    conditions = dy.Any()
    seed = dy.Int64(nullable=True)
    value = dy.Float64(nullable=True)
    se = dy.Float64(nullable=True, min=0)
    ci_low = dy.Float64(nullable=True)
    ci_high = dy.Float64(nullable=True)
    ci90_low = dy.Float64(nullable=True)
    ci90_high = dy.Float64(nullable=True)
    ci_method = dy.String(min_length=1)
    p = dy.Float64(nullable=True, min=0, max=1)
    replicate = dy.String(check=lambda column: column.is_in(REPLICATES))
    n_replicates = dy.Int64(min=0)
    n_samples = dy.Int64(min=0)
    n_missing = dy.Int64(min=0)
    paired_on = dy.List(dy.String(check=lambda name: name.is_in(PAIRINGS)))
    role = dy.String(check=lambda column: column.is_in(ROLES))
    passed = dy.Bool(nullable=True)
    gate = dy.String(nullable=True, check=lambda column: column.is_in(GATES))
    reproducible = dy.Bool()

    @dy.rule()
    def conditions_keys_are_sorted(cls) -> pl.Expr:
        """Equality of maps looks at the order of their entries, in Polars and in DuckDB."""
        keys = pl.col("conditions").map.keys()
        return pl.col("conditions").is_not_null() & (keys == keys.list.sort())

    @dy.rule()
    def paired_on_is_sorted(cls) -> pl.Expr:
        """A set, written in one way."""
        return pl.col("paired_on") == pl.col("paired_on").list.sort()

    @dy.rule()
    def versus_is_null_for_estimates_alone(cls) -> pl.Expr:
        """An estimate has one arm, a contrast has two."""
        return (pl.col("kind") == "estimate") == pl.col("versus").is_null()

    @dy.rule()
    def estimates_have_no_pairing_and_no_gate_of_two_arms(cls) -> pl.Expr:
        """Pairing and gates are about two arms, but for `agreement`: one arm can be read wrongly too."""
        gate = pl.col("gate").is_null() | (pl.col("gate") == "agreement")
        return (pl.col("kind") == "contrast") | (gate & (pl.col("paired_on").list.len() == 0))

    @dy.rule()
    def passed_is_null_for_findings_and_undecided_controls(cls) -> pl.Expr:
        """A check holds or does not, a negative control can be undecided; a finding is as it comes."""
        undecided = pl.col("passed").is_null() & (pl.col("role") == "negative_control")
        return ((pl.col("role") == "finding") == pl.col("passed").is_null()) | undecided

    @dy.rule()
    def interval_is_whole_and_nested(cls) -> pl.Expr:
        """All four ends or none, the 90% interval inside the 95% interval, none without a value."""
        nulls = pl.sum_horizontal(pl.col(end).is_null() for end in INTERVAL)
        nested = (
            (pl.col("ci_low") <= pl.col("ci90_low"))
            & (pl.col("ci90_low") <= pl.col("ci90_high"))
            & (pl.col("ci90_high") <= pl.col("ci_high"))
            & pl.col("value").is_not_null()
        )
        return (nulls == len(INTERVAL)) | ((nulls == 0) & nested)

    @dy.rule()
    def exact_interval_is_the_value(cls) -> pl.Expr:
        """Quantities without sampling have nothing to be uncertain of."""
        same = (pl.col("ci_low") == pl.col("value")) & (pl.col("ci_high") == pl.col("value"))
        return (pl.col("ci_method") != "exact") | pl.col("value").is_null() | same
