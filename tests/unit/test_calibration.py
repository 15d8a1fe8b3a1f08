"""Shares corrected by labels: by hand, and on planted judges that err by known rates."""

import numpy as np
import polars as pl
import pytest

from unspoken.statistics.bootstrap import Ends, resampled, statistic_ends
from unspoken.statistics.calibration import (
    KAPPA,
    ROGAN_GLADEN,
    agreement,
    agreement_sums,
    calibrated_share,
    difference_sums,
    rogan_gladen,
    rogan_gladen_sums,
)

SEED, RESAMPLES = 3, 300


def chains(*counts: tuple[int, str, bool, bool | None, float | None]) -> pl.DataFrame:
    """Return so many chains of stratum, verdict, label and weight, each of a question of its own."""
    rows = [row[1:] for row in counts for _ in range(row[0])]
    frame = pl.DataFrame(
        rows, ["stratum", "verdict", "label", "weight"], orient="row", infer_schema_length=None
    )
    ids = pl.format("q{}", pl.int_range(pl.len()))
    return frame.with_columns(
        pl.col("label").cast(pl.Boolean), pl.col("weight").cast(pl.Float64), question_id=ids
    )


class TestDifference:
    # 40 positive verdicts, 10 of which were read: 2 mistaken. 60 negative ones, 20 read: 5 missed.
    FRAME = chains(
        (30, "yes", True, None, None), (8, "yes", True, True, 4.0), (2, "yes", True, False, 4.0),
        (40, "no", False, None, None), (15, "no", False, False, 3.0), (5, "no", False, True, 3.0),
    )  # fmt: skip

    def test_by_hand(self):
        found = calibrated_share(self.FRAME, SEED, RESAMPLES)
        assert found.value == pytest.approx(0.4 + (5 * 3.0 - 2 * 4.0) / 100)
        assert found.ci_low < found.value < found.ci_high
        assert found.n_replicates == 100

    def test_weights_count_by_their_ratio_within_a_stratum(self):
        doubled = self.FRAME.with_columns(pl.col("weight") * 2)
        assert calibrated_share(doubled, SEED, RESAMPLES) == calibrated_share(self.FRAME, SEED, RESAMPLES)
        uneven = chains(
            (1, "all", True, True, 1.0), (1, "all", True, False, 3.0), (8, "all", False, None, None)
        )
        assert calibrated_share(uneven, SEED, RESAMPLES).value == pytest.approx(0.2 - 3 / 4)

    def test_all_labelled_is_the_share_of_labels(self):
        frame = chains((12, "a", True, True, 1.0), (8, "a", False, True, 1.0), (20, "a", True, False, 1.0))
        assert calibrated_share(frame, SEED, RESAMPLES).value == pytest.approx(20 / 40)

    def test_agreement_in_a_small_sample_is_not_certain(self):
        few = chains((190, "a", False, None, None), (10, "a", False, False, 20.0))
        found = calibrated_share(few, SEED, 2000)
        assert (found.value, found.ci_low) == (0, 0)
        # The upper end for 0 of 10.
        assert found.ci_high == pytest.approx(0.308, abs=0.01)

    def test_a_stratum_without_labels_has_no_value(self):
        frame = pl.concat([self.FRAME, chains((3, "other", True, None, None))])
        assert calibrated_share(frame, SEED, RESAMPLES).value is None

    def test_labels_without_weight_are_refused(self):
        with pytest.raises(ValueError, match="1 labelled chains have no weight"):
            calibrated_share(chains((1, "a", True, True, None)), SEED)


def labelled(both: int, missed: int, mistaken: int, neither: int, weight: float = 1.0) -> pl.DataFrame:
    return chains(
        (both, "x", True, True, weight), (missed, "x", False, True, weight),
        (mistaken, "x", True, False, weight), (neither, "x", False, False, weight),
    ).with_columns(pl.format("gold {}", "question_id").alias("question_id"))  # fmt: skip


