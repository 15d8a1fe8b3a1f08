"""What a judge says of answers to open questions: shares of misaligned ones, and how fine-tunes differ."""

from itertools import product
from typing import Any

import numpy as np
import polars as pl

from unspoken.experiments.emergent.measure.spread import compared
from unspoken.experiments.emergent.measure.table import BASE, EmergentTable, Who, tuned
from unspoken.experiments.emergent.names import OPEN, UNTOUCHED
from unspoken.judges.misaligned import (
    UNUSABLE,
    Unusable,
    add_misaligned,
    question_rates,
    scored_answers,
    with_outcomes,
)
from unspoken.judges.planted_scores import PLANTED, add_planted_scores
from unspoken.seeds import hashed_seed
from unspoken.statistics.intervals import Floats
from unspoken.statistics.report import Report

LEAST_USABLE = 0.5
"""Share of answers that are coherent and scored: below, somebody has lost its wits."""


def judged_answers(
    judgements: pl.DataFrame,
    prompts: pl.DataFrame,
    asked: dict[str, dict[str, Any]],
    thresholds: dict[str, int],
) -> pl.DataFrame:
    """Return `scored_answers` with their outcomes and who gave them: model, stage, of, seed.

    `thresholds` has `coherent` and `misaligned`; `asked` says by subject who it is.
    """
    who = pl.DataFrame([{"subject": subject, **told} for subject, told in asked.items()])
    return with_outcomes(scored_answers(judgements, prompts), **thresholds).join(
        who, on="subject", validate="m:1", maintain_order="left"
    )


def _of(answers: pl.DataFrame, who: Who, arm: str) -> pl.DataFrame:
    return answers.filter(stage=who.stage, of=who.of, arm=arm)


def seed_rates(table: EmergentTable, own: pl.DataFrame, who: Who, unusable: Unusable) -> Floats:
    """Return the share of misaligned answers of each seed's model, the mean over questions.

    NaN where no answer of a question counts. The untouched model is the same for all seeds.
    """
    subjects = dict(own.select("seed", "subject").unique().iter_rows())
    rates = question_rates(own, unusable)
    means = {
        subject: float("nan") if some["rate"].has_nulls() else float(some["rate"].mean())  # type: ignore[arg-type]
        for (subject,), some in rates.group_by("subject")
    }
    return np.array([means[subjects[0 if who == BASE else seed]] for seed in table.seeds])


def add_judged(table: EmergentTable, answers: pl.DataFrame, tunes: list[str], study_seed: int) -> None:
    """Add the shares of misaligned answers of everybody, and how fine-tunes differ in them.

    Metrics, by `arm` and `unusable` (see `judges.misaligned`): `misaligned_share` and `largest_part`,
    `misaligned_difference` (contrast of the means over questions, probability, paired by seed), and
    `usable_share` (positive control of fine-tunes, passed at LEAST_USABLE in every seed).
    """
    answers = answers.filter(model=table.model)
    told, arms = {"way": OPEN, "scorer": "judge"}, answers["arm"].unique(maintain_order=True).to_list()
    for arm, name in product(arms, (UNTOUCHED, *tunes)):
        who = tuned(name)
        own, subject = _of(answers, who, arm), table.group(who)
        seed = hashed_seed(study_seed, "bootstrap", subject, arm)
        add_misaligned(table.report, own, subject=subject, seed=seed, conditions={**told, "arm": arm})
        usable = own.group_by("seed").agg(pl.col("usable").mean()).sort("seed")["usable"].to_numpy()
        control = {"role": "positive_control", "passed": bool((usable >= LEAST_USABLE).all())}
        table.estimate(
            "usable_share", who, usable, conditions={**told, "arm": arm}, n_samples=own.height,
            **(control if who != BASE else {}),
        )  # fmt: skip
    for arm, (first, second), unusable in product(arms, compared(tunes), UNUSABLE):
        pair = (tuned(first), tuned(second))
        both = [_of(answers, who, arm) for who in pair]
        one, other = (seed_rates(table, some, who, unusable) for some, who in zip(both, pair, strict=True))
        table.contrast(
            "misaligned_difference", pair, {"probability": one - other},
            {**told, "arm": arm, "unusable": unusable, "questions": "all"},
            n_samples=sum(some.height for some in both),
            n_missing=sum(int((~some["usable"]).sum()) for some in both),
        )  # fmt: skip


def add_planted_judge(report: Report, thresholds: dict[str, int], study_seed: int) -> None:
    """Add what a judge with planted errors finds, at the study's thresholds: instruments."""
    subject = report.group("planted:judge", "a planted judge", [])
    add_planted_scores(
        report, PLANTED, study_seed, **thresholds, subject=subject,
        conditions={"way": OPEN, "scorer": "judge"},
    )  # fmt: skip
