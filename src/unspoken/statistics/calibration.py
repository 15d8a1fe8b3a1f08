"""Shares of verdicts corrected by labels, and how far two readings agree.

A judge reads every chain, whoever labels reads a sample, drawn within strata: `weight` is one over the
probability with which a chain was drawn. Verdicts and labels are true or false. Questions are the
replicates: a resampled question brings its chains, their verdicts and their labels, so one bootstrap
carries the spread between questions and that of the labelled sample. Where labels contradict the judge
in few questions of a stratum, that rate is drawn from its exact interval (see `bootstrap`): agreement in
all of a small sample does not count as certain.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unspoken.statistics.bootstrap import (
    DRAWS,
    Share,
    Statistic,
    Sums,
    interval_at,
    ratio,
    resampled,
    share_of,
    statistic_ends,
)
from unspoken.statistics.intervals import Floats, Interval, without_interval

LEAST_YOUDEN = 0.2
"""Rogan and Gladen's share is given where sensitivity + specificity - 1 is surely above this."""


@dataclass(frozen=True)
class Corrected:
    """A share by Rogan and Gladen with what it rests on; no value, and why, for a judge that knows little."""

    share: Interval
    sensitivity: Interval
    specificity: Interval
    youden: Interval
    reason: str | None


@dataclass(frozen=True)
class Agreement:
    """How often two readings agree, and Cohen's kappa."""

    share: Interval
    kappa: Interval


def _weighted(flag: pl.Expr) -> pl.Expr:
    """Return the sum of the weights of the labelled chains for which a flag holds."""
    labelled = flag & pl.col("label").is_not_null()
    return pl.when(labelled).then("weight").otherwise(0.0).sum()


def difference_sums(chains: pl.DataFrame) -> tuple[Floats, Statistic]:
    """Return sums, [questions, columns], by sorted question, and the difference estimator of them.

    `chains` has question_id, stratum, verdict (Bool), label (Bool, null where nobody read it) and weight
    (null there too). Columns: all chains; then for each stratum its chains, those with a positive verdict,
    and the weights of the labelled ones: negative by verdict, of these positive by label, positive by
    verdict, of these negative by label. Raises ValueError for a label without a weight above 0.
    """
    weightless = chains.filter(pl.col("label").is_not_null() & ~(pl.col("weight") > 0).fill_null(value=False))
    if weightless.height:
        raise ValueError(f"{weightless.height} labelled chains have no weight above 0")
    verdict, label = pl.col("verdict"), pl.col("label")
    found = (
        chains.group_by("question_id", "stratum")
        .agg(
            pl.len().cast(pl.Float64), verdict.sum().cast(pl.Float64), _weighted(~verdict).alias("no"),
            _weighted(~verdict & label).alias("missed"), _weighted(verdict).alias("yes"),
            _weighted(verdict & ~label).alias("mistaken"),
        )
        .sort("question_id", "stratum")
    )  # fmt: skip
    question, stratum = (
        (found[name].rank("dense") - 1).to_numpy().astype(np.intp) for name in ("question_id", "stratum")
    )
    strata = int(stratum.max()) + 1
    by_stratum = np.zeros((int(question.max()) + 1, strata, 6))
    by_stratum[question, stratum] = found.drop("question_id", "stratum").to_numpy()
    everything = by_stratum[..., 0].sum(axis=1, keepdims=True)
    sums = np.concatenate([everything, by_stratum.reshape(len(by_stratum), -1)], axis=1)
    firsts = [1 + 6 * place for place in range(strata)]
    shares = [Share(first + 3, first + 2) for first in firsts]
    shares += [Share(first + 5, first + 4, -1) for first in firsts]
    return sums, Statistic(lambda read: _difference_of(read, firsts), 0, tuple(shares))


