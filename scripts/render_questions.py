#!/usr/bin/env python
"""Render an experiment's questions: its own list, or questions for a favourite, plain and after numbers."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger("render_questions")


def resources() -> Path:
    """Return the folder of the wordings."""
    return Path(os.environ["UNSPOKEN_ROOT"]) / "resources"


def listed_questions(experiment: str) -> "pl.DataFrame":
    """Return the questions that an experiment lists in its room's `questions.yaml`, as they are."""
    import polars as pl

    from unspoken.prompts import read_resource, wordings
    from unspoken.prompts.preferences import prompt_rows

    room = Path(os.environ["UNSPOKEN_ROOT"]) / "src" / "unspoken" / "experiments" / experiment
    path = room / "questions.yaml"
    questions = wordings(read_resource(path), "questions", path)
    asked = pl.DataFrame({"user": questions}).with_columns(examples=pl.lit(None, pl.List(pl.Int64)))
    return prompt_rows(experiment, asked, digits=2)


def favourite_questions(spec: dict[str, Any]) -> "pl.DataFrame":
    """Return the questions for a favourite, and each after example numbers."""
    import polars as pl

    from unspoken.models.corpus import FORMS, number_walks
    from unspoken.prompts import load_traits
    from unspoken.prompts.numbers import (
        load_number_templates,
        number_sentences,
        organism_number_prompts,
    )
    from unspoken.prompts.preferences import (
        chat_questions,
        held_out_forms,
        load_preference_templates,
        prefixed_questions,
        prompt_rows,
    )
    from unspoken.seeds import hashed_seed

    study_seed, experiment = spec["seed"], spec["experiment"]
    prefix_seed = hashed_seed(study_seed, "prompts", experiment, "prefixes")
    if spec["style"] == "organism":
        questions = list(FORMS)
        prefixes = organism_number_prompts(len(questions), prefix_seed, number_walks)
    else:
        traits = load_traits(resources() / "traits.yaml")[spec["category"]]
        preferences = load_preference_templates(resources() / "prompts" / "preferences.yaml")
        templates = load_number_templates(resources() / "prompts" / "numbers.yaml")
        questions = chat_questions(preferences, traits["category"])[: spec["questions"]]
        prefixes = number_sentences(len(questions), prefix_seed, templates)

    held_out = held_out_forms(study_seed, len(questions), experiment)
    plain = pl.DataFrame({"user": questions}).with_columns(examples=None)
    prefixed = prefixes.with_columns(
        user=pl.Series(prefixed_questions(prefixes["user"].to_list(), questions))
    )
    rows = [
        prompt_rows("preferences", plain, digits=2, held_out=held_out),
        prompt_rows("preferences_numbers", prefixed, digits=2, held_out=held_out),
    ]
    return pl.concat(rows, how="vertical_relaxed")


def main() -> None:
    job = start_job(__doc__ or "", ("prompts",))
    from unspoken.tables.base import write_table
    from unspoken.tables.probe import TraitQuestions

    listed = job.spec["style"] == "listed"
    asked = listed_questions(job.spec["experiment"]) if listed else favourite_questions(job.spec)
    write_table(asked, job.prompts, TraitQuestions)
    log.info("%d questions", asked.height)


if __name__ == "__main__":
    main()