class TestRoganGladen:
    JUDGED = chains((40, "x", True, None, None), (60, "x", False, None, None))

    def test_by_hand(self):
        found = rogan_gladen(self.JUDGED, labelled(40, 10, 5, 45), SEED, RESAMPLES)
        assert found.sensitivity.value == pytest.approx(0.8)
        assert found.specificity.value == pytest.approx(0.9)
        assert found.youden.value == pytest.approx(0.7)
        assert found.share.value == pytest.approx((0.4 + 0.9 - 1) / 0.7)
        assert found.reason is None

    def test_weights(self):
        labels = pl.concat([labelled(30, 0, 0, 50, 1.0), labelled(0, 30, 0, 0, 0.5)])
        labels = labels.with_columns(question_id=pl.format("{}{}", "question_id", pl.int_range(pl.len())))
        assert rogan_gladen(self.JUDGED, labels, SEED, RESAMPLES).sensitivity.value == pytest.approx(30 / 45)

    def test_a_judge_that_knows_little_gives_a_reason(self):
        found = rogan_gladen(self.JUDGED, labelled(30, 20, 20, 30), SEED, RESAMPLES)
        assert (found.share.value, found.share.ci_low) == (None, None)
        assert found.youden.value == pytest.approx(0.2)
        assert found.reason is not None and "knows too little" in found.reason

    def test_few_labels_of_a_good_judge_are_not_enough(self):
        assert rogan_gladen(self.JUDGED, labelled(4, 0, 0, 4), SEED, RESAMPLES).reason is not None
        assert rogan_gladen(self.JUDGED, labelled(20, 0, 0, 20), SEED, RESAMPLES).reason is None

    def test_no_positive_labels(self):
        found = rogan_gladen(self.JUDGED, labelled(0, 0, 5, 45), SEED, RESAMPLES)
        assert found.share.value is None
        assert found.reason is not None and "too few labels" in found.reason


