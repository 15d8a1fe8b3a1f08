"""Curves of causal tests: areas by hand, planted chains whose area is known, and its interval."""

import numpy as np
import polars as pl
import pytest

from unspoken.chains.causal import (
    AREA_OVER,
    causal_scores,
    causal_sums,
    chain_areas,
    floor_interval,
    normalised_statistic,
)
from unspoken.statistics.bootstrap import resampled, statistic_ends

TEST = "early_answering"


def rows(question: str, matches: dict[int, bool | None], steps: int, test: str = TEST) -> list[dict]:
    return [
        {"question_id": question, "test": test, "step": step, "steps": steps, "match": match}
        for step, match in matches.items()
    ]


def areas_of(*chains: list[dict]) -> list[float]:
    return chain_areas(pl.DataFrame([row for chain in chains for row in chain]))["over"].to_list()


class TestAreas:
    def test_by_hand(self):
        # Two steps, kept 0, 1/2, 1; the curve 0, 1, 1 has the area 1/4 + 1/2 under it.
        assert areas_of(rows("a", {0: False, 1: True, 2: True}, 2)) == [pytest.approx(1 / 4)]
        assert areas_of(rows("a", {0: False, 1: False, 2: True}, 2)) == [pytest.approx(3 / 4)]
        assert areas_of(rows("a", {0: True, 1: True, 2: True}, 2)) == [0]

    def test_the_whole_chain_matches_itself(self):
        with_end, without = {0: False, 1: False, 2: False, 3: True}, {0: False, 1: False, 2: False}
        assert areas_of(rows("a", without, 3)) == areas_of(rows("a", with_end, 3)) == [pytest.approx(5 / 6)]

    def test_goes_on_flat_below_the_first_share(self):
        # Kept 1/2 alone: 0 up to there, then up to 1.
        assert areas_of(rows("a", {2: False}, 4)) == [pytest.approx(3 / 4)]

    def test_steps_without_an_answer_are_left_out(self):
        answered = {0: False, 2: True, 4: True}
        assert areas_of(rows("a", answered | {1: None}, 4)) == areas_of(rows("a", answered, 4))

    def test_order_of_rows_does_not_matter(self):
        chain = rows("a", {0: False, 1: True, 2: False, 3: True}, 3)
        assert areas_of(chain[::-1]) == areas_of(chain)

    @pytest.mark.parametrize(("step", "steps"), [(3, 2), (-1, 2), (0, 0)])
    def test_steps_outside_the_chain_are_refused(self, step, steps):
        with pytest.raises(ValueError, match="step"):
            areas_of(rows("a", {step: True}, steps))

    def test_two_chains_of_a_question_are_refused(self):
        with pytest.raises(ValueError, match="two rows"):
            areas_of(rows("a", {0: True}, 2), rows("a", {0: False}, 2))


WHOLE = pl.DataFrame(
    {
        "question_id": [f"q{n}" for n in range(10)],
        "answer": list("AAAAABBBCC"),
        "other": list("AAAAABBBBB"),
    }
)


class TestScores:
    CHAINS = [
        *(rows(f"q{n}", {0: True, 1: True, 2: True}, 2) for n in range(4)),
        *(rows(f"q{n}", {0: False, 1: True, 2: True}, 2) for n in range(4, 7)),
        *(rows(f"q{n}", {0: False, 1: False, 2: False, 3: True}, 3) for n in range(7, 10)),
    ]
    MATCHES = pl.DataFrame([row for chain in CHAINS for row in chain])

    def test_by_hand(self):
        (scores,) = causal_scores(self.MATCHES, WHOLE, 1, 200)
        area = (3 * 1 / 4 + 3 * 5 / 6) / 10
        # Of 10 x 9 ordered pairs of questions, 5 x 4 + 3 x 2 + 2 x 1 agree.
        floor, ceiling = 28 / 90, 8 / 10
        assert scores.test == TEST
        assert scores.area_over.value == pytest.approx(area)
        assert scores.post_hoc.value == pytest.approx(4 / 10)
        assert scores.ceiling.value == pytest.approx(ceiling)
        assert scores.floor.value == pytest.approx(floor)
        assert scores.normalised.value == pytest.approx((ceiling - (1 - area)) / (ceiling - floor))
        assert scores.undefined is None
        assert scores.area_over.ci_low < area < scores.area_over.ci_high
        assert scores.area_over.n_replicates == 10

    def test_weighs_lengths_by_their_chains(self):
        (scores,) = causal_scores(self.MATCHES, WHOLE, 1, 200)
        over = {}
        for steps, part in self.MATCHES.group_by("steps"):
            curve = part.group_by("step").agg(pl.col("match").mean()).sort("step")["match"].to_numpy()
            over[steps[0]] = 1 - np.trapezoid(curve, np.linspace(0, 1, len(curve)))
        assert scores.area_over.value == pytest.approx(0.7 * over[2] + 0.3 * over[3])

    def test_tests_are_apart_and_sorted(self):
        other = self.MATCHES.with_columns(test=pl.lit("added_mistake"), match=pl.lit(value=True))
        scores = causal_scores(pl.concat([self.MATCHES, other]), WHOLE, 1, 200)
        assert [one.test for one in scores] == ["added_mistake", TEST]
        assert scores[0].area_over.value == 0
        assert (scores[0].area_over.ci_low, scores[0].area_over.ci_method) == (0, "clopper_pearson")
        assert scores[0].post_hoc.value == 1

    def test_no_normalised_area_where_the_ceiling_is_not_above_the_floor(self):
        random = WHOLE.with_columns(other=pl.Series(list("BBBBBAAAAA")))
        (scores,) = causal_scores(self.MATCHES, random, 1, 200)
        assert scores.ceiling.value == 0
        assert (scores.normalised.value, scores.normalised.ci_low) == (None, None)
        assert scores.undefined == "the ceiling is too near the floor"

    def test_no_normalised_area_where_the_ceiling_is_hardly_above_the_floor(self):
        """Its value would be there, but no interval: it is null all the same."""
        near = WHOLE.with_columns(other=pl.Series(list("AAAABAACCA")))
        (scores,) = causal_scores(self.MATCHES, near, 1, 200)
        assert 0 < scores.ceiling.value - scores.floor.value < 0.2
        assert (scores.normalised.value, scores.normalised.ci_low) == (None, None)
        assert scores.undefined == "the ceiling is too near the floor"
        assert scores.normalised.n_replicates == 10

    def test_without_second_chains(self):
        (scores,) = causal_scores(self.MATCHES, WHOLE.with_columns(other=pl.lit(None, pl.String)), 1, 200)
        assert (scores.ceiling.value, scores.normalised.value) == (None, None)
        assert scores.undefined == "no question has two whole chains"
        assert scores.floor.value == pytest.approx(28 / 90)


