"""Planted hints: intervals of the scores cover what was planted, decisions rarely find what was not there.

Each planted answerer draws its answers by known probabilities, so the truth of every score is summed up
over all that can happen to a trial. No model runs.
"""

import itertools
from functools import cache

import numpy as np
import polars as pl
import pytest

from unspoken.experiments.faithfulness.hint_sums import HintSums, Sum, hint_sums
from unspoken.experiments.faithfulness.scores import STATISTICS, mean_over_tables
from unspoken.experiments.faithfulness.wording_spread import widened, wording_spread
from unspoken.statistics.bootstrap import Ends, Statistic, resampled, statistic_ends

DRAWS, QUESTIONS, OPTIONS, RESAMPLES = 1000, 120, 4, 500
LOWEST, HIGHEST, FALSE_POSITIVES = 0.91, 0.985, 0.07
VALUES = [0.0, 0.25, 0.5, 0.75, 1.0]
LETTERS = pl.Series(list("ABCD"))

# What an answerer does: P(follows a hint), P(says so | follows), P(mentions | does not follow), P(answers
# at random), P(answers A), P(already held the hinted answer).
PLAIN = {"follows": 0.6, "says": 0.6, "mentions": 0.05, "noise": 0.2, "position": 0.0, "held": 0.0}
RATES = ("switch_rate", "sham_rate", "switch_minus_sham")
NORMALISED = ("normalised_unclipped", "sham_corrected")
SCENARIOS = {
    "follower who says so in a share": (
        {}, "says", ("mention_share_switched", "faithfulness", "normalised_clipped", *NORMALISED),
    ),
    "follower in a share": ({}, "follows", (*RATES, *NORMALISED)),
    "random switcher": (
        {"follows": 0.0, "mentions": 0.3}, "noise",
        ("switch_minus_sham", "mention_share_unswitched", "faithfulness", *NORMALISED),
    ),
    "position-biased switcher": (
        {"follows": 0.0, "noise": 0.1}, "position", (*RATES, "normalised_unclipped"),
    ),
    "follower who already held the answer": (
        {}, "held", ("switch_minus_sham", "faithfulness", *NORMALISED),
    ),
    "mentioner who does not switch": (
        {"follows": 0.0}, "mentions", ("mention_share_unswitched", "faithfulness", *NORMALISED),
    ),
}  # fmt: skip


@cache
def named_trials(tables: int, questions: int) -> pl.DataFrame:
    """Return what does not depend on what an answerer does; each table is a kind."""
    places = pl.DataFrame(
        {
            "kind": np.repeat(np.arange(tables), questions),
            "question_id": np.tile(np.arange(questions), tables),
        }
    )
    return places.select(pl.all().cast(pl.String).str.zfill(6)).with_columns(
        prompt_id="question_id",
        subject=pl.lit("planted"),
        outcome=pl.lit("answered"),
        n_options=pl.lit(OPTIONS, pl.Int64),
    )


def hinted_trials(wrong, unhinted, sham, hinted, mentions, wordings=None) -> pl.DataFrame:
    """Return trials from arrays [tables, questions] of options' numbers."""
    at_risk = unhinted != wrong
    flags = {
        "at_risk": at_risk, "switched": at_risk & (hinted == wrong), "sham_moved": at_risk & (sham == wrong),
        "mentions": mentions, "relies": mentions,
    }  # fmt: skip
    letters = {"target": wrong, "answer": hinted, "unhinted_answer": unhinted}
    which = np.zeros(wrong.shape, int) if wordings is None else wordings
    return named_trials(*wrong.shape).with_columns(
        *(pl.Series(name, flag.ravel()) for name, flag in flags.items()),
        *(LETTERS.gather(numbers.ravel()).alias(name) for name, numbers in letters.items()),
        LETTERS.gather(which.ravel()).alias("wording"),
    )


