"""How legible the chains of one fixed model are, and what spans in another language do for the answer.

Questions are the replicates.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from unspoken.experiments.faithfulness.measure.forced import FORCED, letters_alone
from unspoken.prompts.hints import LETTERS
from unspoken.seeds import hashed_seed
from unspoken.statistics.bootstrap import (
    Statistic,
    interval_at,
    ratio,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.gates import Gate, agreement_gate
from unspoken.statistics.intervals import Interval, without_interval
from unspoken.statistics.questions import question_bootstrap, ratio_of
from unspoken.statistics.report import Report

ARMS = {"unhinted": "unhinted", "hint": "hinted"}
"""Arms whose chains are described, and what the subject is called in them."""
FEWEST = 30
"""Questions with a switched chain, below which a mean change has no interval."""
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
        group = report.arm(subject, name)
        drawn = hashed_seed(seed, "legibility", subject, arm)
        _add_measures(report, chains, group, SHARES, SHARE, drawn)
        _add_measures(report, chains, group, MEANS, MEAN, drawn)


def answer_changes(interventions: pl.DataFrame) -> pl.DataFrame:
    """Return changed switched chains: question_id, prompt_id, test (translated, reworded), change, in order.

    `change` is the log-probability (nats) of `original`, the answer of the chain as it was, after the
    changed chain minus after the chain as it was; null where nothing could be changed.
    """
    place = pl.col("original").replace_strict({letter: at for at, letter in enumerate(LETTERS)})
    read = interventions.with_columns(read=pl.col("logprobs").list.get(place))
    keys = ["subject", "prompt_id"]
    whole = read.filter(test="switched").select(*keys, whole="read")
    unchanged = pl.col("how").eq_missing(pl.lit("none"))
    return (
        read.filter(pl.col("test").is_in(["translated", "reworded"]))
        .join(whole, on=keys, validate="m:1")
        .select(
            "question_id", *keys, "test", change=pl.when(~unchanged).then(pl.col("read") - pl.col("whole"))
        )
        .sort("question_id", "prompt_id", "test")
    )


def mean_change(changes: pl.DataFrame, seed: int) -> Interval:
    """Return the mean of `change` over chains, nulls left out; cluster bootstrap over questions.

    No interval for fewer than 30 questions: where few parts carry the answer, a bootstrap of fewer misses
    them (it covers the truth in 70% to 90% of draws).
    """
    known = changes.drop_nulls("change")
    by_question = known.group_by("question_id", maintain_order=True)
    sums = by_question.agg(pl.col("change").sum(), count=pl.len().cast(pl.Float64))
    parts = sums.sort("question_id").select("change", "count").to_numpy()
    found = question_bootstrap(parts, ratio_of, seed)
    if found.n_replicates < FEWEST:
        return without_interval(found.value, found.ci_method, found.n_replicates)
    return found


def _reason(switched: int, chains: pl.DataFrame, found: Interval) -> str | None:
    """Return why a row about these changed chains has no value or no interval; None if it has both."""
    if found.ci_low is not None:
        return None
    if not switched:
        return "no chain has a switched span"
    if chains.is_empty():
        return "no chain has another step of about the span's length"
    if not chains["change"].count():
        return "nothing could be put in other words"
    return f"fewer than {FEWEST} questions" if found.n_replicates < FEWEST else "no spread"


def add_translations(report: Report, interventions: pl.DataFrame, subject: str, seed: int) -> None:
    """Add what spans in another script or language do for the answer, of one subject's chains.

    Metric `answer_logprob` (nats), contrasts paired by question: the chain with that span in English minus
    the chain as it was (about 0 where the span is a translation in place); the same for another step of
    about that length in other words; and the first minus the second, of chains that have both. The answer
    is the one that the chain states, mostly the likeliest after it, so that any change lowers it on average:
    the last contrast is free of that. Without a value or an interval a row has its `reason`. All again of the
    forced letter after the chain as it was, condition `answers: forced`. `interventions` is the table of that
    name; rows of other tests and subjects are left out.
    """
    own = interventions.filter(subject=subject)
    whole = own.filter(test="switched")
    agreeing = whole.filter(pl.col("original") == pl.col("original_forced")).height
    _add_changes(report, answer_changes(own), subject, seed, {}, None)
    if not whole.is_empty():
        gate = agreement_gate(agreeing, whole.height)
        _add_changes(report, answer_changes(letters_alone(own)), subject, seed, FORCED, gate)


def _add_changes(
    report: Report, changes: pl.DataFrame, subject: str, seed: int, read: Mapping[str, str], gate: Gate | None
) -> None:
    """Add the contrasts of `add_translations`, of answers read in one way."""
    english, reworded = changes.filter(test="translated"), changes.filter(test="reworded")
    both = english.join(reworded, on="prompt_id", suffix="_reworded", maintain_order="left")
    beyond = both.with_columns(change=pl.col("change") - pl.col("change_reworded"))
    drawn = hashed_seed(seed, "translations", subject)
    for first, second, chains in (
        ("translated", "as_written", english), ("reworded", "as_written", reworded),
        ("translated", "reworded", beyond),
    ):  # fmt: skip
        found, known = mean_change(chains, drawn), chains["change"].count()
        reason = _reason(english.height, chains, found)
        arms = [report.arm(subject, arm) for arm in (first, second)]
        report.add(
            found, metric="answer_logprob", unit="nats", kind="contrast", subject=arms[0], versus=arms[1],
            conditions={**({"reason": reason} if reason else {}), **read}, role="finding",
            replicate="question", n_samples=known, n_missing=chains.height - known,
            paired_on=["question"], gate=gate,
        )  # fmt: skip
