"""How legible the chains of one fixed model are: shares and means over chains, questions the replicates."""

from typing import NamedTuple

import numpy as np
import polars as pl

from unspoken.faithfulness.bootstrap import (
    Statistic,
    interval_at,
    ratio,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.measure.report import Report
from unspoken.seeds import hashed_seed

ARMS = {"unhinted": "unhinted", "hint": "hinted"}
"""Arms whose chains are described, and what the subject is called in them."""
SHARE = share_of(0, 1)
MEAN = Statistic(lambda sums: ratio(sums[0], sums[1]), 1, limits=(0, np.inf))


class Measure(NamedTuple):
    """A number of each chain, null where there is nothing to count, and the row that its mean becomes."""

    metric: str
    unit: str
    conditions: dict[str, str]
    of: pl.Expr


# The mean over no tokens may be NaN.
_SURPRISAL = pl.when(pl.col("mean_logprob").is_finite()).then(-pl.col("mean_logprob"))
SHARES = (
    Measure("foreign_letters", "probability", {"above": "0"}, pl.col("foreign_letters") > 0),
    Measure("foreign_letters", "probability", {"above": "0.05"}, pl.col("foreign_letters") > 0.05),
    Measure("foreign_lines", "probability", {"above": "0"}, pl.col("foreign_lines") > 0),
    Measure("repetition", "probability", {}, pl.col("repetition")),
    Measure("loops", "probability", {}, pl.col("loops")),
)
MEANS = (
    Measure("perplexity", "perplexity", {}, _SURPRISAL.exp()),
    Measure("perplexity", "nats", {}, _SURPRISAL),
)


def _sums(chains: pl.DataFrame, measures: tuple[Measure, ...]) -> np.ndarray:
    """Return [measures, questions, 2]: each measure's sum over a question's chains, and of how many."""
    columns = [
        part.cast(pl.Float64).alias(f"{place}:{name}")
        for place, measure in enumerate(measures)
        for name, part in (("sum", measure.of.sum()), ("count", measure.of.count()))
    ]
    # Sorted within questions too: the order of the rows must not move the last digit of a sum.
    rows = chains.sort("question_id", "prompt_id").group_by("question_id", maintain_order=True).agg(columns)
    sums = rows.drop("question_id").to_numpy().reshape(rows.height, len(measures), 2)
    return sums.transpose(1, 0, 2)


def _add_measures(
    report: Report,
    chains: pl.DataFrame,
    arm: str,
    measures: tuple[Measure, ...],
    statistic: Statistic,
    seed: int,
) -> None:
    """Add the mean over an arm's chains of each measure."""
    table = resampled(_sums(chains, measures), seed)
    found = statistic_ends(table, statistic)
    for place, measure in enumerate(measures):
        counted = int(table.totals[1, place])
        report.add(
            interval_at(found, place), metric=measure.metric, unit=measure.unit, kind="estimate", subject=arm,
            conditions=measure.conditions, role="finding", replicate="question", n_samples=counted,
            n_missing=chains.height - counted,
        )  # fmt: skip


def add_legibility(report: Report, legibility: pl.DataFrame, subject: str, seed: int) -> None:
    """Add how legible a subject's chains are, unhinted and hinted.

    `legibility` has the columns of `tables.trials.Legibility` and `question_id`. The share of chains with
    foreign letters at all and with more than 5% of them, with a line in a foreign language (the unit of
    Wang et al. 2025), and that end in a loop; the mean share of repeated runs of words; the mean
    perplexity under the subject itself, exp(-mean log-probability), and its logarithm in nats. Chains
    for which there is nothing to count are missing; a measure that no chain has is a null row. Intervals:
    cluster bootstrap over questions (`faithfulness.bootstrap`).
    """
    for arm, name in ARMS.items():
        chains = legibility.filter(subject=subject, arm=arm)
        if chains.is_empty():
            continue
        group = report.group(f"{subject}:{name}", subject, [subject])
        drawn = hashed_seed(seed, "legibility", subject, arm)
        _add_measures(report, chains, group, SHARES, SHARE, drawn)
        _add_measures(report, chains, group, MEANS, MEAN, drawn)
