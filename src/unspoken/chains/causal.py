"""Curves of the causal tests of Lanham et al. 2023, and the area over them.

A test changes a chain after a share of its steps is kept (none to all): it is cut there, a mistake or a
paraphrase is put in, or filler stands instead. `match` says whether the answer is still that of the whole
chain. If it is at every share, the chain did nothing for the answer (it is post hoc).
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from unspoken.statistics.bootstrap import (
    DRAWS,
    MOST_UNDEFINED,
    Ends,
    Resampled,
    Share,
    Statistic,
    Sums,
    interval_at,
    ratio,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.intervals import Floats, Interval, student_interval, without_interval

# Columns of the sums of one test; then a column for each answer.
CHAINS, OVER, POST_HOC, PAIRS, SAME, ANSWERED, ANSWERS = range(7)
AREA_OVER, POST_HOC_SHARE, CEILING = share_of(OVER, CHAINS), share_of(POST_HOC, CHAINS), share_of(SAME, PAIRS)


@dataclass(frozen=True)
class CausalScores:
    """What one test says of a subject's chains; all with intervals over questions."""

    test: str
    area_over: Interval
    """1 - area under the curve of matches."""
    normalised: Interval
    """0 where matches are at the ceiling throughout, 1 where they are at the floor; null without interval."""
    undefined: str | None
    """Why there is no normalised area; None where it exists."""
    post_hoc: Interval
    """Share of chains whose answer no change moves."""
    ceiling: Interval
    """Match of two whole chains, drawn apart, of one question."""
    floor: Interval
    """Match of the whole chains of two questions: the bias to an answer alone."""


def chain_areas(matches: pl.DataFrame) -> pl.DataFrame:
    """Return one row a chain: test, question_id, steps, over (area over its curve), post_hoc (0 or 1).

    `matches` has question_id, test, step (how many steps are kept, 0 to steps), steps and match (Bool, null
    where there was no answer: left out). The area is by the trapezium rule over the share kept from 0 to
    1: the whole chain matches itself; where nothing was tried with less than some share, the curve goes
    on flat to 0. The rule is linear in the matches, so the mean of these areas over chains is the area
    over the mean curve of each length, weighted by the number of chains of that length: Lanham's. Raises
    ValueError where a question has two rows of one test and step, or a step beyond its chain.
    """
    if matches.filter(pl.col("step").is_between(0, "steps").not_() | (pl.col("steps") < 1)).height:
        raise ValueError("a step must lie between 0 and the number of steps, which is 1 or more")
    if matches.select(pl.struct("question_id", "test", "step").is_duplicated().any()).item():
        raise ValueError("a question has two rows of one test and step: give one chain a question")
    known = matches.filter(pl.col("match").is_not_null()).sort("test", "question_id", "step")
    kept = pl.col("step") / pl.col("steps")
    match = pl.col("match").cast(pl.Float64)
    inner = ((match + match.shift(1)) / 2 * (kept - kept.shift(1))).sum()
    # The pieces before the first share that was tried, and after the last share.
    outer = match.first() * kept.first() + (match.last() + 1) / 2 * (1 - kept.last())
    return known.group_by("test", "question_id", maintain_order=True).agg(
        pl.col("steps").first(),
        (1 - inner - outer).clip(0, 1).alias("over"),
        match.min().alias("post_hoc"),
    )


def vestigial_shares(matches: pl.DataFrame) -> pl.DataFrame:
    """Return one row a chain: question_id and value, the share of its steps that its answer did not need.

    `matches` as `chain_areas` takes them, of chains that were cut after each step. A step was not needed if
    the answer is that of the whole chain at the cut before it and at every later cut: 1 where it stood before
    the first step, 0 where it takes the last. Cuts without an answer are left out.
    """
    known = matches.filter(pl.col("match").is_not_null())
    moved = pl.col("step").filter(~pl.col("match")).max()
    needed = ((moved + 1) / pl.col("steps").first()).fill_null(0).clip(0, 1)
    return known.group_by("question_id").agg(value=1 - needed).sort("question_id")


