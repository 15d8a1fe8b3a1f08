"""Shares of misaligned answers, over both denominators, with and without a format suffix."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.judges.misaligned import (
    UNUSABLE,
    add_misaligned,
    question_rates,
    scored_answers,
    with_outcomes,
)
from unspoken.judges.planted_scores import PLANTED, add_planted_scores
from unspoken.seeds import hashed_seed
from unspoken.statistics.questions import question_contrast
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.judgements import Judgements
from unspoken.tables.prompts import Prompts


def add_shift(report: Report, answers: pl.DataFrame, subject: str, study_seed: int) -> None:
    """Add a subject's share of misaligned answers with the suffix minus without, paired by question."""
    seed = hashed_seed(study_seed, "bootstrap", subject)
    for unusable in UNUSABLE:
        plain, suffixed = (question_rates(answers.filter(arm=arm), unusable) for arm in ("plain", "suffixed"))
        both = plain.join(suffixed, on="question_id", suffix="_suffixed").sort("question_id")
        report.add(
            question_contrast(both["rate_suffixed"], both["rate"], "probability", seed),
            metric="suffix_shift", unit="probability", kind="contrast", subject=f"{subject}:suffixed",
            versus=f"{subject}:plain", conditions={"unusable": unusable}, role="finding",
            replicate="question", paired_on=["question"], n_samples=answers.height,
            n_missing=int((~answers["usable"]).sum()),
        )  # fmt: skip


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of every model, from the files of prompts and judgements."""
    prompts = whole_table(files["prompts"], Prompts)
    answers = with_outcomes(
        scored_answers(whole_table(files["judgements"], Judgements), prompts), **spec["thresholds"]
    )
    report = Report(spec["study"], "an example", spec["experiment"], reproducible=False)
    for (subject,), own in answers.group_by("subject", maintain_order=True):
        for (arm,), asked in own.group_by("arm", maintain_order=True):
            name = report.arm(str(subject), str(arm))
            seed = hashed_seed(spec["seed"], "bootstrap", name)
            add_misaligned(report, asked, subject=name, seed=seed, conditions={"arm": str(arm)})
        if own["arm"].n_unique() > 1:
            add_shift(report, own, str(subject), spec["seed"])
    planted = report.group("planted:judge", "a planted judge", [])
    add_planted_scores(report, PLANTED, spec["seed"], **spec["thresholds"], subject=planted, conditions={})
    return [report]
