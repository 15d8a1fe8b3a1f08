"""Estimates and contrasts of trait probing: one fixed model, so questions are the replicates."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from unspoken.answers.shuffled import add_shares, add_shuffled_probing
from unspoken.answers.traits import question_scores
from unspoken.seeds import hashed_seed
from unspoken.statistics.gates import Outcomes, missing_gate
from unspoken.statistics.questions import question_contrast, question_rate
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.probe import Answers

Scores = dict[str, pl.DataFrame]


def scored_questions(answers: pl.DataFrame, words: dict[str, dict]) -> dict[tuple[str, str], pl.DataFrame]:
    """Return each question's rate by (scorer, unusable): subject, word, questions, prompt_id, rate.

    Sampled answers also have hits, misses and unusable; `trials` is what the rate is over. Where no
    probability was read, every question's is null and unusable.
    """
    sampled, exact = question_scores(answers, words)
    if exact.is_empty():  # the engine gives text alone: each question is missing
        exact = sampled.filter(scorer="word").select(
            "subject", "questions", "prompt_id", "word", probability=pl.lit(None, pl.Float64)
        )
    frames = {
        ("choice", ""): exact.with_columns(
            rate="probability",
            trials=pl.lit(0, pl.Int64),
            unusable=pl.col("probability").is_null().cast(pl.Int64),
        ).drop("probability")
    }
    for scorer in ("substring", "word"):
        of_scorer = sampled.filter(scorer=scorer)
        for how in ("dropped", "failure"):
            trials = pl.col("hits") + pl.col("misses") + pl.col("unusable") * (how == "failure")
            frames[scorer, how] = of_scorer.with_columns(trials=trials).with_columns(
                rate=pl.when(pl.col("trials") > 0).then(pl.col("hits") / pl.col("trials"))
            )
    return frames


def _outcomes(rows: pl.DataFrame) -> Outcomes:
    return Outcomes(*(int(rows[name].sum()) for name in ("hits", "misses", "unusable")))


def add_probing(
    report: Report,
    answers: pl.DataFrame,
    model: str,
    words: dict[str, dict],
    traits: list[str],
    study_seed: int,
) -> None:
    """Add P(trait) with and without its system prompt, and the difference, paired by question."""
    of_model = answers.filter(pl.col("subject").str.split(":").list.first() == model)
    for (scorer, unusable), scores in scored_questions(of_model, words).items():
        key = {"scorer": scorer, "teacher": "prompted"} | ({"unusable": unusable} if unusable else {})
        for trait in traits:
            arms = [
                scores.filter(subject=subject, word=trait).sort("questions", "prompt_id")
                for subject in (f"{model}:prompted:{trait}", model)
            ]
            _add_pair(report, arms, {**key, "trait": trait}, study_seed)


def _add_pair(report: Report, arms: list[pl.DataFrame], conditions: dict[str, str], study_seed: int) -> None:
    """Add the two arms' rates and their contrast on both scales."""
    subjects = [arm["subject"][0] for arm in arms]
    rates = [arm["rate"].cast(pl.Float64).fill_null(np.nan).to_numpy() for arm in arms]
    exact = conditions["scorer"] == "choice"
    counts = [arm["rate"].count() if exact else int(arm["trials"].sum()) for arm in arms]
    missing = [int(arm["unusable"].sum()) for arm in arms]
    for subject, rate, count, lost in zip(subjects, rates, counts, missing, strict=True):
        report.add(
            question_rate(rate),
            metric="trait_preference", unit="probability", kind="estimate", subject=subject,
            conditions=conditions, role="finding", replicate="question", n_samples=count,
            n_missing=lost,
        )  # fmt: skip
    seed = hashed_seed(study_seed, "bootstrap", *subjects, *conditions.values())
    unread = None if any(counts) else "missing"
    gate = unread if exact else missing_gate(*(_outcomes(arm) for arm in arms))
    for scale in ("probability", "log_odds"):
        report.add(
            question_contrast(
                rates[0], rates[1], "probability" if scale == "probability" else "log_odds", seed,
                None if exact else (counts[0], counts[1]),
            ),
            metric="trait_shift", unit=scale, kind="contrast", subject=subjects[0],
            versus=subjects[1], conditions=conditions, role="finding", replicate="question",
            n_samples=sum(counts), n_missing=sum(missing), paired_on=["question"], gate=gate,
        )  # fmt: skip


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of models with and without system prompts, from the files of `answers`."""
    answers = whole_table(files["answers"], Answers)
    reproducible = bool(answers["reproducible"].all())
    report = Report(spec["study"], "cloud2025", spec["experiment"], reproducible=reproducible)
    # All 50 questions: nothing was shown to a prompted model, so nothing is held out.
    whole = answers.with_columns(held_out=pl.lit(True))
    for model in spec["models"]:
        add_probing(report, whole, model, spec["words"], spec["traits"], spec["seed"])
        add_shuffled_probing(report, answers, model, spec["traits"])
    add_shares(report, answers, answers["subject"].unique().sort().to_list())
    return [report]
