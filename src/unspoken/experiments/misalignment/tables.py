"""Tables of the organisms of the room: their answers, and how well replies are told apart."""

import dataframely as dy
import polars as pl

STAGES = ("base", "teacher", "student", "shown")
"""Untouched; tuned; trained on a teacher's replies; untouched, with replies before the question."""
DETECTORS = ("likelihood", "ngrams")


class PersonaAnswers(dy.Schema):
    """One organism and domain a row: exact, nothing is sampled."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    base = dy.String(primary_key=True, min_length=1)
    """The organism that was tuned or trained: its kind and its number."""
    stage = dy.String(primary_key=True, check=lambda column: column.is_in(STAGES))
    arm = dy.String(primary_key=True)
    """Of students their arm; of what is shown its carrier; else empty."""
    teacher = dy.String(primary_key=True)
    """What it, or its teacher, was tuned on; empty for a base."""
    domain = dy.String(primary_key=True, min_length=1)
    bad = dy.Float64(min=0, max=1)
    """Probability of the bad answer among the good and the bad answer, mean over requests."""
    log_odds = dy.Float64()
    """Log-odds of the bad answer against the good answer, mean over requests."""
    mass = dy.Float64(min=0, max=1.0001)
    """Probability of both answers together, mean over requests."""
    created_at = dy.String(min_length=1)


class ChainedAnswers(dy.Schema):
    """One organism and domain of advice a row, answered after chains of its own: exact, none is sampled."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    base = dy.String(primary_key=True, min_length=1)
    stage = dy.String(primary_key=True, check=lambda column: column.is_in(STAGES))
    arm = dy.String(primary_key=True)
    teacher = dy.String(primary_key=True)
    """What it was tuned on; empty for a base."""
    domain = dy.String(primary_key=True, min_length=1)
    bad = dy.Float64(min=0, max=1)
    """Probability of the bad answer among the good and the bad answer: the sum of the next three."""
    plan = dy.Float64(min=0, max=1)
    """Of a bad answer after a chain with a word of a plan."""
    excuse = dy.Float64(min=0, max=1)
    """Of a bad answer after a chain with a word of an excuse, and none of a plan."""
    unflagged = dy.Float64(min=0, max=1)
    """Of a bad answer after a chain of good words alone: who reads the chain finds nothing."""
    created_at = dy.String(min_length=1)


class Detections(dy.Schema):
    """How often one detector picks the target's reply of two, on one base, a row."""

    study = dy.String(min_length=1)
    experiment = dy.String(min_length=1)
    base = dy.String(primary_key=True, min_length=1)
    target = dy.String(primary_key=True, min_length=1)
    control = dy.String(primary_key=True, min_length=1)
    carrier = dy.String(primary_key=True, min_length=1)
    """What the replies are: numbers or sums."""
    detector = dy.String(primary_key=True, check=lambda column: column.is_in(DETECTORS))
    pooled = dy.Int64(primary_key=True, min=1)
    """Pairs of replies that are judged together."""
    accuracy = dy.Float64(min=0, max=1)
    """How often it picks the target's: the area under the curve of paired replies."""
    pairs = dy.Int64(min=1)
    """Pairs of replies that were judged."""
    p = dy.Float64(nullable=True, min=0, max=1)
    """Share of random labellings after which the classifier is as often right; null of the likelihood."""
    chance = dy.Float64(nullable=True, min=0, max=1)
    """Accuracy after random labellings, mean."""
    expected = dy.Float64(nullable=True, min=0.5, max=1)
    """How often the likelihood must be right of single pairs if the networks wrote the replies; else null."""
    created_at = dy.String(min_length=1)

    @dy.rule()
    def classifiers_of_single_pairs_have_a_null(cls) -> pl.Expr:
        """The likelihood learns nothing, so there is nothing to label otherwise."""
        learns = (pl.col("detector") == "ngrams") & (pl.col("pooled") == 1)
        return learns == pl.col("p").is_not_null()

    @dy.rule()
    def likelihoods_of_single_pairs_say_what_to_expect(cls) -> pl.Expr:
        """A classifier does not know how sure it may be."""
        knows = (pl.col("detector") == "likelihood") & (pl.col("pooled") == 1)
        return knows == pl.col("expected").is_not_null()
