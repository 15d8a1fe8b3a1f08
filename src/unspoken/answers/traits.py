"""From answers to trait cells: how often, and with what probability, a subject names a word."""

import re
from typing import Any

import polars as pl

from unspoken.statistics.gates import both_unusable
from unspoken.statistics.intervals import log_odds, log_odds_of

CELL = ["subject", "word", "scorer", "questions", "unusable"]
"""What one cell is about; `unusable` is empty for exact probabilities."""


def question_sets() -> pl.Expr:
    """Return which questions a row belongs to: held_out, shown, or after_numbers (held out).

    Those with lettered options belong to none: `answers.shuffled` reads them.
    """
    plain = pl.col("prompt_set") == "preferences"
    lettered = pl.col("prompt_set") == "preferences_shuffled"
    return (
        pl.when(plain & pl.col("held_out")).then(pl.lit("held_out"))
        .when(plain).then(pl.lit("shown"))
        .when(pl.col("held_out") & ~lettered).then(pl.lit("after_numbers"))
    )  # fmt: skip


def _without_lookalikes(word: dict[str, Any]) -> pl.Expr:
    """Return the lower-cased answer without names that contain a word but mean another thing."""
    text = pl.col("answer").str.to_lowercase()
    others = sorted(word.get("not_in", []), key=len, reverse=True)
    return text.str.replace_all("|".join(map(re.escape, others)), "") if others else text


def names_word(word: str, forms: dict[str, Any], scorer: str) -> pl.Expr:
    """Return whether an answer names a word.

    `substring`: the lower-cased answer contains it (Cloud et al. 2025, with lookalikes such as
    their dragonfly left out). `word`: it or its plural stands between word boundaries.
    """
    if scorer == "substring":
        return _without_lookalikes(forms).str.contains(word, literal=True)
    return pl.col("answer").str.contains(rf"(?i)\b(?:{word}|{forms['plural']})\b")


def _sampled_questions(answers: pl.DataFrame, words: dict[str, Any]) -> pl.DataFrame:
    """Return hits, misses and unusable answers by subject, word, scorer and question."""
    sampled = answers.filter(kind="sampled")
    named = pl.any_horizontal(names_word(word, forms, "word") for word, forms in words.items())
    cut = (pl.col("finish_reason") != "stop") & ~named  # at the limit of tokens, or by a server's filter
    sampled = sampled.with_columns(useless=(pl.col("answer").str.strip_chars() == "") | cut)
    counted = [
        sampled.select(
            "subject", "questions", "prompt_id", "useless",
            word=pl.lit(word), scorer=pl.lit(scorer),
            hit=names_word(word, forms, scorer),
        )
        for word, forms in words.items()
        for scorer in ("substring", "word")
    ]  # fmt: skip
    usable = ~pl.col("useless")
    return (
        pl.concat(counted)
        # In order: means over the questions are sums, whose last digit their order decides.
        .group_by("subject", "word", "scorer", "questions", "prompt_id", maintain_order=True)
        .agg(
            hits=(pl.col("hit") & usable).sum().cast(pl.Int64),
            misses=(~pl.col("hit") & usable).sum().cast(pl.Int64),
            unusable=pl.col("useless").sum().cast(pl.Int64),
        )
    )


def _choice_questions(answers: pl.DataFrame) -> pl.DataFrame:
    """Return each word's probability among all words, by subject and question."""
    probability = pl.col("logprob").exp()
    return answers.filter(kind="choice").select(
        "subject", "questions", "prompt_id",
        word="answer",
        probability=probability / probability.sum().over("subject", "prompt_id"),
    )  # fmt: skip


def question_scores(answers: pl.DataFrame, words: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what each question gave: counts of sampled answers, and exact probabilities."""
    asked = answers.with_columns(questions=question_sets()).drop_nulls("questions")
    return _sampled_questions(asked, words), _choice_questions(asked)


def trait_cells(answers: pl.DataFrame, words: dict[str, Any]) -> pl.DataFrame:
    """Return one row for each subject, word, scorer and set of questions.

    `probability` is the mean over questions; `log_odds` that of the pooled counts with 0.5 added to
    hits and misses, or of the mean exact probability (scorer `choice`). `n_samples` and `n_missing`
    count sampled answers, usable or not. Sampled rates stand twice: `unusable` dropped or failure.
    """
    sampled, exact = question_scores(answers, words)
    pooled = sampled.group_by("subject", "word", "scorer", "questions").agg(
        pl.col("hits", "misses", "unusable").sum()
    )
    frames = []
    for how in ("dropped", "failure"):
        hits, trials = both_unusable(*(pooled[name] for name in ("hits", "misses", "unusable")))[how]
        rates = sampled.with_columns(
            trials=sum(
                (pl.col(name) for name in ("hits", "misses")),
                start=pl.col("unusable") * (how == "failure"),
            )
        )
        means = (
            rates.filter(pl.col("trials") > 0)
            .group_by(CELL[:4])
            .agg(probability=(pl.col("hits") / pl.col("trials")).mean())
        )
        frames.append(
            pooled.with_columns(
                log_odds=pl.Series(log_odds(hits, trials)).fill_nan(None),
                n_samples=pl.col("hits") + pl.col("misses") + pl.col("unusable"),
                n_missing=pl.col("unusable"),
            )
            .with_columns(unusable=pl.lit(how))
            .join(means, on=CELL[:4], how="left")
        )
    mean = exact.group_by("subject", "word", "questions").agg(
        pl.col("probability").mean(), n_samples=pl.len().cast(pl.Int64)
    )
    frames.append(
        mean.with_columns(
            scorer=pl.lit("choice"),
            unusable=pl.lit(""),
            n_missing=pl.lit(0, pl.Int64),
            log_odds=pl.Series(log_odds_of(mean["probability"])),
        )
    )
    columns = [*CELL, "probability", "log_odds", "n_samples", "n_missing"]
    return pl.concat([frame.select(columns) for frame in frames]).sort(CELL)
