"""The table of single steps: what the theorem speaks of."""

import dataframely as dy


class Steps(dy.Schema):
    """One teacher and one student after their steps a row."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    network = dy.String(primary_key=True, check=lambda column: column.is_in(["mlp", "organism"]))
    initialisation = dy.String(primary_key=True, check=lambda column: column.is_in(["same", "other"]))
    optimizer = dy.String(primary_key=True, check=lambda column: column.is_in(["sgd", "adam"]))
    dtype = dy.String(primary_key=True, check=lambda column: column.is_in(["float64", "float32"]))
    n_steps = dy.Int64(primary_key=True, min=1)
    step_size = dy.Float64(primary_key=True, min_exclusive=0)
    seed = dy.Int64(primary_key=True, min=0)
    inner_product = dy.Float64()
    """Of the student's and the teacher's updates."""
    cosine = dy.Float64(nullable=True, min=-1.000001, max=1.000001)
    """Of the two updates; null if the student did not move."""
    loss_change = dy.Float64()
    """The teacher's loss at the student, after its steps less before, in nats."""
    predicted_change = dy.Float64()
    """The first-order prediction of it, in nats."""
    ratio = dy.Float64(nullable=True)
    """`loss_change` over `predicted_change`; null where nothing is predicted."""
    created_at = dy.String(min_length=1)
