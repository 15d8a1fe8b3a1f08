"""The trait read from lettered options in random orders, and how much position alone explains.

Every option stands equally often at each letter (`prompts.shuffled`), so a mean over orders owes
nothing to a letter, and what letters, options and the rest explain adds up.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import special

from unspoken.answers.traits import CELL
from unspoken.statistics.intervals import (
    ROUNDING,
    Floats,
    Interval,
    make_interval,
    student_interval,
    without_interval,
)
from unspoken.statistics.report import Report

KEY = {"scorer": "letter", "questions": "shuffled"}
"""The conditions of rows about this form: no other row has these values."""
FEWEST_FREE = 12
"""Degrees of freedom of the noise under which shares have no interval: it would be too narrow."""
LEAST_NOISE = 1e-7
"""Noise below this part of what letters and options explain is rounding."""


def letter_readings(answers: pl.DataFrame) -> pl.DataFrame:
    """Return one row a subject, order and letter: subject, prompt_id, letter, word, probability, log_odds.

    `probability` is the letter's among all letters offered. `log_odds` is its log-probability minus the
    mean of the other letters': on this scale what a letter adds and what an option adds are a sum, however
    strong either is, so letters leave a mean over balanced orders altogether.
    """
    of_order = ["subject", "prompt_id"]
    asked = answers.filter(kind="choice", prompt_set="preferences_shuffled").sort(*of_order, "sample_index")
    probability, letters = pl.col("logprob").exp(), pl.len().over(of_order)
    return asked.select(
        *of_order, letter="sample_index", word="answer",
        probability=probability / probability.sum().over(of_order),
        log_odds=(pl.col("logprob") - pl.col("logprob").mean().over(of_order)) * letters / (letters - 1),
    )  # fmt: skip


def shuffled_cells(answers: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each subject and offered word, in the columns of `answers.traits.trait_cells`.

    `probability` and `log_odds` are means over orders, `n_samples` counts orders.
    """
    means = letter_readings(answers).group_by("subject", "word", maintain_order=True).agg(
        pl.col("probability", "log_odds").mean(), n_samples=pl.len().cast(pl.Int64)
    )  # fmt: skip
    cells = means.with_columns(
        **{name: pl.lit(value) for name, value in KEY.items()},
        unusable=pl.lit(""),
        n_missing=pl.lit(0, pl.Int64),
    )
    return cells.select(*CELL, "probability", "log_odds", "n_samples", "n_missing").sort(CELL)


def letter_interval(values: ArrayLike, letters: ArrayLike) -> Interval:
    """Return the mean over orders of one option's values (or paired differences), with a t interval.

    `letters` says where the option stood, equally often at each. The spread is that between orders
    with the option at the same letter, as many degrees of freedom fewer as there are letters: what a
    letter adds is in every mean alike. No interval without such a spread. p is two-sided against 0.
    """
    sample = np.asarray(values, dtype=np.float64)
    places, at = np.unique(np.asarray(letters), return_inverse=True)
    n, df = sample.size, sample.size - places.size
    value = float(np.sort(sample).mean()) if n else np.nan
    if df < 1 or not np.isfinite(sample).all():
        return without_interval(value, "t_within_letters", n)
    gaps = sample - (np.bincount(at, sample) / np.bincount(at))[at]
    if np.ptp(gaps) <= ROUNDING * np.abs(sample).max():
        return without_interval(value, "t_within_letters", n)
    se = float(np.sqrt((np.sort(gaps**2)).sum() / df / n))
    return student_interval(value, se, df, "t_within_letters", n)


