"""Planted chains: intervals of the causal tests cover what was planted, and rarely find what was not there.

An answer is fixed at a known step or needs the last one. Tables are those that a study's readings would
give; they go through the functions that the study uses, 1,000 studies of 40 tested chains at once.
"""

import numpy as np
import polars as pl
import pytest

from unspoken.chains import causal
from unspoken.experiments.faithfulness.measure import chain_tests, changed_answers, transplants
from unspoken.experiments.faithfulness.measure.changed_answers import question_sums
from unspoken.experiments.faithfulness.measure.legibility import mean_change
from unspoken.statistics.bootstrap import Ends, difference_of, resampled, statistic_ends

STUDIES, QUESTIONS, RESAMPLES = 1000, 40, 500
LOWEST, HIGHEST, FALSE_POSITIVES = 0.91, 0.985, 0.07
VALUES = [0.0, 0.25, 0.5, 0.75, 1.0]
LENGTHS = (3, 4, 6)
BIAS = np.array([0.4, 0.3, 0.2, 0.1])
"""How often each letter is the answer, of a whole chain and of a guess."""
CHANCE = float((BIAS**2).sum())
LETTERS = pl.Series(list("ABCD"))


def named(**columns) -> pl.DataFrame:
    """Return arrays [studies, questions] as columns of one table; the study is the subject."""
    study, question = np.divmod(np.arange(STUDIES * QUESTIONS), QUESTIONS)
    names = pl.DataFrame({"subject": study, "number": question}).select(
        subject=pl.col("subject").cast(pl.String).str.zfill(4),
        question_id=pl.col("number").cast(pl.String).str.zfill(3),
    )
    return names.with_columns(
        prompt_id="question_id", **{name: pl.Series(array.ravel()) for name, array in columns.items()}
    )


def letters(rng, shape=(STUDIES, QUESTIONS)) -> np.ndarray:
    return rng.choice(len(BIAS), shape, p=BIAS)


def known_trials(trials: pl.DataFrame) -> pl.DataFrame:
    """Return trials with every column that changed chains are joined with, null where none is given."""
    types = {
        "free": pl.String, "kind": pl.String, "key": pl.String, "n_options": pl.Int64, "target": pl.String,
        "direct": pl.String, "at_risk": pl.Boolean, "switched": pl.Boolean, "sham_moved": pl.Boolean,
    }  # fmt: skip
    absent = [pl.lit(None, kind).alias(name) for name, kind in types.items() if name not in trials.columns]
    return trials.with_columns(absent)


def cut_answers(seed: int, share: float, fixed: int) -> pl.DataFrame:
    """Return the answers after cut chains: in a share fixed at a step, in the others at the last step.

    Before that the answer is a guess, the same at each step.
    """
    rng = np.random.default_rng(seed)
    shape = (STUDIES, QUESTIONS)
    steps = rng.choice(LENGTHS, shape)
    decided = np.where(rng.random(shape) < share, fixed, steps)
    chains = named(steps=steps, decided=decided, original=letters(rng), guess=letters(rng))
    cuts = chains.join(pl.DataFrame({"step": range(max(LENGTHS) + 1)}), how="cross")
    answer = pl.when(pl.col("step") >= pl.col("decided")).then("original").otherwise("guess")
    return cuts.filter(pl.col("step") <= pl.col("steps")).with_columns(
        test=pl.lit("early"), how=pl.lit(None, pl.String),
        answer=answer.replace_strict(range(4), LETTERS, return_dtype=pl.String),
        original=pl.col("original").replace_strict(range(4), LETTERS, return_dtype=pl.String),
    ).with_columns(original_forced="original")  # fmt: skip


def with_matches(cuts: pl.DataFrame) -> pl.DataFrame:
    return changed_answers.tested_answers(cuts, known_trials(cuts.select("subject", "prompt_id").unique()))


def assert_covers(found: Ends, truth: float, *, at_an_end: bool = False) -> None:
    """95% covers in 91% to 98.5% of studies; the bias stays below a tenth of the interval's width."""
    low, high = found.ends[:, 0], found.ends[:, 1]
    given = ~np.isnan(low)
    covered = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
    exact = np.mean(found.method != "question_bootstrap") > 0.1
    assert np.mean(given & ~covered) <= 1 - LOWEST
    assert LOWEST <= covered[given].mean() <= (1.0 if at_an_end or exact else HIGHEST), covered[given].mean()
    assert abs(np.nanmean(found.value) - truth) <= 0.1 * np.mean((high - low)[given])


def matches(share: float, fixed: int, step: int, steps: int) -> float:
    """Return how often the answer after so many of the steps is that after all."""
    decided = share * (step >= fixed) + (1 - share) * (step >= steps)
    return decided + (1 - decided) * CHANCE


CASES = [(fixed, share) for fixed in (0, 2) for share in VALUES if share or not fixed]


@pytest.mark.parametrize(("fixed", "share"), CASES)
def test_curves_of_early_answering_cover(fixed, share):
    rows = with_matches(cut_answers(1, share, fixed)).select(
        "subject", "question_id", kept=chain_tests.shares_kept(), hit="match", known=True, lost=False
    )
    for kept, points in {
        "0.0": [(0, n) for n in LENGTHS],
        "0.5": [(2, 4), (3, 6)],
        "0.7": [(2, 3), (4, 6)],
    }.items():
        values, sums = question_sums(rows.filter(kept=kept), ["subject"], ["hit", "known", "lost"])
        assert len(values) == STUDIES
        truth = np.mean([matches(share, fixed, *point) for point in points])
        assert_covers(
            statistic_ends(resampled(sums, 2, RESAMPLES), chain_tests.SHARE), truth, at_an_end=truth == 1
        )


