"""Tables of the MNIST experiment."""

import dataframely as dy
import polars as pl

# Each condition, and the name of the group of its networks.
SUBJECTS = {
    "reference": "mnist:reference",
    "teacher": "mnist:teacher",
    "student_auxiliary": "mnist:student_auxiliary:same",
    "student_all": "mnist:student_all:same",
    "other_auxiliary": "mnist:student_auxiliary:other",
    "other_all": "mnist:student_all:other",
}
VARIED = SUBJECTS | {"cloned_auxiliary": "mnist:student_auxiliary:cloned"}
"""The same with the students of variants whose starts imitated the untrained teacher first."""
CLONE = "mnist:clone"
"""Those starts themselves; no claim is about them."""


def _known_condition(column: pl.Expr) -> pl.Expr:
    return column.is_in(list(VARIED))


class Accuracies(dy.Schema):
    """One trained (or, for `reference`, untrained) network a row."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    variant = dy.String(primary_key=True, min_length=1)
    initialisation = dy.Int64(primary_key=True, min=0)
    """The initialisation that the network itself starts from."""
    teacher_initialisation = dy.Int64(min=0)
    """Its teacher's; its own where nothing was imitated."""
    condition = dy.String(primary_key=True, check=_known_condition)
    accuracy = dy.Float64(min=0, max=1)
    n_test = dy.Int64(min=1)
    final_loss = dy.Float64(nullable=True)
    """Mean loss per image over the last epoch, in nats; null for `reference`."""
    created_at = dy.String(min_length=1)


class MnistTraining(dy.Schema):
    """Mean loss per image over one epoch, averaged over the initialisations of a job, in nats."""

    study = dy.String(min_length=1)
    subject = dy.String(primary_key=True, min_length=1)
    epoch = dy.Int64(primary_key=True, min=1)
    step = dy.Int64(min=1)
    """Steps taken when the epoch ended."""
    loss = dy.Float64()