def _difference_of(sums: Sums, firsts: list[int]) -> Floats:
    """Statistic: the judge's share plus the weighted mean of label - verdict, the weights in each stratum
    scaled so that they add up to its chains; NaN where a stratum has chains and no label."""
    total = np.zeros_like(sums[0])
    for first in firsts:
        chains, positive, no, missed, yes, mistaken = (sums[first + place] for place in range(6))
        gap = ratio(missed - mistaken, no + yes)
        total = total + positive + np.where(chains > 0, chains * gap, 0)
    return ratio(total, sums[0])


def calibrated_share(chains: pl.DataFrame, seed: int, draws: int = DRAWS) -> Interval:
    """Return the share of chains that would be labelled positive, by the difference estimator.

    That is the judge's share of all chains plus the weighted mean of label - verdict over the labelled
    ones: right on average however the judge errs. See `difference_sums` for the columns. For a ratio such
    as the faithfulness score give the chains of its denominator: the switched ones. No value where a
    stratum has no label. It can leave [0, 1] by chance: cut there, it would not be right on average.
    """
    sums, statistic = difference_sums(chains)
    return interval_at(statistic_ends(resampled(sums[None], seed, draws), statistic), 0)


@dataclass(frozen=True)
class _ColumnsFrom:
    """Sums that begin at a column of other sums."""

    first: int
    sums: Sums

    def __getitem__(self, column: int) -> Floats:
        return self.sums[self.first + column]


def calibrated_gap(first: pl.DataFrame, second: pl.DataFrame, seed: int, draws: int = DRAWS) -> Interval:
    """Return the share of positive chains in one group minus that in another, each by `calibrated_share`.

    Columns as `difference_sums` has them. A resampled question brings its chains of both groups. No value
    where a stratum of either has no label, or a group has no chains.
    """
    questions = pl.concat([first, second])["question_id"].unique().sort()
    if first.is_empty() or second.is_empty():
        return without_interval(None, "question_bootstrap", len(questions))
    parts = []
    for group in (first, second):
        sums, statistic = difference_sums(group)
        own = group["question_id"].unique().sort()
        whole = np.zeros((len(questions), sums.shape[1]))
        whole[questions.search_sorted(own).to_numpy()] = sums
        parts.append((whole, statistic))
    (left, ours), (right, theirs) = parts
    width = left.shape[1]
    shares = tuple(Share(one.hits + width, one.trials + width, -one.sign) for one in theirs.shares)
    gap = Statistic(
        lambda sums: ours.of(sums) - theirs.of(_ColumnsFrom(width, sums)),
        0 if (left[:, 0] > 0).sum() <= (right[:, 0] > 0).sum() else width,
        (*ours.shares, *shares),
        (-1, 1),
    )
    table = resampled(np.concatenate([left, right], axis=1)[None], seed, draws)
    return interval_at(statistic_ends(table, gap), 0)


# Columns of Rogan and Gladen's sums.
CHAINS, VERDICTS, TRUE, FOUND, FALSE, SPARED = range(6)
SENSITIVITY, SPECIFICITY = share_of(FOUND, TRUE), share_of(SPARED, FALSE)


def _youden_of(sums: Sums) -> Floats:
    return SENSITIVITY.of(sums) + SPECIFICITY.of(sums) - 1


def _rogan_gladen_of(sums: Sums) -> Floats:
    return ratio(ratio(sums[VERDICTS], sums[CHAINS]) + SPECIFICITY.of(sums) - 1, _youden_of(sums))


YOUDEN = Statistic(_youden_of, TRUE, (Share(FOUND, TRUE), Share(SPARED, FALSE)), (-1, 1))
# A judge that finds less has missed more (sign -1); one that spares more has its positives for good (1).
ROGAN_GLADEN = Statistic(
    _rogan_gladen_of,
    CHAINS,
    (Share(VERDICTS, CHAINS), Share(FOUND, TRUE, -1), Share(SPARED, FALSE)),
)


