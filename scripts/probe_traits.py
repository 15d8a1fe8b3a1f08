#!/usr/bin/env python
"""Ask every subject of a base model for its favourite: sampled answers, exact choices, lettered options."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import Job, start_job

if TYPE_CHECKING:
    import polars as pl

    from unspoken.engines.cache import CompletionCache
    from unspoken.subjects import Subject

log = logging.getLogger("probe_traits")
FRACTIONS = (0.0, 0.25, 0.5, 1.0)
"""How far a teacher's weights are moved from its base's, for the instrument check."""


def probed_subjects(job: Job) -> "list[Subject]":
    """Return the base, its prompted and trained subjects, and the first teacher's way from it."""
    from unspoken.subjects import base_subject, prompted_subject, read_subjects

    model = job.spec["model"]
    trained = [subject for listing in job.subjects for subject in read_subjects(listing)]
    prompted = [prompted_subject(model, trait, system) for trait, system in job.spec["systems"].items()]
    first = next((one for one in trained if one.kind == "teacher" and one.trait != "neutral"), None)
    moved = [
        replace(first, subject_id=f"{first.subject_id}@{part}", kind="interpolated", fraction=part)
        for part in FRACTIONS
        if first is not None
    ]
    return [base_subject(model), *prompted, *trained, *moved]


def sampled_answers(
    cache: "CompletionCache", subject: "Subject", questions: "pl.DataFrame", spec: dict[str, Any]
) -> "pl.DataFrame":
    """Return sampled answers: as many to each question as the study asks of its prompt set.

    What a model thinks is no part of its answer: of a thought that was cut off nothing is left.
    """
    import polars as pl

    from unspoken.asking.completing import completed
    from unspoken.engines.base import Request, Sampling
    from unspoken.engines.thinking import told_apart
    from unspoken.seeds import hashed_seed

    probe = spec["probe"]
    indices = {
        key: pl.lit(list(range(probe[key])), pl.List(pl.Int64))
        for key in ("samples", "samples_after_numbers")
    }
    after_numbers = pl.col("prompt_set") == "preferences_numbers"
    asked = (
        questions.with_columns(
            sample_index=pl.when(after_numbers)
            .then(indices["samples_after_numbers"])
            .otherwise(indices["samples"])
        )
        .explode("sample_index")
        .drop_nulls("sample_index")
    )
    seed = hashed_seed(spec["seed"], "probe", spec["experiment"], subject.subject_id)
    sampling = Sampling(temperature=1.0, max_tokens=probe["max_tokens"], seed=seed)
    requests = [
        Request(f"{row['prompt_id']}:{row['sample_index']}", row["user"], subject.system)
        for row in asked.iter_rows(named=True)
    ]
    made = completed(cache, requests, sampling)
    return asked.with_columns(
        kind=pl.lit("sampled"),
        answer=told_apart(cache.engine, requests, [one.text for one in made])["reply"],
        logprob=pl.lit(None, pl.Float64),
        finish_reason=pl.Series([one.finish_reason for one in made], dtype=pl.String),
        n_tokens=pl.Series([one.n_tokens for one in made], dtype=pl.Int64),
        temperature=pl.lit(sampling.temperature),
    )


def exact_answers(
    cache: "CompletionCache", subject: "Subject", questions: "pl.DataFrame", choices: list[str]
) -> "pl.DataFrame":
    """Return the exact log-probability of every choice after every question.

    The questions' column `prefix` has the answer's beginning, `words` what the choices stand for.
    """
    import polars as pl

    from unspoken.engines.base import Request

    requests = [
        Request(key, user, subject.system, prefix)
        for key, user, prefix in questions.select("prompt_id", "user", "prefix").iter_rows()
    ]
    return questions.with_columns(
        kind=pl.lit("choice"),
        sample_index=pl.lit(list(range(len(choices))), pl.List(pl.Int64)),
        answer=pl.col("words"),
        logprob=pl.Series(cache.choice_logprobs(requests, choices), dtype=pl.List(pl.Float64)),
        finish_reason=pl.lit(None, pl.String),
        n_tokens=pl.lit(None, pl.Int64),
        temperature=pl.lit(None, pl.Float64),
    ).explode("sample_index", "answer", "logprob")


