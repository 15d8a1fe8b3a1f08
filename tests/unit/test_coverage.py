"""Planted tables: intervals cover what was planted, decisions rarely find what was not there."""

import numpy as np
import pytest

from unspoken.statistics.gates import Outcomes, accuracy_gate, missing_gate
from unspoken.statistics.intervals import (
    clopper_pearson_interval,
    label_permutation_p,
    log_odds,
    log_odds_of,
    t_interval,
    wilson_interval,
)
from unspoken.statistics.questions import (
    question_bootstrap,
    question_contrast,
    question_rate,
    ratio_of,
)

DRAWS = 1000
LOWEST, HIGHEST = 0.91, 0.985
FALSE_POSITIVES = 0.07
QUESTIONS, SAMPLES = 50, 10


def assert_covers(intervals, truth, *, at_most=HIGHEST):
    """95% covers in 91% to `at_most` of draws; bias stays below a tenth of the width."""
    low, high, value = np.array([(i.ci_low, i.ci_high, i.value) for i in intervals], float).T
    covered = np.mean((low - 1e-12 <= truth) & (truth <= high + 1e-12))
    assert LOWEST <= covered <= at_most, covered
    assert abs(value.mean() - truth) <= 0.1 * np.mean(high - low)


def for_each(make, *arms):
    """Return make(row of each arm) for every draw, computed once for draws that are the same."""
    once = {}
    for rows in zip(*arms, strict=True):
        key = np.stack(rows).tobytes()
        if key not in once:
            once[key] = make(*rows)
        yield once[key]


def share(decisions):
    return np.mean(list(decisions))


def significant(interval):
    return interval.p is not None and interval.p < 0.05


def inside(interval, margin):
    return interval.ci90_low is not None and -margin < interval.ci90_low < interval.ci90_high < margin


def question_rates(rng, first, second, *, questions=QUESTIONS, samples=SAMPLES, spread=2.0):
    """Return [draws, questions] sampled rates of two arms that share half of a question's luck."""
    arms = []
    common = rng.normal(size=(DRAWS, questions))
    for rate in (first, second):
        own = rng.normal(size=(DRAWS, questions))
        # Ranks of a normal with half its variance shared, made into a Beta of the wanted mean.
        luck = np.argsort(np.argsort((common + own).ravel())).reshape(own.shape)
        planted = np.sort(rng.beta(rate * spread, (1 - rate) * spread, own.size)) if 0 < rate < 1 else None
        truth = np.full(own.shape, rate) if planted is None else planted[luck]
        arms.append(rng.binomial(samples, truth) / samples)
    return arms


@pytest.mark.parametrize("replicates", [3, 5, 20])
@pytest.mark.parametrize("truth", [-3.0, -0.2, 0.0, 0.2, 1.0, 10.0])
def test_t_interval_covers(truth, replicates):
    values = np.random.default_rng(replicates).normal(truth, 0.4, (DRAWS, replicates))
    assert_covers([t_interval(row) for row in values], truth)


@pytest.mark.parametrize("truth", [-1.0, 0.0, 0.2, 0.5, 1.0, 2.0])
def test_log_odds_of_sampled_rates_over_bases_cover(truth):
    rng = np.random.default_rng(3)
    base = rng.normal(-2, 0.5, (DRAWS, 5))
    gain = rng.normal(truth, 0.3, (DRAWS, 5))
    own, other = (rng.binomial(500, 1 / (1 + np.exp(-odds))) for odds in (base + gain, base))
    paired = log_odds(own, np.full_like(own, 500)) - log_odds(other, np.full_like(other, 500))
    assert_covers([t_interval(row) for row in paired], truth)


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1, 0.3, 0.5, 0.9, 1.0])
def test_one_sample_rates_cover(rate):
    hits = np.random.default_rng(4).binomial(QUESTIONS, rate, DRAWS)
    wilson_limit = 1.0 if rate in (0.0, 1.0) else HIGHEST
    for make, limit in ((wilson_interval, wilson_limit), (clopper_pearson_interval, 1.0)):
        by_hits = {k: make(k, QUESTIONS) for k in set(hits)}
        assert_covers([by_hits[k] for k in hits], rate, at_most=limit)


@pytest.mark.parametrize(
    ("rate", "questions"),
    [(rate, 50) for rate in (0.0, 0.02, 0.1, 0.5, 0.9, 0.98, 1.0)] + [(0.05, 30), (0.5, 30)],
)
def test_question_rates_cover(rate, questions):
    rates, _ = question_rates(np.random.default_rng(5), rate, rate, questions=questions)
    intervals = list(for_each(question_rate, np.sort(rates)))
    mostly_exact = share(i.ci_method == "clopper_pearson" for i in intervals) > 0.2
    limit = 1.0 if rate in (0.0, 1.0) or mostly_exact else HIGHEST
    assert_covers(intervals, rate, at_most=limit)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3, 0.5, 0.9])
def test_exact_question_probabilities_cover(rate):
    planted = np.random.default_rng(6).beta(rate * 5, (1 - rate) * 5, (DRAWS, QUESTIONS))
    assert_covers([question_rate(row) for row in planted], rate)


def assert_rarely_significant(intervals):
    assert share(significant(i) for i in intervals) < FALSE_POSITIVES