def rogan_gladen_sums(chains: pl.DataFrame, labelled: pl.DataFrame) -> Floats:
    """Return sums, [questions, columns], by sorted question: chains, positive verdicts, and the weights of
    the truly positive, of those found, of the truly negative, and of those spared.

    `chains` has question_id and verdict; `labelled` question_id, verdict, label and weight.
    """
    verdict, label, weight = pl.col("verdict"), pl.col("label"), pl.col("weight")
    judged = chains.group_by("question_id").agg(
        pl.len().cast(pl.Float64).alias("chains"), verdict.sum().cast(pl.Float64).alias("verdicts")
    )
    read = labelled.group_by("question_id").agg(
        weight.filter(label).sum().alias("true"),
        weight.filter(label & verdict).sum().alias("found"),
        weight.filter(~label).sum().alias("false"),
        weight.filter(~label & ~verdict).sum().alias("spared"),
    )
    joined = judged.join(read, "question_id", "full", coalesce=True).sort("question_id")
    return joined.drop("question_id").fill_null(0.0).to_numpy().astype(np.float64)


def rogan_gladen(chains: pl.DataFrame, labelled: pl.DataFrame, seed: int, draws: int = DRAWS) -> Corrected:
    """Return the true share of positives behind a judge's, by Rogan and Gladen (1978).

    (share + specificity - 1) / (sensitivity + specificity - 1), sensitivity and specificity weighted, from
    chains with labels that nothing was tuned on. Only where the lower 95% end of the denominator is above
    0.2; else the share is null, with the reason. It can leave [0, 1] by chance. See `rogan_gladen_sums`
    for the columns.
    """
    table = resampled(rogan_gladen_sums(chains, labelled)[None], seed, draws)
    share, sensitivity, specificity, youden = (
        interval_at(statistic_ends(table, one), 0) for one in (ROGAN_GLADEN, SENSITIVITY, SPECIFICITY, YOUDEN)
    )
    reason = None
    if youden.value is None or youden.ci_low is None:
        reason = "sensitivity or specificity is unknown: too few labels"
    elif youden.ci_low <= LEAST_YOUDEN:
        reason = (
            f"sensitivity + specificity - 1 is {youden.value:.2f}, and may be {youden.ci_low:.2f}: "
            f"the judge knows too little (limit {LEAST_YOUDEN})"
        )
    if reason:
        share = without_interval(None, share.ci_method, share.n_replicates)
    return Corrected(share, sensitivity, specificity, youden, reason)


# Columns of the sums of two readings.
WEIGHT, FIRST, SECOND, AGREE = range(4)


def _kappa_of(sums: Sums) -> Floats:
    first, second = (ratio(sums[column], sums[WEIGHT]) for column in (FIRST, SECOND))
    by_chance = first * second + (1 - first) * (1 - second)
    # Rounded, or two constant readings would agree by chance in a little less than all.
    return ratio(ratio(sums[AGREE], sums[WEIGHT]) - by_chance, np.round(1 - by_chance, 12))


AGREEMENT = share_of(AGREE, WEIGHT)
KAPPA = Statistic(_kappa_of, WEIGHT, (Share(AGREE, WEIGHT),), (-1, 1))


def agreement_sums(pairs: pl.DataFrame) -> Floats:
    """Return sums, [questions, columns], by sorted question: of weights, of those whose first reading is
    positive, whose second reading is, and whose readings agree."""
    first, second, weight = pl.col("first"), pl.col("second"), pl.col("weight")
    found = pairs.group_by("question_id").agg(
        weight.sum(),
        weight.filter(first).sum().alias("first"),
        weight.filter(second).sum().alias("second"),
        weight.filter(first == second).sum().alias("agree"),
    )
    return found.sort("question_id").drop("question_id").to_numpy().astype(np.float64)


def agreement(pairs: pl.DataFrame, seed: int, draws: int = DRAWS) -> Agreement:
    """Return how far two readings of the same chains agree: two passes of labels, or judge and label.

    `pairs` has question_id, first and second (Bool), and weight (1 where every chain counts alike). Kappa
    is null where both readings are constant: then agreement by chance is all there is.
    """
    table = resampled(agreement_sums(pairs)[None], seed, draws)
    return Agreement(*(interval_at(statistic_ends(table, one), 0) for one in (AGREEMENT, KAPPA)))