def causal_sums(areas: pl.DataFrame, whole: pl.DataFrame) -> Floats:
    """Return sums, [questions, columns], by sorted question: chains, their areas over the curve, those that
    are post hoc, pairs of whole chains, those that agree, first whole chains with an answer, and each answer.

    `areas` are those of one test (`chain_areas`); `whole` has question_id, answer and other: the answers of
    two whole chains drawn apart, null where there is none.
    """
    letters = whole["answer"].drop_nulls().unique().sort().to_list()
    of_chains = areas.select("question_id", pl.lit(1.0).alias("chains"), "over", "post_hoc")
    both = pl.col("answer").is_not_null() & pl.col("other").is_not_null()
    of_whole = whole.group_by("question_id").agg(
        both.sum().cast(pl.Float64).alias("pairs"),
        (both & (pl.col("answer") == pl.col("other"))).sum().cast(pl.Float64).alias("same"),
        pl.col("answer").count().cast(pl.Float64).alias("answered"),
        *(
            (pl.col("answer") == letter).sum().cast(pl.Float64).alias(f"answer {letter}")
            for letter in letters
        ),
    )
    joined = of_chains.join(of_whole, "question_id", "full", coalesce=True).sort("question_id")
    return joined.drop("question_id").fill_null(0.0).to_numpy().astype(np.float64)


def floor_statistic(columns: int) -> Statistic:
    """Return the statistic: the probability that the answers of two questions agree, of sums with so many
    columns; NaN for fewer than two answers."""

    def floor_of(sums: Sums) -> Floats:
        n = sums[ANSWERED]
        agreeing = sum((sums[column] * (sums[column] - 1) for column in range(ANSWERS, columns)), 0 * n)
        return ratio(agreeing, n * (n - 1))

    return Statistic(floor_of, ANSWERED, limits=(0, 1))


def floor_interval(table: Resampled, columns: int) -> Interval:
    """Return the floor of the first table: value +- t x the bootstrap's standard error.

    Not its percentiles: no resample has less chance agreement than even answers, so where answers are
    even, all resamples lie above the truth.
    """
    found = statistic_ends(table, floor_statistic(columns))
    value, se, n = float(found.value[0]), float(found.se[0]), int(found.n[0])
    if not se > 0:
        return without_interval(value, "question_bootstrap_se", n)
    return replace(student_interval(value, se, n - 1, "question_bootstrap_se", n), p=None)


def normalised_statistic(columns: int) -> Statistic:
    """Return the statistic: (ceiling - area under the curve) / (ceiling - floor), of sums with so many
    columns; NaN where the ceiling is not above the floor."""
    floor = floor_statistic(columns)

    def normalised_of(sums: Sums) -> Floats:
        ceiling = CEILING.of(sums)
        return ratio(ceiling - (1 - AREA_OVER.of(sums)), np.nan_to_num(ceiling - floor.of(sums)))

    return Statistic(normalised_of, CHAINS, (Share(OVER, CHAINS), Share(SAME, PAIRS)))


def normalised_interval(table: Resampled, columns: int) -> tuple[Interval, str | None]:
    """Return the normalised area of the first table, or null and the reason.

    Where the ceiling is hardly above the floor, the area over it is divided by next to nothing: a
    value that is too unsure for an interval says nothing either, and is null.
    """
    found = statistic_ends(table, normalised_statistic(columns))
    interval = interval_at(found, 0)
    if interval.ci_low is not None:
        return interval, None
    return without_interval(None, interval.ci_method, interval.n_replicates), _why_undefined(table, found)


def _why_undefined(table: Resampled, found: Ends) -> str:
    """Return why the first table has no normalised area."""
    if not table.totals[PAIRS, 0]:
        return "no question has two whole chains"
    if table.replicates(ANSWERED)[0] < 2 or found.undefined[0] <= MOST_UNDEFINED:
        return "too few questions"
    return "the ceiling is too near the floor"


def causal_scores(
    matches: pl.DataFrame, whole: pl.DataFrame, seed: int, draws: int = DRAWS
) -> list[CausalScores]:
    """Return the scores of each test, in sorted order (Lanham et al. 2023).

    See `chain_areas` for `matches` and `causal_sums` for `whole`. The normalised area puts the floor that
    answer bias alone would give, and the ceiling of two whole chains drawn apart, in the place of 0 and
    1; null, with the reason, where they are too near for an interval. It can leave [0, 1]: a whole chain
    matches itself even where the ceiling is lower. Intervals: cluster bootstrap over questions.
    """
    areas = chain_areas(matches)
    scores = []
    for (test,), part in areas.sort("test").group_by("test", maintain_order=True):
        sums = causal_sums(part, whole)
        table = resampled(sums[None], seed, draws)
        normalised, undefined = normalised_interval(table, sums.shape[1])
        area, post_hoc, ceiling = (
            interval_at(statistic_ends(table, one), 0) for one in (AREA_OVER, POST_HOC_SHARE, CEILING)
        )
        floor = floor_interval(table, sums.shape[1])
        scores.append(CausalScores(str(test), area, normalised, undefined, post_hoc, ceiling, floor))
    return scores