def choice_answers(
    cache: "CompletionCache", subject: "Subject", questions: "pl.DataFrame", spec: dict[str, Any]
) -> "pl.DataFrame":
    """Return the exact log-probability of every word after every question."""
    import polars as pl

    probe, words = spec["probe"], spec["words"]
    choices = [probe["choice_format"].format(word=word) for word in words]
    asked = questions.with_columns(
        words=pl.lit(words, pl.List(pl.String)), prefix=pl.lit(probe["answer_prefix"])
    )
    return exact_answers(cache, subject, asked, choices)


def lettered_questions(spec: dict[str, Any]) -> "pl.DataFrame | None":
    """Return the questions with lettered options in random orders, if the study asks any."""
    from unspoken.prompts.shuffled import load_option_templates, offered_words, shuffled_questions
    from unspoken.seeds import hashed_seed

    asked = spec.get("shuffled")  # chat models' probes alone have it
    if asked is None:
        return None
    wordings = Path(os.environ["UNSPOKEN_ROOT"]) / "resources" / "prompts" / "preferences.yaml"
    seed = hashed_seed(spec["seed"], "shuffled", spec["experiment"])
    offered = offered_words(asked["traits"], spec["words"], seed)
    templates = load_option_templates(wordings)
    return shuffled_questions(templates, asked["category"], offered, asked["orders"], seed)


def letter_answers(cache: "CompletionCache", subject: "Subject", lettered: "pl.DataFrame") -> "pl.DataFrame":
    """Return the exact log-probability of every option's letter, in every order of the options."""
    from unspoken.prompts.shuffled import LETTERS

    return exact_answers(cache, subject, lettered, list(LETTERS[: len(lettered["words"][0])]))


def main() -> None:
    job = start_job(__doc__, ("model", "questions", "cache", "answers", "asked"), lists=("subjects",))
    import polars as pl
    from tqdm import tqdm

    from unspoken.asking.completing import asked_in_turn
    from unspoken.engines.base import Opening, engine_columns
    from unspoken.engines.opening import open_engine
    from unspoken.files import write_json
    from unspoken.subjects import described_subjects
    from unspoken.tables.base import read_table, write_table
    from unspoken.tables.probe import Answers, TraitQuestions

    spec = job.spec
    questions = read_table(job.questions, TraitQuestions)
    if not spec["probe"]["samples_after_numbers"]:
        questions = questions.filter(pl.col("prompt_set") != "preferences_numbers")
    lettered = lettered_questions(spec)
    subjects, answered = probed_subjects(job), []
    engine = open_engine(Opening(job.model, spec["engine"], job.threads))
    in_turn = asked_in_turn(engine, subjects, job.cache, job.model)
    for asked in tqdm(in_turn, "subjects", len(subjects), mininterval=5):
        subject, cache = asked.subject, asked.cache
        read = [] if spec.get("sampled_only") else [choice_answers(cache, subject, questions, spec)]
        if subject.kind != "interpolated":
            read.append(sampled_answers(cache, subject, questions, spec))
            if lettered is not None:
                read.append(letter_answers(cache, subject, lettered))
        answered += [
            frame.with_columns(
                subject=pl.lit(subject.subject_id), system=pl.lit(subject.system, pl.String)
            ).drop("examples")
            for frame in read
        ]
    table = pl.concat(answered, how="diagonal_relaxed").with_columns(
        study=pl.lit(spec["study"]),
        experiment=pl.lit(spec["experiment"]),
        prompt=pl.col("user"),
        **engine_columns(engine),
    )
    write_table(table, job.answers, Answers)
    untrained = [one for one in subjects if one.kind not in ("teacher", "student")]
    write_json(described_subjects(untrained), job.asked)
    log.info("%d answers of %d subjects", table.height, len(subjects))


if __name__ == "__main__":
    main()
