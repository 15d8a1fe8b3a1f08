"""The table of contrasts that are pooled over a study's replicates."""

import dataframely as dy
import polars as pl

REGISTERED = ["registered", "exploratory"]


class Pooled(dy.Schema):
    """A contrast over study seeds; where only some seeds are registered, these alone have a row too."""

    study = dy.String(min_length=1)
    contrast_id = dy.String(primary_key=True)
    registered = dy.String(primary_key=True, check=lambda column: column.is_in(REGISTERED))
    paper = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    metric = dy.String(min_length=1)
    unit = dy.String(min_length=1)
    subject = dy.String(min_length=1)
    versus = dy.String(min_length=1)
    conditions = dy.Any()
    training_seed = dy.Int64(nullable=True)
    role = dy.String(min_length=1)
    replicate = dy.String(min_length=1)
    value = dy.Float64(nullable=True)
    se = dy.Float64(nullable=True, min=0)
    ci_low = dy.Float64(nullable=True)
    ci_high = dy.Float64(nullable=True)
    ci90_low = dy.Float64(nullable=True)
    ci90_high = dy.Float64(nullable=True)
    p = dy.Float64(nullable=True, min=0, max=1)
    n_seeds = dy.Int64(min=0)
    tau2 = dy.Float64(nullable=True, min=0)
    i2 = dy.Float64(nullable=True, min=0, max=1)
    q = dy.Float64(nullable=True, min=0)
    q_p = dy.Float64(nullable=True, min=0, max=1)
    measurement_ids = dy.List(dy.String())
    left_out = dy.Any()
    reason = dy.String(nullable=True)

    @dy.rule()
    def pooled_or_said_why_not(cls) -> pl.Expr:
        """A contrast has a pooled value, or a reason that there is none."""
        return pl.col("value").is_null() != pl.col("reason").is_null()

    @dy.rule()
    def each_pooled_seed_has_its_measurement(cls) -> pl.Expr:
        """Every number in a pool can be followed to its row of measurements."""
        return pl.col("measurement_ids").list.len() == pl.col("n_seeds")
