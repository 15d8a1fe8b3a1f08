"""Estimates and contrasts of moods: one fixed model, so questions are the replicates."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.seeds import hashed_seed
from unspoken.statistics.questions import question_contrast, question_rate
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.probe import Answers


def first_choice_rates(answers: pl.DataFrame) -> pl.DataFrame:
    """Return the first choice's probability among both: subject, prompt_id, choice, rate."""
    probability = pl.col("logprob").exp()
    exact = answers.filter(kind="choice").with_columns(
        rate=probability / probability.sum().over("subject", "prompt_id")
    )
    first = exact.filter(sample_index=0)
    return first.select("subject", "prompt_id", "rate", choice="answer").sort("subject", "prompt_id")


def add_moods(report: Report, answers: pl.DataFrame, model: str, study_seed: int) -> None:
    """Add a model's rate under each mood and none, and the differences, paired by question."""
    rates = first_choice_rates(answers)
    arms = {subject: rates.filter(subject=subject) for subject in rates["subject"].unique().sort()}
    subjects = [model, *(subject for subject in arms if subject.startswith(f"{model}:prompted:"))]
    for subject in subjects:
        arm, base = arms[subject], arms[model]
        mood = "none" if subject == model else subject.split(":")[-1]
        shared = {
            "subject": subject, "role": "finding", "replicate": "question",
            "conditions": {"mood": mood, "choice": arm["choice"][0], "scorer": "choice"},
        }  # fmt: skip
        report.add(
            question_rate(arm["rate"]),
            metric="first_choice", unit="probability", kind="estimate", n_samples=arm.height, **shared,
        )  # fmt: skip
        seed = hashed_seed(study_seed, "bootstrap", subject, model)
        for scale in ("probability", "log_odds") if subject != model else ():
            report.add(
                question_contrast(arm["rate"], base["rate"], scale, seed),
                metric="mood_shift", unit=scale, kind="contrast", versus=model,
                n_samples=arm.height + base.height, paired_on=["question"], **shared,
            )  # fmt: skip


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of every model, from the files of `answers`."""
    answers = whole_table(files["answers"], Answers)
    reproducible = bool(answers["reproducible"].all())
    report = Report(spec["study"], "an example", spec["experiment"], reproducible=reproducible)
    for model in answers["subject"].str.split(":").list.first().unique().sort():
        add_moods(report, answers, model, spec["seed"])
    return [report]
