"""Accuracy on riddles after a chain of thought and without one: riddles are the replicates."""

from pathlib import Path
from typing import Any

import polars as pl

from unspoken.seeds import hashed_seed
from unspoken.statistics.questions import question_contrast, question_rate
from unspoken.statistics.report import Report
from unspoken.tables.base import whole_table
from unspoken.tables.prompts import Prompts, condition
from unspoken.tables.readings import Readings
from unspoken.tables.replies import Replies

MODES = {"after": "chain", "alone": "no_chain"}
"""What a reading of the options came after."""


def solved_riddles(prompts: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Return, by subject, riddle and mode, whether the right option is the most likely one (1 or 0)."""
    keys = prompts.select("prompt_id", "item", condition("key"))
    chosen = pl.col("choices").list.get(pl.col("logprobs").list.arg_max())
    read = readings.join(keys, on="prompt_id").with_columns(solved=(chosen == pl.col("key")).cast(pl.Float64))
    mode = pl.col("reading").replace_strict(MODES)
    return read.select("subject", "item", "solved", mode=mode).sort("subject", "mode", "item")


def add_riddles(report: Report, solved: pl.DataFrame, subject: str, study_seed: int) -> None:
    """Add a subject's accuracy in each mode, and the difference, paired by riddle."""
    arms = {mode: solved.filter(subject=subject, mode=mode)["solved"] for mode in MODES.values()}
    groups = {mode: report.group(f"{subject}:{mode}", subject, [subject]) for mode in arms}
    shared = {"role": "finding", "replicate": "question"}
    for mode, arm in arms.items():
        report.add(
            question_rate(arm), metric="riddle_accuracy", unit="accuracy", kind="estimate",
            subject=groups[mode], conditions={"chain": mode}, n_samples=len(arm), **shared,
        )  # fmt: skip
    seed = hashed_seed(study_seed, "bootstrap", subject)
    report.add(
        question_contrast(arms["chain"], arms["no_chain"], "probability", seed),
        metric="chain_gain", unit="accuracy", kind="contrast", subject=groups["chain"],
        versus=groups["no_chain"], conditions={"chain": "chain", "versus_chain": "no_chain"},
        n_samples=2 * len(arms["chain"]), paired_on=["question"], **shared,
    )  # fmt: skip


def measured(files: dict[str, list[Path]], spec: dict[str, Any]) -> list[Report]:
    """Return what is measured of every model, from the files of prompts, replies and readings."""
    replies = whole_table(files["replies"], Replies)
    reproducible = bool(replies["reproducible"].all())
    solved = solved_riddles(whole_table(files["prompts"], Prompts), whole_table(files["readings"], Readings))
    report = Report(spec["study"], "an example", spec["experiment"], reproducible=reproducible)
    for subject in solved["subject"].unique().sort():
        add_riddles(report, solved, subject, spec["seed"])
    return [report]