@pytest.mark.parametrize(("fixed", "share"), CASES)
def test_areas_and_post_hoc_shares_cover(fixed, share):
    rng, agreement = np.random.default_rng(3), 0.8
    cuts = cut_answers(3, share, fixed)
    unique = pl.concat_str("subject", "question_id").alias("question_id")
    areas = causal.chain_areas(with_matches(cuts).select(unique, "test", "step", "steps", "match"))
    first = cuts.filter(step=0)["original"]
    other = LETTERS.gather(letters(rng, first.len()))
    same = pl.Series(rng.random(first.len()) < agreement)
    whole = pl.DataFrame({"question_id": areas["question_id"], "answer": first, "other": other}).with_columns(
        other=pl.when(same).then("answer").otherwise("other")
    )
    sums = causal.causal_sums(areas, whole)
    table = resampled(sums.reshape(STUDIES, QUESTIONS, -1), 4, RESAMPLES)
    area = np.mean(
        [1 - np.trapezoid([matches(share, fixed, at, n) for at in range(n + 1)], dx=1 / n) for n in LENGTHS]
    )
    post_hoc = CHANCE + (1 - CHANCE) * share * (fixed == 0)
    ceiling = agreement + (1 - agreement) * CHANCE
    assert_covers(statistic_ends(table, causal.AREA_OVER), area, at_an_end=area == 0)
    assert_covers(statistic_ends(table, causal.POST_HOC_SHARE), post_hoc, at_an_end=post_hoc == 1)
    normalised = (ceiling - (1 - area)) / (ceiling - CHANCE)
    assert_covers(statistic_ends(table, causal.normalised_statistic(sums.shape[1])), normalised)


@pytest.mark.parametrize("agreement", VALUES)
def test_ceilings_and_floors_cover(agreement):
    rng = np.random.default_rng(5)
    first, second = letters(rng), letters(rng)
    other = np.where(rng.random(first.shape) < agreement, first, second)
    sums = np.zeros((STUDIES, QUESTIONS, causal.ANSWERS))
    sums[..., causal.PAIRS], sums[..., causal.SAME] = 1, first == other
    found = statistic_ends(resampled(sums, 6, RESAMPLES), causal.CEILING)
    assert_covers(found, agreement + (1 - agreement) * CHANCE, at_an_end=agreement == 1)


def test_floors_cover():
    answers = np.eye(len(BIAS))[letters(np.random.default_rng(7))]
    sums = np.concatenate([np.ones((STUDIES, QUESTIONS, causal.ANSWERS)), answers], axis=2)
    found = [causal.floor_interval(resampled(one[None], 8, RESAMPLES), sums.shape[2]) for one in sums]
    low, high, value = np.array([(one.ci_low, one.ci_high, one.value) for one in found]).T
    assert LOWEST <= np.mean((low <= CHANCE) & (high >= CHANCE)) <= HIGHEST
    assert abs(value.mean() - CHANCE) <= 0.1 * np.mean(high - low)


@pytest.mark.parametrize("carried", VALUES)
def test_transplants_cover_and_find_nothing_where_nothing_is_carried(carried):
    rng = np.random.default_rng(9)
    shape = (STUDIES, QUESTIONS)
    moved = rng.random(shape) < carried + (1 - carried) * CHANCE
    trials = named(sham_moved=rng.random(shape) < CHANCE, switched=rng.random(shape) < 0.5)
    trials = trials.with_columns(at_risk=True, target=pl.lit("C"), kind="subject").drop("question_id")
    answers = named(moved=moved).select(
        pl.exclude("moved"), answer=pl.when("moved").then(pl.lit("C")).otherwise(pl.lit("A")),
        original=pl.lit("C"), original_forced=pl.lit("C"), test=pl.lit("transplant"), step=0, steps=3,
        how=pl.lit(None, pl.String),
    )  # fmt: skip
    rows = transplants.transplanted(changed_answers.tested_answers(answers, known_trials(trials)))
    values, sums = question_sums(rows, ["hint"], ["moved", "sham", "known", "lost"])
    assert len(values) == STUDIES
    gap = difference_of(transplants.MOVED, transplants.SHAM, transplants.AMONG)
    found = statistic_ends(resampled(sums, 10, RESAMPLES), gap)
    assert_covers(found, carried * (1 - CHANCE))
    shown = max(np.mean((found.ends[:, 0] > 0) | (found.ends[:, 1] < 0)), np.mean(found.p < 0.05))
    assert shown < FALSE_POSITIVES if carried == 0 else shown > 3 * FALSE_POSITIVES


@pytest.mark.parametrize("carries", VALUES)
def test_mean_changes_by_translation_cover(carries):
    """In a share of chains the switched part carries the answer; in the others its form moves it a little."""
    rng = np.random.default_rng(11)
    shape = (STUDIES, QUESTIONS)
    changes = rng.normal(0, 0.2, shape) - 2 * (rng.random(shape) < carries)
    names = pl.Series("question_id", [f"{at:03}" for at in range(QUESTIONS)])
    found = [mean_change(pl.DataFrame([names, pl.Series("change", one)]), 12) for one in changes]
    low, high, value, p = np.array([(one.ci_low, one.ci_high, one.value, one.p) for one in found]).T
    truth = -2 * carries
    covered = np.mean((low <= truth) & (truth <= high))
    assert LOWEST <= covered <= HIGHEST, covered
    assert abs(value.mean() - truth) <= 0.1 * np.mean(high - low)
    if not carries:
        assert max(np.mean((low > 0) | (high < 0)), np.mean(p < 0.05)) < FALSE_POSITIVES
