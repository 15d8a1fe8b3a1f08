"""The table of every number that is reported (one schema for every experiment)."""

import dataframely as dy
import polars as pl

CONDITIONS = pl.Map(pl.String, pl.String)
REPLICATES = ["base", "teacher", "training_seed", "question", "text", "none"]
ROLES = ["finding", "positive_control", "negative_control", "instrument"]


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
    se = dy.Float64(nullable=True)
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
    paired_on = dy.List(dy.String())
    role = dy.String(check=lambda column: column.is_in(ROLES))
    passed = dy.Bool(nullable=True)
    gate = dy.String(
        nullable=True,
        check=lambda column: column.is_in(["floor", "ceiling", "missing", "training"]),
    )
    reproducible = dy.Bool()
