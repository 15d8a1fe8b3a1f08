"""The slope of the uplift from written reasoning over a pool of models, and a check of its estimator.

The accuracies with and without reasoning, and their difference, are rows of `measure.hint_accuracy`; those
of looped models are of `measure.loops`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspoken.experiments.faithfulness.measure.forced import FORCED, letters_gate, ways_to_read
from unspoken.experiments.faithfulness.measure.hint_accuracy import UNUSABLE, question_rates, scored_replies
from unspoken.experiments.faithfulness.uplift import paired_accuracies, uplift_slope, uplift_slopes
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import Floats, clopper_pearson_interval, t_interval
from unspoken.statistics.report import Report

Bools = NDArray[np.bool_]

METRIC, UNIT, STATED = "uplift_slope", "accuracy per accuracy", "stated"
LEAST_QUESTIONS = 30
"""A model that answered fewer in both ways is not in the pool: its error would drown the spread of all."""
# A planted table: its size, and in accuracies the middle of its models, how far they lie from it without
# reasoning, how far from the line, and how much questions differ for all of them. All stay within 0 and 1.
MODELS, QUESTIONS, TABLES = 12, 60, 1000
MIDDLE, REACH, SCATTER, HARDNESS = (0.45, 0.5), 0.3, 0.04, 0.1
SAME_LUCK = 0.25
"""Share of questions whose luck is the same with and without reasoning: it makes their errors covary."""
SLOPES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Planted slopes of the accuracy with reasoning on that without: all equally right, ..., the same uplift."""
COVERAGE, MOST_BIAS = (0.91, 0.985), 0.1
"""The check holds if 95% intervals hold the truth in this share of tables, and if the mean slope is off by at
most this share of their mean width."""
RATES = {"subject": pl.String, "question_id": pl.String, "answers": pl.String, "unusable": pl.String,
         "direct": pl.Float64, "reasoned": pl.Float64, "closed": pl.Boolean}  # fmt: skip


def subject_rates(trials: pl.DataFrame, subject: str) -> pl.DataFrame:
    """Return one subject's rate of right answers to each question without and with reasoning, no hints.

    Columns of `RATES`: `unusable` is dropped or failure (see `question_rates`); NaN without a usable
    answer. `answers` says how the answers with reasoning are read: stated, or forced, as those without are in
    any case; `closed` whether these agree too seldom (`forced.letters_gate`). `trials` have the columns of
    `tables.trials.Trials`; only questions asked in both ways stay.
    """
    own = trials.filter(subject=subject)
    closed = letters_gate(own.filter(arm="unhinted")) is not None
    rates = [
        _rates_of(subject, one).with_columns(answers=pl.lit(read.get("answers", STATED)))
        for read, one in ways_to_read(own)
    ]
    found = pl.concat(rates).with_columns(closed=pl.lit(closed))
    return found.select(pl.col(name).cast(dtype) for name, dtype in RATES.items())


def _rates_of(subject: str, trials: pl.DataFrame) -> pl.DataFrame:
    """Return the rates of `subject_rates` with answers read in one way."""
    replies = scored_replies(trials)
    of_arms = [
        question_rates(replies.filter(arm=arm))
        .select("question_id", *UNUSABLE)
        .unpivot(UNUSABLE, index="question_id", variable_name="unusable", value_name=name)
        .with_columns(pl.lit(subject).alias("subject"))
        for arm, name in (("direct", "direct"), ("unhinted", "reasoned"))
    ]
    return of_arms[0].join(of_arms[1], on=["subject", "question_id", "unusable"])


def _by_model(rates: pl.DataFrame, name: str) -> Floats:
    """Return rates as [models, questions], sorted by both; NaN where a model was not asked."""
    wide = rates.sort("subject", "question_id").pivot(
        "question_id", index="subject", values=name, sort_columns=True
    )
    return wide.drop("subject").cast(pl.Float64).fill_null(np.nan).to_numpy()


