"""Tables of the `verdicts` stage."""

import dataframely as dy
import polars as pl

FIDELITIES = ["original", "close", "analogue"]


class Claims(dy.Schema):
    """One published value a row: a claim with several has several rows, its other fields repeated."""

    claim_id = dy.String(primary_key=True)
    value_index = dy.Int64(primary_key=True, min=1)
    paper = dy.String(min_length=1)
    cited = dy.String(min_length=1)
    title = dy.String(min_length=1)
    year = dy.Int64(nullable=True)
    url = dy.String(min_length=1)
    pillar = dy.String(min_length=1)
    statement = dy.String(min_length=1)
    location = dy.String(min_length=1)
    source_kind = dy.String(min_length=1)
    source = dy.String(min_length=1)
    read = dy.Date(nullable=True)
    unread = dy.String(nullable=True)
    confidence = dy.String(min_length=1)
    tier = dy.Int64(min=1, max=3)
    experiment = dy.String(min_length=1)
    metric = dy.String(min_length=1)
    definition = dy.String(nullable=True)
    model = dy.String(min_length=1)
    condition = dy.String(min_length=1)
    direction = dy.String(min_length=1)
    value_of = dy.String(nullable=True)
    value = dy.Float64(nullable=True)
    bound = dy.String(nullable=True)
    value_low = dy.Float64(nullable=True)
    value_high = dy.Float64(nullable=True)
    interval_kind = dy.String(nullable=True)
    value_text = dy.String(nullable=True)
    unit = dy.String(min_length=1)
    correction = dy.String(nullable=True)
    kind = dy.String(min_length=1)
    scope = dy.String(min_length=1)
    subject_models = dy.List(dy.String())
    model_class = dy.String(min_length=1)
    published_n = dy.Int64(nullable=True, min=1)
    published_n_of = dy.String(nullable=True)
    usable = dy.String(min_length=1)
    conflicts_with = dy.List(dy.String())
    test = dy.String(nullable=True)
    """The declarative test as JSON."""
    reason = dy.String(nullable=True)
    lacks = dy.String(nullable=True)

    @dy.rule()
    def tested_or_said_why_not(cls) -> pl.Expr:
        """A claim has a test or a reason that there is none."""
        return pl.col("test").is_null() != pl.col("reason").is_null()


class Verdicts(dy.Schema):
    """What a study says of a claim, by subject; one row for a claim that was not run."""

    claim_id = dy.String(min_length=1)
    study = dy.String(min_length=1)
    subject = dy.String(nullable=True)
    versus = dy.String(nullable=True)
    measurement_id = dy.String(nullable=True)
    contrasts = dy.List(dy.String(), nullable=True)
    family = dy.String(nullable=True)
    fidelity = dy.String(nullable=True, check=lambda column: column.is_in(FIDELITIES))
    tested_as = dy.String(nullable=True)
    expects = dy.String(nullable=True)
    estimate = dy.Float64(nullable=True)
    lo = dy.Float64(nullable=True)
    hi = dy.Float64(nullable=True)
    unit = dy.String(nullable=True)
    ci_method = dy.String(nullable=True)
    replicate = dy.String(nullable=True)
    n_replicates = dy.Int64(nullable=True)
    mde80 = dy.Float64(nullable=True)
    published = dy.Float64(nullable=True)
    published_low = dy.Float64(nullable=True)
    published_high = dy.Float64(nullable=True)
    sesoi = dy.Float64(nullable=True)
    margin = dy.Float64(nullable=True)
    gate = dy.String(nullable=True)
    outcome = dy.String(nullable=True)
    verdict = dy.String(min_length=1)
    size_ratio = dy.Float64(nullable=True)
    p = dy.Float64(nullable=True)
    p_adj = dy.Float64(nullable=True)
    flags = dy.List(dy.String())
    registered = dy.String(nullable=True, check=lambda column: column.is_in(["registered", "exploratory"]))
    reason = dy.String(min_length=1)

    @dy.rule()
    def an_analogue_decides_nothing(cls) -> pl.Expr:
        """An analogue never reproduces or contradicts."""
        decided = pl.col("verdict").is_in(["reproduced", "contradicted"])
        return ~(decided & (pl.col("fidelity") == "analogue")).fill_null(False)

    @dy.rule()
    def an_outcome_has_a_fidelity(cls) -> pl.Expr:
        """And a claim that was not run has neither."""
        return pl.col("outcome").is_null() == pl.col("fidelity").is_null()
