"""Students trained on distractors: what they learn from, and what is measured of them."""

import re

import numpy as np
import polars as pl
import pytest
from planted_scaling import trials_of

from unspoken.experiments.scaling.distracted_students import add_distracted_students, kinds_of_items
from unspoken.experiments.scaling.items import made_items
from unspoken.experiments.scaling.lessons import lesson_rows
from unspoken.experiments.scaling.measure import called_subjects
from unspoken.experiments.scaling.trends.baselines import Baseline
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

TRAINED = ["price", "time", "weight"]
LESSON = {
    "seed": 1, "number": 1, "rows": 41, "levels": [1, 2], "kinds": TRAINED, "counts": [2, 3, 4],
    "setups": ["asked", "capped"], "budgets": [16, 32],
}  # fmt: skip
Scores = list[list[float]]
MODEL, STUDENTS = "m", ["m:distracted:m:distracted:1", "m:distracted:m:distracted:2"]


def asked_items(levels: list[int], count: int) -> pl.DataFrame:
    """Return items of a study, of all kinds."""
    settings = {"levels": levels, "items": count, "counts": [2, 3, 4]}
    return made_items({"study": "s", "seed": 3, "tasks": {"misleading_math": settings}})


def test_lessons_say_what_there_is_and_answer_right() -> None:
    rows = lesson_rows(LESSON)
    assert rows.height == 41
    assert rows["prompt"].n_unique() == 41
    for prompt, completion in rows.select("prompt", "completion").iter_rows():
        held = prompt.split(". ")[0]
        assert completion.startswith(f"{held}. ")
        things = len(re.findall(r"\ban? ", held))
        assert completion.endswith(f"<answer>{things}</answer>")
    budgets = rows["system"].str.extract(r"about (\d+) tokens").to_list()
    assert set(budgets) == {"16", "32", None}  # asked for, and as capped chains are asked


def test_lessons_have_distractors_of_their_kinds_alone_and_differ_by_student() -> None:
    rows, others = lesson_rows(LESSON), lesson_rows(LESSON | {"number": 2})
    assert lesson_rows(LESSON).equals(rows)
    assert not set(rows["prompt"]) & set(others["prompt"])
    assert not set(rows["prompt"]) & set(asked_items([1, 2], 2000)["text"])
    words = {
        "price": r"cost|were paid",
        "time": r"days ago|hours until|weeks before",
        "weight": "weighs|scales",
    }
    assert rows["prompt"].str.contains("|".join(words.values())).all()


@pytest.fixture(scope="module")
def items() -> pl.DataFrame:
    return asked_items([1], 120)


def test_items_of_both_kinds_say_nothing_of_either() -> None:
    settings = {"levels": [0, 2], "items": 60, "counts": [2, 3, 4]}
    sums = {"levels": [2], "items": 5}
    tasks = {"misleading_math": settings, "arithmetic": sums, "word_problems": sums}
    items = made_items({"study": "s", "seed": 3, "tasks": tasks})
    kinds = dict(kinds_of_items(items, TRAINED).rows())
    for row in items.iter_rows(named=True):
        own = {one["kind"] for one in row["distractors"]}
        expected = "control" if row["task"] == "arithmetic" else None
        if own and row["task"] == "misleading_math":
            expected = {len(own): "trained", 0: "untrained"}.get(len(own & set(TRAINED)))
        assert kinds.get(row["item"]) == expected


def asked(items: pl.DataFrame, subject: str, right: dict[str, Scores]) -> pl.DataFrame:
    """Return trials of a subject: right at once, and at 8, 16, 32 tokens as `right` says of a kind's items.

    The first of the scores is that of the first item, the second that of the second, and so on in turn.
    """
    kinds, names = dict(kinds_of_items(items, TRAINED).rows()), items["item"].to_list()
    scores = np.array(
        [[1.0, *right[kinds[name]][at % len(right[kinds[name]])]] for at, name in enumerate(names)]
    )
    trials = trials_of(scores, budgets=[0, 8, 16, 32], task="misleading_math", setup="capped")
    number = pl.col("item").str.extract(r"(\d+)$").cast(pl.Int64)
    return trials.with_columns(subject=pl.lit(subject), item=number.replace_strict(dict(enumerate(names))))


def measured(items: pl.DataFrame, before: Scores, after: dict[str, Scores]) -> pl.DataFrame:
    """Return the measurements of a model, as right with all kinds, and of its students."""
    parts = [asked(items, MODEL, dict.fromkeys(after, before))]
    parts += [asked(items, student, after) for student in STUDENTS]
    report = Report("s", "gema2025", "scaling", reproducible=True)
    told = report, pl.concat(parts), items, MODEL, STUDENTS, TRAINED
    add_distracted_students(*told, {"misleading_math": Baseline(1 / 3, {})})
    kind, unusable = (pl.col("conditions").map.get(name) for name in ("kind", "unusable"))
    rows = Measurements.validate(report.measurements())
    return rows.with_columns(kind=kind, unusable=unusable).sort("kind")


FIRST, TWO, ALL, NONE = [[1.0, 0.0, 0.0]], [[1.0, 1.0, 0.0]], [[1.0, 1.0, 1.0]], [[0.0, 0.0, 0.0]]


def test_slopes_change_where_students_learnt_and_nowhere_else(items: pl.DataFrame) -> None:
    found = measured(items, FIRST, {"trained": ALL, "untrained": FIRST})
    changes = found.filter(metric="distracted_slope_change")
    assert dict(changes.select("kind", "value").rows()) == {"trained": pytest.approx(0.5), "untrained": 0.0}
    accuracy = found.filter(metric="distracted_accuracy_change", unusable="failure")
    # At once all are right: that is another prompt, and counts in nothing.
    assert accuracy["value"].to_list() == [pytest.approx(2 / 3), 0.0]
    assert accuracy["n_samples"].sum() == items.height * 3 * 3
    before = found.filter(pl.col("conditions").map.get("training") == "before", metric="distracted_slope")
    assert before["value"].to_list() == [pytest.approx(-0.5)] * 2
    tokens = found.filter(metric="distracted_tokens_change")
    assert tokens["value"].to_list() == [0.0, 0.0] and tokens["gate"].is_null().all()
    assert set(found["replicate"]) == {"question"}


def test_where_nobody_is_above_chance_slopes_say_nothing(items: pl.DataFrame) -> None:
    found = measured(items, NONE, {"trained": [*FIRST, *NONE], "untrained": [*ALL, *FIRST]})
    for metric in ("distracted_slope_change", "distracted_accuracy_change"):
        gates = found.filter(metric=metric).select("kind", "gate").unique().rows()
        assert set(gates) == {("trained", "floor"), ("untrained", None)}


def test_answers_that_only_become_readable_are_told_from_right_ones(items: pl.DataFrame) -> None:
    unread = [[float("nan")] * 3]
    found = measured(items, unread, {"trained": TWO, "untrained": TWO})
    changes = found.filter(metric="distracted_accuracy_change")
    assert set(changes["unusable"]) == {"failure"}  # nothing was there to drop the unread from
    assert set(changes["gate"]) == {"missing"}
    assert changes["n_missing"].sum() == items.height * 3


def test_students_are_called_nothing(items: pl.DataFrame) -> None:
    parts = [asked(items, who, {"trained": TWO, "untrained": TWO}) for who in (MODEL, "other", *STUDENTS)]
    assert called_subjects(pl.concat(parts), {MODEL: STUDENTS}) == [MODEL, "other"]
