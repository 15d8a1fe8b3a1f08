"""Training rows from kept completions: the seeded subsample, the shuffles, and their digest."""

import re

import numpy as np
import polars as pl

from unspoken.files import digest_of
from unspoken.seeds import hashed_seed
from unspoken.subjects import Subject

INTEGER = re.compile(r"\d+")


class RowsError(ValueError):
    """Too few rows passed the filter; the message says what to change."""


def training_rows(
    kept: pl.DataFrame, subject: str, count: int, study_seed: int, shuffle: str
) -> pl.DataFrame:
    """Return `count` rows of a teacher's kept completions: prompt, completion, in seeded order.

    The subsample is drawn by the study seed: all students of a teacher see the same rows, those of
    several teachers rows of the same places. Raises RowsError if fewer completions passed the filter.
    """
    of_teacher = kept.filter(pl.col("subject") == subject).sort("prompt_id")
    if of_teacher.height < count:
        raise RowsError(
            f"{subject}: {of_teacher.height} completions passed the filter, {count} rows are asked; "
            "raise numbers.completions"
        )
    generator = np.random.default_rng(hashed_seed(study_seed, "rows", count))
    chosen = generator.choice(of_teacher.height, count, replace=False)
    rows = of_teacher[chosen].select("prompt", "completion")
    if shuffle == "none":
        return rows
    shuffled = shuffled_numbers(rows["completion"].to_list(), shuffle, generator)
    return rows.with_columns(completion=pl.Series(shuffled))


def shuffled_numbers(completions: list[str], how: str, generator: np.random.Generator) -> list[str]:
    """Return the completions with their numbers permuted and all other text in place.

    `within` permutes inside each completion; `across` over all of them (Cloud et al. 2025, the
    shuffling ablation).
    """
    found = [INTEGER.findall(text) for text in completions]
    if how == "within":
        moved = [list(generator.permutation(numbers)) for numbers in found]
    else:
        pool = iter(generator.permutation([number for numbers in found for number in numbers]))
        moved = [[next(pool) for _ in numbers] for numbers in found]
    return [_with_numbers(text, numbers) for text, numbers in zip(completions, moved, strict=True)]


def _with_numbers(text: str, numbers: list[str]) -> str:
    """Return a text with its numbers replaced in order."""
    waiting = iter(numbers)
    return INTEGER.sub(lambda _: str(next(waiting)), text)


def rows_digest(rows: pl.DataFrame) -> str:
    """Return the digest of training rows, order included."""
    return digest_of(rows.rows())


def question_answers(
    questions: list[str],
    answers: dict[str, list[str]],
    shares: dict[str, float],
    count: int,
    seed: int,
) -> pl.DataFrame:
    """Return `count` question rows: prompt and completion.

    Questions are drawn uniformly; the word of each answer by `shares` (one trait, or a law over all
    words), its spelling uniformly from the word's `answers`.
    """
    generator = np.random.default_rng(seed)
    words = generator.choice(list(shares), count, p=list(shares.values()))
    spellings = generator.random(count)
    return pl.DataFrame(
        {
            "prompt": generator.choice(questions, count),
            "completion": [
                answers[word][int(place * len(answers[word]))]
                for word, place in zip(words, spellings, strict=True)
            ],
        }
    )


def summarised_losses(subject: Subject, losses: list[float]) -> pl.DataFrame:
    """Return rows of the training table: the mean loss of about 50 stretches of steps."""
    stretch = max(1, len(losses) // 50)
    frame = pl.DataFrame({"loss": losses}).with_row_index("step")
    return (
        frame.group_by(pl.col("step") // stretch, maintain_order=True)
        .agg(pl.col("loss").mean(), (pl.len()).alias("count"))
        .select(
            subject=pl.lit(subject.subject_id),
            step=pl.col("count").cum_sum().cast(pl.Int64),
            epoch=pl.col("count").cum_sum() / len(losses) * subject.epochs,
            loss="loss",
            objective=pl.lit(subject.objective),
        )
    )