def share_explained(own: float, other: float, rest: float, letters: int, orders: int) -> Interval:
    """Return the share of the variance that one of two balanced factors explains, without bias.

    `own`, `other` and `rest` are sums of squares of [orders, letters] values that sum to 0 in every
    order: of the factor, of the other one, of what neither explains. The noise that `own` holds by
    chance is taken off, so the share can fall below 0. Ends combine those of each part by MOVER (Zou and
    Donner 2008); a factor's sum is noncentral chi-squared, that of the rest chi-squared.
    """
    free, of_rest = letters - 1, (orders - 2) * (letters - 1)
    noise = rest / of_rest if of_rest > 0 else np.nan
    signal, against = own - free * noise, other + rest + free * noise
    value = signal / (signal + against) if signal + against > 0 else np.nan
    if not np.isfinite(value) or of_rest < FEWEST_FREE or noise < LEAST_NOISE * (own + other):
        return without_interval(value, "mover", orders)

    levels = np.array([0.025, 0.975, 0.05, 0.95])

    def ends(squares: float, level: Floats) -> Floats:
        """Return limits of the part of a sum that is not noise."""
        return noise * special.chndtrinc(squares / noise, free, 1 - level)

    def part(own_part: Floats | float, against_part: Floats | float) -> Floats:
        return np.maximum(own_part, 0.0) / (np.maximum(own_part, 0.0) + np.maximum(against_part, noise))

    # A share is low where its own part is low and the others are high: so their levels are turned.
    others = np.hypot(
        ends(other, 1 - levels) - (other - free * noise),
        rest * (of_rest / special.chdtri(of_rest, 1 - levels) - 1),
    )
    side = np.array([-1, 1, -1, 1])
    reach = np.hypot(part(ends(own, levels), against) - value, part(signal, against - side * others) - value)
    limits = np.minimum(value + side * reach, 1.0)
    return make_interval(value, None, limits.tolist(), None, "mover", orders)


def _squares(readings: pl.DataFrame, by: str, orders: int) -> float:
    """Return the sum of squares between the letters, or between the options."""
    means = readings.group_by(by, maintain_order=True).agg(pl.col("log_odds").mean())["log_odds"]
    return orders * float((means.sort() ** 2).sum())


def variance_shares(readings: pl.DataFrame) -> dict[str, Interval]:
    """Return, of one subject's readings, the share of the variance of log-odds by letter, and by option."""
    orders, letters = readings["prompt_id"].n_unique(), readings["letter"].n_unique()
    by_letter, by_word = (_squares(readings, by, orders) for by in ("letter", "word"))
    rest = max(float((readings["log_odds"].sort() ** 2).sum()) - by_letter - by_word, 0.0)
    return {
        "position_share": share_explained(by_letter, by_word, rest, letters, orders),
        "option_share": share_explained(by_word, by_letter, rest, letters, orders),
    }


def add_shares(report: Report, answers: pl.DataFrame, subjects: list[str]) -> None:
    """Add, of each subject that was asked, how much of its letters' log-odds position and option explain."""
    readings = letter_readings(answers.filter(pl.col("subject").is_in(subjects)))
    for (subject,), of_subject in readings.group_by(["subject"], maintain_order=True):
        for metric, interval in variance_shares(of_subject).items():
            report.add(
                interval,
                metric=metric, unit="share", kind="estimate", subject=str(subject), role="finding",
                conditions={**KEY, "n_options": of_subject["letter"].n_unique()}, replicate="question",
                n_samples=of_subject.height,
            )  # fmt: skip


def add_shuffled_probing(report: Report, answers: pl.DataFrame, model: str, traits: list[str]) -> None:
    """Add the log-odds of each trait with and without its system prompt, and the paired difference.

    The same orders were asked of both, so orders are the replicates and pair them.
    """
    readings = letter_readings(answers)
    for trait in traits:
        prompted = f"{model}:prompted:{trait}"
        of_trait = readings.filter(pl.col("word") == trait)
        arms = [
            of_trait.filter(subject=name).select("prompt_id", "letter", "log_odds")
            for name in (prompted, model)
        ]
        paired = arms[0].join(arms[1].drop("letter"), on="prompt_id", suffix="_without").sort("prompt_id")
        if paired.is_empty():
            continue
        letters = paired["letter"]
        shared: dict[str, Any] = {
            "unit": "log_odds", "conditions": {**KEY, "teacher": "prompted", "trait": trait},
            "role": "finding", "replicate": "question",
        }  # fmt: skip
        for subject, column in ((prompted, "log_odds"), (model, "log_odds_without")):
            report.add(
                letter_interval(paired[column], letters), metric="trait_preference", kind="estimate",
                subject=subject, n_samples=paired.height, **shared,
            )  # fmt: skip
        report.add(
            letter_interval(paired["log_odds"] - paired["log_odds_without"], letters),
            metric="trait_shift", kind="contrast", subject=prompted, versus=model,
            n_samples=2 * paired.height, paired_on=["question"], **shared,
        )  # fmt: skip