def drawn_trials(seed: int, act: dict, tables: int = DRAWS, says=None, wordings=None) -> pl.DataFrame:
    """Return a planted answerer's trials, [tables] independent studies of 120 questions, as kinds."""
    rng = np.random.default_rng(seed)
    shape = (tables, QUESTIONS)
    key = rng.integers(0, OPTIONS, shape)
    wrong = (key + rng.integers(1, OPTIONS, shape)) % OPTIONS
    known = np.where(rng.random(shape) < 0.6, key, (key + rng.integers(1, OPTIONS, shape)) % OPTIONS)
    known = np.where(rng.random(shape) < act["held"], wrong, known)

    def answers():
        told = np.where(rng.random(shape) < act["noise"], rng.integers(0, OPTIONS, shape), known)
        return np.where(rng.random(shape) < act["position"], 0, told)

    unhinted, sham, own = answers(), answers(), answers()
    follows = rng.random(shape) < act["follows"]
    mentions = rng.random(shape) < np.where(follows, act["says"] if says is None else says, act["mentions"])
    return hinted_trials(wrong, unhinted, sham, np.where(follows, wrong, own), mentions, wordings)


@cache
def _all_that_can_happen() -> tuple[np.ndarray, HintSums]:
    """Return every (key, wrong, known, unhinted, sham, own, follows, mentions), and the sums of each."""
    sizes = [OPTIONS] * 6 + [2, 2]
    cases = np.array([case for case in itertools.product(*map(range, sizes)) if case[0] != case[1]])
    _, wrong, _, unhinted, sham, own, follows, mentions = cases.T
    hinted = np.where(follows == 1, wrong, own)
    columns = (column[None] for column in (wrong, unhinted, sham, hinted, mentions == 1))
    return cases, hint_sums(hinted_trials(*columns))


def expected_sums(act: dict) -> np.ndarray:
    """Return [sums]: what a trial of an answerer is expected to add to each."""
    cases, table = _all_that_can_happen()
    key, wrong, known, unhinted, sham, own, follows, mentions = cases.T
    of_known = np.where(known == key, 0.6, 0.4 / (OPTIONS - 1)) * (1 - act["held"])
    weight = (of_known + act["held"] * (known == wrong)) / (OPTIONS * (OPTIONS - 1))
    for answer in (unhinted, sham, own):
        told = (1 - act["noise"]) * (answer == known) + act["noise"] / OPTIONS
        weight = weight * ((1 - act["position"]) * told + act["position"] * (answer == 0))
    says = np.where(follows == 1, act["says"], act["mentions"])
    weight = weight * np.where(follows == 1, act["follows"], 1 - act["follows"])
    weight = weight * np.where(mentions == 1, says, 1 - says)
    assert weight.sum() == pytest.approx(1)
    return weight @ table.sums[0, 0]


def truth_of(statistic: Statistic, act: dict) -> float:
    sums = np.where(expected_sums(act) < 1e-12, 0, expected_sums(act))
    return float(np.clip(statistic.of(sums), *statistic.limits))


def assert_covers(found: Ends, truth: float, *, at_an_end: bool, unclipped: bool = True):
    """95% covers in 91% to 98.5% of draws; the bias stays below a tenth of the width.

    Where over a tenth of the draws have no interval (a weak hint), what is left is a selection; then an
    interval is given and wrong in at most 9% of all draws.
    """
    low, high = found.ends[:, 0], found.ends[:, 1]
    given = ~np.isnan(low)
    wrong = given & ~((low - 1e-9 <= truth) & (truth <= high + 1e-9))
    assert wrong.mean() <= 1 - LOWEST, wrong.mean()
    if given.mean() < 0.9:
        return
    covered = 1 - wrong[given].mean()
    exact = np.mean(found.method != "question_bootstrap") > 0.2
    assert LOWEST <= covered <= (1.0 if at_an_end or exact else HIGHEST), covered
    if unclipped:
        assert abs(np.nanmean(found.value) - truth) <= 0.1 * np.mean((high - low)[given])


def only(sums: np.ndarray, columns: list[Sum]) -> np.ndarray:
    """Return sums with all but some columns 0: those cost no resampling."""
    kept = np.zeros_like(sums)
    kept[..., columns] = sums[..., columns]
    return kept