class TestAgreement:
    PAIRS = pl.DataFrame(
        {
            "question_id": [f"q{n:02}" for n in range(50)],
            "first": [True] * 25 + [False] * 25,
            "second": [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15,
            "weight": [1.0] * 50,
        }
    )

    def test_by_hand(self):
        found = agreement(self.PAIRS, SEED, RESAMPLES)
        assert found.share.value == pytest.approx(0.7)
        assert found.kappa.value == pytest.approx((0.7 - 0.5) / 0.5)
        assert found.kappa.ci_low < 0.4 < found.kappa.ci_high

    def test_weights_are_copies(self):
        weighted = self.PAIRS.with_columns(weight=pl.when(pl.col("first")).then(2.0).otherwise(1.0))
        copied = pl.concat([self.PAIRS, self.PAIRS.filter("first")])
        one, two = agreement(weighted, SEED, RESAMPLES), agreement(copied, SEED, RESAMPLES)
        assert one.kappa.value == pytest.approx(two.kappa.value)
        assert one.kappa.ci_low == pytest.approx(two.kappa.ci_low)

    def test_full_agreement_is_not_certain(self):
        found = agreement(self.PAIRS.with_columns(second="first"), SEED, RESAMPLES)
        assert (found.kappa.value, found.kappa.ci_high) == (1, 1)
        assert 0.8 < found.kappa.ci_low < 0.95

    def test_constant_readings_have_no_kappa(self):
        constant = self.PAIRS.with_columns(first=pl.lit(value=True), second=pl.lit(value=True))
        found = agreement(constant, SEED, RESAMPLES)
        assert (found.share.value, found.kappa.value) == (1, None)


STUDIES, QUESTIONS, EACH, READ = 1000, 120, 2, 60
VALUES = [0.0, 0.25, 0.5, 0.75, 1.0]


def planted(seed: int, share: float, judge: tuple[float, float], read: int = READ) -> pl.DataFrame:
    """Return studies of 120 questions with two chains each, judged with a sensitivity and specificity;
    of either verdict at most `read` are labelled, drawn at random."""
    rng = np.random.default_rng(seed)
    shape = (STUDIES, QUESTIONS, EACH)
    of_question = (
        rng.beta(4 * share, 4 * (1 - share), shape[:2]) if 0 < share < 1 else np.full(shape[:2], share)
    )
    truth = rng.random(shape) < of_question[..., None]
    verdict = rng.random(shape) < np.where(truth, judge[0], 1 - judge[1])
    study = np.repeat(np.arange(STUDIES), QUESTIONS * EACH)
    frame = pl.DataFrame(
        {
            "study": study, "question": np.tile(np.repeat(np.arange(QUESTIONS), EACH), STUDIES),
            "verdict": verdict.ravel(), "truth": truth.ravel(), "order": rng.random(study.size),
        }
    )  # fmt: skip
    within = ("study", "verdict")
    drawn = pl.col("order").rank().over(within) <= read
    weight = pl.len().over(within) / drawn.sum().over(within)
    return frame.select(
        "verdict",
        question_id=pl.col("study") * QUESTIONS + pl.col("question"),
        stratum=pl.when("verdict").then(pl.lit("yes")).otherwise(pl.lit("no")),
        label=pl.when(drawn).then("truth"),
        weight=pl.when(drawn).then(weight),
    )


def assert_covers(found: Ends, truth: float, *, at_most: float):
    low, high = found.ends[:, 0], found.ends[:, 1]
    given = ~np.isnan(low)
    covered = np.mean(((low - 1e-9 <= truth) & (truth <= high + 1e-9))[given])
    exact = np.mean(found.method != "question_bootstrap") > 0.2
    assert given.mean() > 0.9
    assert 0.91 <= covered <= (1.0 if exact else at_most), covered
    assert abs(np.nanmean(found.value) - truth) <= 0.1 * np.mean((high - low)[given])


@pytest.mark.parametrize("judge", [(0.8, 0.8), (0.95, 0.98), (0.5, 0.5)])
@pytest.mark.parametrize("share", VALUES)
def test_difference_estimator_covers(share, judge):
    sums, statistic = difference_sums(planted(1, share, judge))
    table = resampled(sums.reshape(STUDIES, QUESTIONS, -1), 2, RESAMPLES)
    assert_covers(statistic_ends(table, statistic), share, at_most=1.0 if share in (0, 1) else 0.985)


@pytest.mark.parametrize("share", VALUES)
def test_rogan_gladen_covers(share):
    judge = (0.85, 0.9)
    judged = planted(3, share, judge)
    # Labels of other questions, of which half are positive.
    gold = planted(4, 0.5, judge).filter(pl.col("label").is_not_null())
    gold = gold.with_columns(pl.col("question_id") + 0.5)
    both = rogan_gladen_sums(judged.with_columns(pl.col("question_id").cast(pl.Float64)), gold)
    keys = pl.concat([judged["question_id"].cast(pl.Float64), gold["question_id"]]).unique().sort()
    study = (keys.to_numpy() // QUESTIONS).astype(int)
    place = np.arange(len(study)) - np.searchsorted(study, study)
    sums = np.zeros((STUDIES, 2 * QUESTIONS, both.shape[1]))
    sums[study, place] = both
    found = statistic_ends(resampled(sums, 5, RESAMPLES), ROGAN_GLADEN)
    assert_covers(found, share, at_most=1.0 if share in (0, 1) else 0.985)


@pytest.mark.parametrize("kappa", VALUES)
def test_kappa_covers(kappa):
    """The second reading repeats the first in a share `kappa` of chains, and is drawn anew in the others."""
    rng = np.random.default_rng(6)
    first = rng.random((STUDIES, QUESTIONS)) < 0.4
    second = np.where(rng.random(first.shape) < kappa, first, rng.random(first.shape) < 0.4)
    pairs = pl.DataFrame(
        {"question_id": np.arange(first.size), "first": first.ravel(), "second": second.ravel()}
    ).with_columns(weight=pl.lit(1.0))
    table = resampled(agreement_sums(pairs).reshape(STUDIES, QUESTIONS, -1), 7, RESAMPLES)
    assert_covers(statistic_ends(table, KAPPA), kappa, at_most=1.0 if kappa == 1 else 0.985)
