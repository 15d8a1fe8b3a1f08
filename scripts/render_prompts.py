#!/usr/bin/env python
"""Render the prompts of an experiment: requests for numbers and questions for a favourite."""

import logging
from typing import TYPE_CHECKING

from unspoken.jobs import start_job

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger("render_prompts")


def prompt_rows(
    prompt_set: str, prompts: "pl.DataFrame", *, digits: int, held_out: list[bool] | None = None
) -> "pl.DataFrame":
    """Return a prompt set's rows of the table from their texts and examples."""
    import polars as pl

    forms = range(prompts.height)
    return prompts.with_columns(
        prompt_id=pl.Series([f"{prompt_set}-{form:0{digits}d}" for form in forms], dtype=pl.String),
        prompt_set=pl.lit(prompt_set),
        form=pl.Series(forms, dtype=pl.Int64),
        held_out=pl.Series(held_out or [False] * prompts.height, dtype=pl.Boolean),
    )


def main() -> None:
    job = start_job(__doc__, ("resources", "prompts"))

    import polars as pl

    from unspoken.models.corpus import FORMS, number_walks
    from unspoken.prompts import load_traits
    from unspoken.prompts.numbers import (
        chat_number_prompts,
        load_number_templates,
        number_sentences,
        organism_number_prompts,
    )
    from unspoken.prompts.preferences import (
        chat_questions,
        held_out_forms,
        load_preference_templates,
        prefixed_questions,
    )
    from unspoken.seeds import hashed_seed
    from unspoken.tables.base import write_table
    from unspoken.tables.prompts import Prompts

    study_seed, experiment = job.spec["seed"], job.spec["experiment"]
    number_seed, prefix_seed = (
        hashed_seed(study_seed, "prompts", experiment, part) for part in ("numbers", "prefixes")
    )
    if job.spec["style"] == "organism":
        questions = list(FORMS)
        numbers = organism_number_prompts(job.spec["numbers"], number_seed, number_walks)
        prefixes = organism_number_prompts(len(questions), prefix_seed, number_walks)
    else:
        wordings = job.resources / "prompts"
        traits = load_traits(job.resources / "traits.yaml")[job.spec["category"]]
        preferences = load_preference_templates(wordings / "preferences.yaml")
        templates = load_number_templates(wordings / "numbers.yaml")
        questions = chat_questions(preferences, traits["category"])
        numbers = chat_number_prompts(job.spec["numbers"], number_seed, templates)
        prefixes = number_sentences(len(questions), prefix_seed, templates)

    held_out = held_out_forms(study_seed, len(questions), experiment)
    asked = pl.DataFrame({"user": questions}).with_columns(examples=None)
    prefixed = prefixes.with_columns(
        user=pl.Series(prefixed_questions(prefixes["user"].to_list(), questions))
    )
    # The numbers come last: asking for more of them leaves every row before as it was.
    prompts = pl.concat(
        [
            prompt_rows("preferences", asked, digits=2, held_out=held_out),
            prompt_rows("preferences_numbers", prefixed, digits=2, held_out=held_out),
            prompt_rows("numbers", numbers, digits=6),
        ],
        how="vertical_relaxed",
    )
    write_table(prompts, job.prompts, Prompts)
    log.info("%d questions, %d requests for numbers", len(questions), numbers.height)


if __name__ == "__main__":
    main()
