"""MMLU, GPQA and TruthfulQA from the Hugging Face hub, at a pinned revision, in the common form."""

import logging
from collections.abc import Callable
from typing import Any

import polars as pl

from unspoken.questions import SourceError
from unspoken.questions.options import bare_options, order_matters, own_labels
from unspoken.questions.own_files import COMMON, MOST_OPTIONS
from unspoken.questions.truthful import truthful_questions
from unspoken.row_files import RowError

log = logging.getLogger(__name__)
GPQA_OPTIONS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


def mmlu_questions(table: pl.DataFrame) -> pl.DataFrame:
    """Return MMLU (columns question, subject, choices, answer) with the columns of COMMON.

    MMLU names no row, so the id is the subject, and the row's place in the split at that revision.
    It has no difficulty.
    """
    row = pl.col("row").cast(pl.String).str.zfill(5)
    return _common(
        table.with_row_index("row").with_columns(
            question_id=pl.format("mmlu-{}-{}", "subject", row),
            options="choices",
            topic="subject",
            difficulty=pl.lit(None, pl.String),
            source=pl.lit("mmlu"),
        )
    )


def gpqa_questions(table: pl.DataFrame) -> pl.DataFrame:
    """Return GPQA (columns Question, GPQA_OPTIONS, Record ID) with the columns of COMMON.

    The right option comes first: sources.py shuffles them. All of it is hard: experts of other
    fields fail at it with a search engine.
    """
    return _common(
        table.select(
            question_id=pl.format("gpqa-{}", "Record ID"),
            question="Question",
            options=pl.concat_list(GPQA_OPTIONS),
            answer=pl.lit(0),
            topic=pl.lit(None, pl.String),
            difficulty=pl.lit("hard"),
            source=pl.lit("gpqa"),
        )
    )


LAYOUTS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "mmlu": mmlu_questions,
    "gpqa": gpqa_questions,
    "truthful_qa": truthful_questions,
}
"""Whose columns a data set has, and how they become questions."""


WITHOUT_ORDER = ("gpqa", "truthful_qa")
"""Layouts that have their options in no order: the right option comes first."""


def hub_questions(repo: str, layout: str, subset: str, split: str, revision: str | None) -> pl.DataFrame:
    """Return the questions of a data set that can be asked, with the columns of COMMON.

    `layout` is one of LAYOUTS, `source` the repository. Letters that options carry in order are left out.
    Left out, and counted in the log, are questions with a blank text, with two options that are the same,
    with letters that are not in order, and, of a layout that has its options in no order, questions with an
    option that speaks of others. Raises SourceError if the data set cannot be loaded, or has no columns of
    that layout.
    """
    try:
        questions = LAYOUTS[layout](hub_table(repo, subset, split, revision))
    except pl.exceptions.ColumnNotFoundError as error:
        missing = str(error).splitlines()[0]
        raise SourceError(
            f"{repo} ({subset}, {split}) does not have the columns of {layout}: {missing}"
        ) from error
    filled = questions.filter(_is_fit())
    bare = [_bare_or_none(options, ordered=layout not in WITHOUT_ORDER) for options in filled["options"]]
    told = filled.with_columns(
        options=pl.Series(bare, dtype=pl.List(pl.String)), written="options", source=pl.lit(repo)
    )
    fit = told.filter(_is_fit())
    log.info(
        "%s: %d questions, and %d left out: blank texts, or options that are the same",
        repo, fit.height, questions.height - fit.height,
    )  # fmt: skip
    labelled, unordered = (fit["options"] != fit["written"]).sum(), told["options"].null_count()
    if labelled or unordered:
        log.info(
            "%s: options of %d questions carry letters or numbers, which are left out; of the questions left "
            "out, %d have letters that are not in order, or speak of options where there is no order",
            repo, labelled, unordered,
        )  # fmt: skip
    return fit.drop("written")


def _bare_or_none(options: pl.Series, *, ordered: bool) -> list[str] | None:
    """Return a question's options without letters of their own, or None where it cannot be asked."""
    texts = options.to_list()
    try:
        bare = bare_options(texts, own_labels(texts))
    except RowError:
        return None
    return bare if ordered or order_matters(bare) is None else None


def hub_table(repo: str, subset: str, split: str, revision: str | None) -> pl.DataFrame:
    """Return a split of a data set with the Hub's own columns. Raises SourceError, which says what to do."""
    try:
        import datasets

        loaded: Any = datasets.load_dataset(repo, subset, split=split, revision=revision)
    except ImportError as error:
        raise SourceError(f"the package datasets is not installed ({error}): run 'make results'") from error
    except Exception as error:  # the hub's client raises errors of many libraries
        said = str(error).splitlines()
        raise SourceError(
            f"{repo} ({subset}, {split}) at revision {revision!r} cannot be loaded "
            f"({type(error).__name__}: {said[0] if said else 'no message'}): check the network, the subset "
            "and the revision; for GPQA accept its terms on its page and log in with 'hf auth login'; "
            "or take the questions of 'knowledge', 'procedural' or 'own', which need no network"
        ) from error
    return loaded.to_polars()


def _common(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table's columns of COMMON, with no white space around texts."""
    texts = pl.col("question").str.strip_chars()
    options = pl.col("options").list.eval(pl.element().str.strip_chars())
    return table.with_columns(texts, options).select(pl.col(name).cast(kind) for name, kind in COMMON.items())


def _is_fit() -> pl.Expr:
    """Say whether a question can be asked: no blank or missing text, no option twice, a key among them."""
    options = pl.col("options")
    blank = options.list.eval(pl.element().fill_null("") == "").list.any()
    size = options.list.len()
    key_fits = pl.col("answer").is_between(0, size - 1)
    asked = pl.col("question").fill_null("") != ""
    differ = (options.list.n_unique() == size) & size.is_between(2, MOST_OPTIONS)
    return (asked & ~blank & differ & key_fits).fill_null(value=False)
