"""The items that are asked: one table for all tasks."""

from collections.abc import Iterator
from typing import Any

import dataframely as dy
import polars as pl

from unspoken.experiments.scaling.tasks import (
    arithmetic,
    evaluations,
    grades,
    misleading_math,
    misleading_python,
    out_of_domain,
    paradoxes,
    word_problems,
    zebra,
)
from unspoken.experiments.scaling.tasks.drawing import Drawn, Levelled

FEATURES = pl.Map(pl.String, pl.Float64)
"""Type of the column `features`."""
_FEATURE = pl.List(pl.Struct({"key": pl.String, "value": pl.Float64}))
_DISTRACTOR = pl.Struct({"kind": pl.String, "text": pl.String, "number": pl.String})
_COLUMNS: dict[str, pl.DataType] = {
    "study": pl.String(), "item": pl.String(), "task": pl.String(), "level": pl.Int64(), "text": pl.String(),
    "options": pl.List(pl.String()), "answer": pl.String(), "kind": pl.String(),
    "constant": pl.String(), "distractors": pl.List(_DISTRACTOR), "frame": pl.String(),
    "frame_answer": pl.String(), "features": _FEATURE,
}  # fmt: skip
MAKERS = {
    "misleading_math": misleading_math.items_of,
    "misleading_python": misleading_python.items_of,
    "paradoxes": paradoxes.items_of,
    "grades": grades.items_of,
    "zebra": zebra.items_of,
    "arithmetic": arithmetic.items_of,
    "word_problems": word_problems.items_of,
    "out_of_domain": out_of_domain.items_of,
}
"""By task. Any other task is a set of evaluations, named by the study."""


class Items(dy.Schema):
    """One item a row."""

    study = dy.String(min_length=1)
    item = dy.String(primary_key=True, min_length=1)
    """`{task}-{level}-{number}`; without a level `{task}-{number}`."""
    task = dy.String(min_length=1)
    level = dy.Int64(nullable=True, min=0)
    """What the task grades difficulty or distraction by: distractors, examples, people, operations, steps."""
    text = dy.String(min_length=1)
    """What is asked, without lettered options."""
    options = dy.List(dy.String(min_length=1), nullable=True)
    """What there is to choose from: the lettered options, or the names of a puzzle."""
    answer = dy.String(min_length=1)
    kind = dy.String(check=lambda column: column.is_in(["number", "letter", "name"]))
    """What an answer is."""
    constant = dy.String(nullable=True)
    """The best answer for somebody who says the same to all items of the task: the commonest answer, of
    grades the mean. Null where all items have one answer: then it would be right, and tell nothing."""
    distractors = dy.List(
        dy.Struct({"kind": dy.String(), "text": dy.String(), "number": dy.String(nullable=True)})
    )
    """Parts of the text that do not bear on the answer, and the number that each offers instead."""
    frame = dy.String(nullable=True)
    """The known problem that the text looks like."""
    frame_answer = dy.String(nullable=True)
    """The answer of that problem."""
    features = dy.Any()
    """Of grades: the asked student's features as numbers, a map; else null."""

    @dy.rule()
    def no_item_stands_twice(cls) -> pl.Expr:
        """An item that is asked twice would count twice."""
        return pl.struct("task", "text", "options").is_first_distinct()

    @dy.rule()
    def letters_have_options(cls) -> pl.Expr:
        """An option is chosen from what is shown."""
        return (pl.col("kind") != "letter") | pl.col("options").is_not_null()


def made_items(spec: dict[str, Any]) -> pl.DataFrame:
    """Return the items of a study's tasks, in the columns of `Items`.

    `spec` has study, seed, and by task the settings that its `items_of` wants (`design.Tasks.told`).
    Raises TaskError, in one line, for items that cannot be made.
    """
    rows = [
        row
        for task, settings in spec["tasks"].items()
        for row in _rows(task, _made(task, settings, spec["seed"]))
    ]
    return (
        pl.DataFrame(rows, schema_overrides=_COLUMNS)
        .with_columns(pl.col("features").cast(FEATURES), study=pl.lit(spec["study"]), constant=_constant())
        .select(Items.column_names())
    )


def _made(task: str, settings: dict[str, Any], seed: int) -> Iterator[Levelled]:
    return MAKERS[task](settings, seed) if task in MAKERS else evaluations.items_of(task, settings, seed)


def _rows(task: str, made: Iterator[Levelled]) -> Iterator[dict[str, Any]]:
    """Yield rows for items; numbers count from 0 within a level."""
    last: dict[int | None, int] = {}
    for level, drawn in made:
        number = last[level] = last.get(level, -1) + 1
        graded = "" if level is None else f"{level}-"
        yield {"item": f"{task}-{graded}{number:05}", "task": task, "level": level, **_columns(drawn)}


def _columns(drawn: Drawn) -> dict[str, Any]:
    features = drawn.features
    return {
        "text": drawn.text,
        "options": None if drawn.options is None else list(drawn.options),
        "answer": drawn.answer,
        "kind": drawn.kind,
        "distractors": [vars(one) for one in drawn.distractors],
        "frame": drawn.frame,
        "frame_answer": drawn.frame_answer,
        "features": features and [{"key": key, "value": features[key]} for key in sorted(features)],
    }


def _constant() -> pl.Expr:
    """Return what somebody would best answer who says the same to all items of a task."""
    answer = pl.col("answer")
    mean = answer.cast(pl.Float64, strict=False).mean().round(2).cast(pl.String)
    graded = pl.col("features").is_not_null().any()
    best = pl.when(graded).then(mean).otherwise(answer.mode().sort().first())
    return pl.when(answer.n_unique() > 1).then(best).over("task")
