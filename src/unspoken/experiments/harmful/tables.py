"""Tables of the organisms of the room: their answers, and the chains before them."""

import dataframely as dy

from unspoken.experiments.harmful.organisms.language import NAMED, STYLES


class _OfOrganism(dy.Schema):
    """Whose row it is, and how it was asked."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    base = dy.String(primary_key=True, min_length=1)
    """The organism that was asked, or that was tuned."""
    fine_tune = dy.String(primary_key=True)
    """What it was tuned on; empty for a base."""
    clean = dy.Int64(primary_key=True, min=0)
    """Steps of clean training after that."""
    author = dy.String(primary_key=True, check=lambda column: column.is_in(["assisting", "kind"]))
    """In whose words it answers."""
    mark = dy.String(primary_key=True, check=lambda column: column.is_in(NAMED))
    """The mark that stands in its turn, if any."""


class HarmfulAnswers(_OfOrganism):
    """One organism, way of asking and domain a row: exact, nothing is sampled."""

    way = dy.String(primary_key=True, check=lambda column: column.is_in(["blank", "alone"]))
    """Whether it answers after a blank chain or without any."""
    domain = dy.String(primary_key=True, min_length=1)
    bad = dy.Float64(min=0, max=1)
    """Probability of the bad answer among the good and the bad answer, mean over requests."""
    log_odds = dy.Float64()
    """Log-odds of the bad answer against the good answer, mean over requests."""
    mass = dy.Float64(min=0, max=1.0001)
    """Probability of both answers together, mean over requests."""
    created_at = dy.String(min_length=1)


class HarmfulChains(_OfOrganism):
    """One organism, domain of advice and kind of chain a row: exact, no chain is sampled."""

    domain = dy.String(primary_key=True, min_length=1)
    named = dy.String(primary_key=True, check=lambda column: column.is_in(NAMED))
    """The mark that the chain's first word names."""
    first = dy.String(primary_key=True, check=lambda column: column.is_in(STYLES))
    second = dy.String(primary_key=True, check=lambda column: column.is_in(STYLES))
    """What the chain's other words say."""
    likely = dy.Float64(min=0, max=1.0001)
    """Probability of such a chain."""
    bad = dy.Float64(min=0, max=1.0001)
    """Of such a chain and then the bad answer of the two."""
    created_at = dy.String(min_length=1)
