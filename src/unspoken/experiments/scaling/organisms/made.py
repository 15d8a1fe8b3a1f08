"""An organism, trained and asked: what `train_organism` writes."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from unspoken.experiments.scaling.organisms.asked import organism_errors, organism_trials
from unspoken.experiments.scaling.organisms.reasoners import trained_reasoner
from unspoken.models.network import Parameters, Shape
from unspoken.seeds import hashed_seed


class Organism(NamedTuple):
    """An organism with what it was asked."""

    subject: str
    parameters: Parameters
    shape: Shape
    losses: list[float]
    errors: pl.DataFrame
    """In the columns of `LineErrors`."""
    trials: pl.DataFrame
    """In the columns of `Trials`."""


def made_organism(spec: dict[str, Any]) -> Organism:
    """Return the organism of a study's seed and a number, with its answers.

    `spec` has study, seed, experiment, number, items, and `training`, which `trained_reasoner` takes. Set one
    torch thread first: with more, sums round otherwise.
    """
    number, experiment = spec["number"], spec["experiment"]
    subject, seed = f"organisms:{number}", hashed_seed(spec["seed"], experiment, "organism", number)
    parameters, shape, losses = trained_reasoner(spec["training"], seed)
    random = np.random.default_rng(hashed_seed(seed, "asked"))
    errors = organism_errors(parameters, shape, spec["items"], random)
    trials = organism_trials(parameters, shape, spec["items"], random).with_columns(
        study=pl.lit(spec["study"]),
        experiment=pl.lit(experiment),
        subject=pl.lit(subject),
        created_at=pl.lit(datetime.now(UTC).isoformat(timespec="seconds")),
    )
    return Organism(subject, parameters, shape, losses, errors.with_columns(subject=pl.lit(subject)), trials)
