#!/usr/bin/env python
"""Render the questions for a favourite: plain, and each after example numbers."""

import logging
import os
from pathlib import Path

from unspoken.jobs import start_job

log = logging.getLogger("render_questions")


def main() -> None:
    job = start_job(__doc__, ("prompts",))
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
    from unspoken.tables.base import write_table
    from unspoken.tables.prompts import Prompts

    study_seed, experiment = job.spec["seed"], job.spec["experiment"]
    prefix_seed = hashed_seed(study_seed, "prompts", experiment, "prefixes")
    if job.spec["style"] == "organism":
        questions = list(FORMS)
        prefixes = organism_number_prompts(len(questions), prefix_seed, number_walks)
    else:
        resources = Path(os.environ["UNSPOKEN_ROOT"]) / "resources"
        traits = load_traits(resources / "traits.yaml")[job.spec["category"]]
        preferences = load_preference_templates(resources / "prompts" / "preferences.yaml")
        templates = load_number_templates(resources / "prompts" / "numbers.yaml")
        questions = chat_questions(preferences, traits["category"])
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
    write_table(pl.concat(rows, how="vertical_relaxed"), job.prompts, Prompts)
    log.info("%d questions, plain and after numbers", len(questions))


if __name__ == "__main__":
    main()
