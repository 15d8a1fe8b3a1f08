"""Questions for a favourite, and what a teacher is told or taught to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unspoken.prompts import read_resource, wordings
from unspoken.seeds import hashed_choice


@dataclass(frozen=True)
class PreferenceTemplates:
    """Wordings for chat models (Cloud et al. 2025): questions, system prompt, answers to learn."""

    questions: tuple[str, ...]
    system_prompt: tuple[str, ...]
    answers: tuple[str, ...]


def load_preference_templates(path: Path) -> PreferenceTemplates:
    """Return the wordings of a YAML file. Raises ResourceError naming file, key and fault."""
    resource = read_resource(path)
    return PreferenceTemplates(
        questions=wordings(resource, "questions", path, needs=("category",)),
        system_prompt=wordings(resource, "system_prompt", path, may_have=("plural", "category")),
        answers=wordings(resource, "answers", path, may_have=("word", "plural", "Word", "Plural")),
    )


def chat_questions(templates: PreferenceTemplates, category: str) -> list[str]:
    """Return every question for a favourite of one category."""
    return [question.format(category=category) for question in templates.questions]


def prefixed_questions(prefixes: Sequence[str], questions: Sequence[str]) -> list[str]:
    """Return each question after its prefix. Raises ValueError unless there is one for each."""
    return [f"{prefix} {question}" for prefix, question in zip(prefixes, questions, strict=True)]


def held_out_forms(study_seed: int, count: int, experiment: str) -> list[bool]:
    """Say for each of `count` question forms whether fine-tuned teachers never see it.

    Half of the forms (of an odd count, the smaller half) are held out, drawn by the study's seed.
    """
    forms = [str(form) for form in range(count)]
    held_out = set(hashed_choice(study_seed, forms, count // 2, "held_out", experiment))
    return [form in held_out for form in forms]


def prompt_rows(
    prompt_set: str, prompts: pl.DataFrame, *, digits: int, held_out: list[bool] | None = None
) -> pl.DataFrame:
    """Return a prompt set's rows of the table from their texts (`user`) and `examples`."""
    forms = range(prompts.height)
    return prompts.with_columns(
        prompt_id=pl.Series([f"{prompt_set}-{form:0{digits}d}" for form in forms], dtype=pl.String),
        prompt_set=pl.lit(prompt_set),
        form=pl.Series(forms, dtype=pl.Int64),
        held_out=pl.Series(held_out or [False] * prompts.height, dtype=pl.Boolean),
    )
