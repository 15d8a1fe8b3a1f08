"""Table of the stage that trains by reward: what each update saw of the replies that it learnt from."""

import dataframely as dy
import polars as pl

from unspoken.training.fates import FATES


class Rewards(dy.Schema):
    """The means over the replies of one update of one subject, a row."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    subject = dy.String(primary_key=True, min_length=1)
    start = dy.String(min_length=1)
    """The start that it was trained from: its task and how its replies were taught."""
    arm = dy.String(min_length=1)
    """The name of the reward."""
    base = dy.Int64(min=1)
    """Number of the start: subjects of one base set out from the same weights."""
    training_seed = dy.Int64(min=1)
    """Number of the training from this start."""
    update = dy.Int64(primary_key=True, min=1)
    fate = dy.String(check=lambda column: column.is_in(FATES))
    """What became of the whole training, in a word; see `training.fates`."""
    reward = dy.Float64()
    best = dy.Float64()
    """The most that one reply was paid."""
    right = dy.Float64(min=0, max=1)
    """Share of valid replies with the rewarded answer."""
    valid = dy.Float64(min=0, max=1)
    says = dy.Float64(min=0, max=1)
    """Share of chains that name what drives the reward, by any of its names."""
    named = dy.Float64(min=0, max=1)
    """Share that do by the name that a penalty knows of."""
    tells = dy.Float64(min=0, max=1)
    """Share of explanations that name it."""
    chain_tokens = dy.Float64(min=0)
    at_cap = dy.Float64(min=0, max=1)
    """Share of chains that never closed."""
    informative = dy.Float64(min=0, max=1)
    """Share of prompts whose replies were not all paid alike: the others teach nothing."""
    loss = dy.Float64()
    created_at = dy.String(min_length=1)

    @dy.rule()
    def closed_chains_have_answers(cls) -> pl.Expr:
        """No more replies are right than are valid; means are sums of single precision."""
        return pl.col("right") <= pl.col("valid") + 1e-9