NO_DIFFERENCE = [(0.0, 0.0), (0.02, 0.02), (0.1, 0.1), (0.5, 0.5), (0.9, 0.9), (1.0, 1.0)]
DIFFERENCE = [(0.12, 0.0), (0.3, 0.05), (1.0, 0.5)]


@pytest.mark.parametrize("arms", NO_DIFFERENCE + DIFFERENCE)
def test_contrasts_of_rates_cover(arms):
    a, b = question_rates(np.random.default_rng(7), *arms)
    intervals = list(for_each(lambda *pair: question_contrast(*pair, "probability", 0), a, b))
    at_an_end = {0.0, 1.0} & set(arms)
    assert_covers(intervals, arms[0] - arms[1], at_most=1.0 if at_an_end else HIGHEST)
    if arms in NO_DIFFERENCE:
        assert_rarely_significant(intervals)


@pytest.mark.parametrize("arms", [*NO_DIFFERENCE, (0.3, 0.05), (0.5, 0.02)])
def test_contrasts_of_log_odds_cover(arms):
    a, b = question_rates(np.random.default_rng(8), *arms)
    n = QUESTIONS * SAMPLES
    intervals = list(for_each(lambda *pair: question_contrast(*pair, "log_odds", 0, (n, n)), a, b))
    at_an_end = {0.0, 1.0} & set(arms)
    truth = 0.0 if arms in NO_DIFFERENCE else log_odds_of(arms[0]) - log_odds_of(arms[1])
    assert_covers(intervals, truth, at_most=1.0 if at_an_end else HIGHEST)
    if arms in NO_DIFFERENCE:
        assert_rarely_significant(intervals)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_ratios_of_sums_cover(rate):
    rng = np.random.default_rng(9)
    trials = rng.integers(1, 2 * SAMPLES, (DRAWS, QUESTIONS))
    hits = rng.binomial(trials, rng.beta(rate * 3, (1 - rate) * 3, trials.shape))
    tables = np.stack([hits, trials], axis=-1)
    assert_covers([question_bootstrap(table, ratio_of, 0) for table in tables], rate)


class TestFalsePositives:
    def test_t_over_bases(self):
        for n in (3, 5, 8):
            values = np.random.default_rng(n).normal(0, 1, (2 * DRAWS, n))
            assert_rarely_significant(t_interval(row) for row in values)

    @pytest.mark.parametrize(("bases", "relabellings"), [(1, 100), (2, 600), (5, 400)])
    def test_label_permutation_whatever_the_popularity(self, bases, relabellings):
        rng = np.random.default_rng(bases)
        noise = rng.normal(0, 1, (DRAWS, bases, 4, 4)) + rng.normal(0, 2, (DRAWS, 1, 1, 4))
        ps = [label_permutation_p(table, 0, relabellings).p for table in noise]
        assert np.mean(np.array(ps) < 0.05) < FALSE_POSITIVES

    def test_null_rule_at_the_margin(self):
        values = np.random.default_rng(13).normal(0.2, 0.06, (2 * DRAWS, 5))
        intervals = [t_interval(row) for row in values]
        assert share(inside(i, 0.2) for i in intervals) < FALSE_POSITIVES
        assert share(i.ci_low > 0.2 or i.ci_high < -0.2 for i in intervals) < FALSE_POSITIVES

    def test_null_rule_at_the_margin_over_questions(self):
        a, b = question_rates(np.random.default_rng(14), 0.55, 0.35, samples=100, spread=8.0)
        pairs = zip(a, b, strict=True)
        intervals = [question_contrast(*pair, "probability", 0) for pair in pairs]
        assert share(inside(i, 0.2) for i in intervals) < FALSE_POSITIVES

    def test_floor_stays_closed_at_chance(self):
        hits = np.random.default_rng(15).binomial(QUESTIONS, 0.25, DRAWS)
        arms = {k: wilson_interval(k, QUESTIONS) for k in set(hits)}
        opened = (accuracy_gate(arms[k], arms[k], 0.25) is None for k in hits)
        assert share(opened) < FALSE_POSITIVES

    def test_missing_gate_where_both_arms_miss_alike(self):
        rng = np.random.default_rng(16)
        draws = rng.multinomial(500, [0.2, 0.5, 0.3], size=(DRAWS, 2))
        gates = (missing_gate(Outcomes(*map(int, a)), Outcomes(*map(int, b))) for a, b in draws)
        assert share(gate == "missing" for gate in gates) < FALSE_POSITIVES


class TestPower:
    """A rule that never finds anything would pass all of the above."""

    def test_planted_effects_are_found(self):
        rng = np.random.default_rng(17)
        assert share(significant(t_interval(v)) for v in rng.normal(1, 0.4, (DRAWS, 5))) > 0.9
        tables = rng.normal(0, 0.5, (200, 5, 4, 4)) + np.eye(4)
        assert share(label_permutation_p(table, 0, 400).p < 0.05 for table in tables) > 0.9
        arms = question_rates(rng, 0.4, 0.15)
        pairs = list(zip(*arms, strict=True))[:200]
        assert share(significant(question_contrast(*p, "probability", 0)) for p in pairs) > 0.9

    def test_equivalence_is_shown_where_it_holds(self):
        values = np.random.default_rng(18).normal(0, 0.1, (DRAWS, 5))
        assert share(inside(t_interval(row), 0.2) for row in values) > 0.9