def share_shown(found: Ends) -> float:
    """The share of draws in which the interval excludes 0, or p is below 0.05."""
    excluded = (found.ends[:, 0] > 0) | (found.ends[:, 1] < 0)
    return max(np.mean(excluded), np.mean(found.p < 0.05))


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_intervals_of_scores_cover(scenario, value):
    changes, changed, names = SCENARIOS[scenario]
    act = PLAIN | changes | {changed: value}
    table = resampled(hint_sums(drawn_trials(1, act)).by_kind(), 7, RESAMPLES)
    nobody_follows = act["follows"] == 0
    for name in names:
        statistic = STATISTICS[name]
        found, truth = statistic_ends(table, statistic), truth_of(statistic, act)
        if np.isnan(truth) or (nobody_follows and name.startswith(("normalised", "sham_corrected"))):
            # Nothing there to be right about: such scores may be given in few draws only.
            assert np.mean(~np.isnan(found.ends[:, 0])) < FALSE_POSITIVES, name
            continue
        unclipped = name != "normalised_clipped"
        at_an_end = value in (0, 1) or (not unclipped and truth == 1)
        assert_covers(found, truth, at_an_end=at_an_end, unclipped=unclipped)
        if name == "switch_minus_sham" and nobody_follows:
            assert share_shown(found) < FALSE_POSITIVES


@pytest.mark.parametrize("value", VALUES)
def test_means_over_kinds_and_pooled_scores_cover(value):
    acts = [PLAIN | {"follows": follows, "says": value} for follows in (0.4, 0.6, 0.8)]
    # The kinds of a draw have the same seed, so their questions and unhinted answers are the same.
    parts = [hint_sums(drawn_trials(2, act)).by_kind() for act in acts]
    columns = [Sum.OPEN_SWITCHED, Sum.OPEN_CHANCE, Sum.OPEN_JUDGED, Sum.OPEN_FAITHFUL, Sum.FAITHFUL]
    parts = [only(part, [*columns, Sum.JUDGED_SWITCHED]) for part in parts]
    kinds = resampled(np.stack(parts, axis=1).reshape(-1, QUESTIONS, len(Sum)), 8, RESAMPLES)
    pooled = resampled(sum(parts), 8, RESAMPLES)
    for name in ("faithfulness", "normalised_unclipped"):
        statistic = STATISTICS[name]
        truth = np.mean([truth_of(statistic, act) for act in acts])
        found, _ = mean_over_tables(kinds, statistic, DRAWS)
        assert_covers(found, truth, at_an_end=value in (0, 1))
        truth = float(statistic.of(sum(expected_sums(act) for act in acts)))
        assert_covers(statistic_ends(pooled, statistic), truth, at_an_end=value in (0, 1))


@pytest.mark.parametrize(
    ("wordings", "spread", "value"),
    [(4, 8.0, value) for value in VALUES]
    + [(3, 8.0, value) for value in (0.25, 0.5, 0.75)]
    + [(3, None, value) for value in (0.25, 0.5)],
)
def test_intervals_hold_for_other_wordings_too(wordings, spread, value):
    """Wordings are drawn for each study; the truth is the mean over all that could be drawn."""
    rng = np.random.default_rng(wordings)
    shares = np.full((DRAWS, wordings), value)
    if spread is not None and 0 < value < 1:
        shares = rng.beta(value * spread, (1 - value) * spread, shares.shape)
    which = rng.permuted(np.tile(np.arange(QUESTIONS) % wordings, (DRAWS, 1)), axis=1)
    act = PLAIN | {"noise": 0.0, "mentions": 0.0}
    trials = drawn_trials(3, act, says=np.take_along_axis(shares, which, axis=1), wordings=which)
    sums = hint_sums(trials)
    statistic = STATISTICS["faithfulness"]
    columns = [Sum.JUDGED_SWITCHED, Sum.FAITHFUL]
    found = statistic_ends(resampled(only(sums.by_kind(), columns), 9, RESAMPLES), statistic)
    split = only(sums.sums, columns).reshape(-1, QUESTIONS, len(Sum))
    each = statistic_ends(resampled(split, 9, RESAMPLES), statistic)
    values, variances = (part.reshape(DRAWS, wordings) for part in (each.value, each.se**2))
    found = widened(found, wording_spread(values, variances), statistic)
    assert_covers(found, value, at_an_end=value in (0, 1))


def test_planted_hints_are_found():
    """A rule that never finds anything would pass all of the above."""
    for act, at_least in ((PLAIN | {"follows": 0.3}, 0.95), (PLAIN | {"follows": 0.15}, 0.7)):
        table = resampled(hint_sums(drawn_trials(4, act)).by_kind(), 7, RESAMPLES)
        assert share_shown(statistic_ends(table, STATISTICS["switch_minus_sham"])) > at_least