QUESTIONS, STUDIES, STEPS = 120, 1000, 4
LETTERS = pl.Series(list("ABCD"))


def planted(rng, post_hoc: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return chains of four steps: in a share of them the answer never moves, in the others it is a guess
    until a step that is drawn evenly. Whole chains agree in 0.9 and guess, evenly, in the others."""
    shape = (STUDIES, QUESTIONS)
    decided = np.where(rng.random(shape) < post_hoc, 0, rng.integers(1, STEPS + 1, shape))
    step = np.arange(STEPS + 1)
    match = (step >= decided[..., None]) | (rng.random((*shape, STEPS + 1)) < 0.25) & (step < STEPS)
    names = np.char.zfill(np.arange(STUDIES * QUESTIONS).astype(str), 7)
    matches = pl.DataFrame(
        {"question_id": np.repeat(names, STEPS + 1), "step": np.tile(step, names.size),
         "match": match.ravel()}
    ).with_columns(test=pl.lit(TEST), steps=pl.lit(STEPS))  # fmt: skip
    first = rng.integers(0, 4, names.size)
    second = np.where(rng.random(names.size) < 0.9, first, rng.integers(0, 4, names.size))
    whole = {"question_id": names, "answer": LETTERS.gather(first), "other": LETTERS.gather(second)}
    return matches, pl.DataFrame(whole)


@pytest.mark.parametrize("post_hoc", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_intervals_cover(post_hoc):
    matches, whole = planted(np.random.default_rng(5), post_hoc)
    sums = causal_sums(chain_areas(matches), whole)
    table = resampled(sums.reshape(STUDIES, QUESTIONS, -1), 6, 500)
    # A guess misses in 3/4; at k of 4 shares kept, the answer is undecided in 1 - k/4 of the chains.
    missed = 0.75 * (1 - post_hoc) * np.array([1, 3 / 4, 2 / 4, 1 / 4, 0])
    area = np.trapezoid(missed, np.linspace(0, 1, STEPS + 1))
    ceiling, floor = 0.9 + 0.1 / 4, 1 / 4
    truths = [
        (AREA_OVER, area),
        (normalised_statistic(sums.shape[1]), (ceiling - (1 - area)) / (ceiling - floor)),
    ]
    for statistic, truth in truths:
        found = statistic_ends(table, statistic)
        low, high = found.ends[:, 0], found.ends[:, 1]
        covered = np.mean((low <= truth + 1e-9) & (truth - 1e-9 <= high))
        exact = np.mean(found.method != "question_bootstrap") > 0.2
        assert 0.91 <= covered <= (1.0 if exact or post_hoc in (0, 1) else 0.985), (truth, covered)
        assert abs(found.value.mean() - truth) <= 0.1 * np.mean(high - low)


@pytest.mark.parametrize("shares", [(0.25, 0.25, 0.25, 0.25), (0.4, 0.3, 0.2, 0.1), (0.8, 0.1, 0.1, 0.0)])
def test_intervals_of_the_floor_cover(shares):
    answers = np.eye(4)[np.random.default_rng(7).choice(4, p=shares, size=(STUDIES, QUESTIONS))]
    sums = np.concatenate([np.ones((STUDIES, QUESTIONS, 6)), answers], axis=2)
    found = [floor_interval(resampled(one[None], 8, 500), 10) for one in sums]
    low, high, value = np.array([(one.ci_low, one.ci_high, one.value) for one in found]).T
    truth = float(np.square(shares).sum())
    covered = np.mean((low <= truth) & (truth <= high))
    # Even answers are the least that chance agreement can be.
    assert 0.91 <= covered <= (1.0 if len(set(shares)) == 1 else 0.985), covered
    assert abs(value.mean() - truth) <= 0.1 * np.mean(high - low)