def _add_slope(report: Report, rates: pl.DataFrame, answers: str, unusable: str) -> None:
    known = pl.col("direct").is_finite() & pl.col("reasoned").is_finite()
    asked = rates.filter(answers=answers, unusable=unusable).fill_null(np.nan)
    used = asked.filter(known.sum().over("subject") >= LEAST_QUESTIONS)
    models = used["subject"].unique().sort().to_list()
    counted = int(used.select(known.sum()).item())
    read = {} if answers == STATED else FORCED
    arms = [report.group(f"pool:{arm}", "pool of models", models) for arm in ("unhinted", "direct")]
    slope, reason = uplift_slope(paired_accuracies(_by_model(used, "direct"), _by_model(used, "reasoned")))
    report.add(
        slope, metric=METRIC, unit=UNIT, kind="contrast", subject=arms[0], versus=arms[1],
        conditions={"unusable": unusable, **({"reason": reason} if reason else {}), **read}, role="finding",
        replicate="base", n_samples=2 * counted, n_missing=2 * (asked.height - counted),
        paired_on=["base", "question"], gate="agreement" if used["closed"].any() else None,
    )  # fmt: skip


def planted_answers(slope: float, tables: int, seed: int) -> tuple[Bools, Bools]:
    """Return right answers without and with reasoning, [tables, models, questions], of a known slope.

    A model's expected accuracy with reasoning is a line of this slope in that without it, and scatter.
    A question is as much harder or easier for every model.
    """
    rng = np.random.default_rng(hashed_seed(seed, "uplift", slope))
    away = rng.uniform(-REACH, REACH, (tables, MODELS, 1))
    scatter = rng.uniform(-SCATTER, SCATTER, away.shape)
    hardness = rng.uniform(-HARDNESS, HARDNESS, (tables, 1, QUESTIONS))
    shape = (tables, MODELS, QUESTIONS)
    luck, other, kept = (rng.random(shape, dtype=np.float32) for _ in range(3))
    direct = luck < MIDDLE[0] + away + hardness
    reasoned = np.where(kept < SAME_LUCK, luck, other) < MIDDLE[1] + slope * away + scatter + hardness
    return direct, reasoned


def _add_check(report: Report, slope: float, seed: int) -> None:
    """Add how often intervals hold a planted slope, and how far the mean is off, over planted tables."""
    truth = slope - 1
    found = uplift_slopes(paired_accuracies(*planted_answers(slope, TABLES, seed)))
    low, high = found.ends[:, 0], found.ends[:, 1]
    bounded = np.isfinite(low)
    count = int(bounded.sum())
    held = int(((low <= truth) & (truth <= high)).sum())
    off = found.value[bounded] - truth
    checks = (
        ("coverage", "probability", clopper_pearson_interval(held, count),
         COVERAGE[0] * count <= held <= COVERAGE[1] * count),
        ("bias", UNIT, t_interval(off), abs(off.mean()) <= MOST_BIAS * (high - low)[bounded].mean()),
    )  # fmt: skip
    for what, unit, interval, passed in checks:
        report.add(
            interval, metric=f"{METRIC}_{what}", unit=unit, kind="estimate",
            subject=report.group("planted:pool", "planted tables", []),
            conditions={"truth": f"{truth:g}", "models": MODELS, "questions": QUESTIONS},
            role="instrument", passed=bool(passed), replicate="none", n_samples=count,
            n_missing=TABLES - count,
        )  # fmt: skip


def add_uplift(report: Report, accuracies: pl.DataFrame, seed: int) -> None:
    """Add the slope of the uplift over the study's models, and the check of its estimator on planted tables.

    `accuracies` are `subject_rates` of every model under each other. Metric `uplift_slope`, a contrast of
    the pool with reasoning minus the pool without, models the replicates: null, with the condition `reason`,
    for fewer than five models with 30 questions answered in both ways, or such as differ too little. Answers
    with reasoning are the stated ones; by the forced letter the slope is given again (`answers: forced`). The
    answers without are forced letters: a model whose letters are too seldom what it states closes the gate.
    Instruments over planted tables of 12 models and 60 questions, of five slopes: `uplift_slope_coverage`
    and `uplift_slope_bias`; tables whose interval is unbounded are missing in them.
    """
    for answers in (STATED, *sorted(set(accuracies["answers"]) - {STATED})):
        for unusable in UNUSABLE:
            _add_slope(report, accuracies, answers, unusable)
    for slope in SLOPES:
        _add_check(report, slope, seed)
