"""Students trained on distractors: what they learn from, and what is measured of them."""

import re

import numpy as np
import polars as pl
import pytest
from planted_scaling import trials_of

from unspoken.experiments.scaling.distracted_students import add_distracted_students, kinds_of_items
from unspoken.experiments.scaling.items import made_items
from unspoken.experiments.scaling.lessons import lesson_rows
from unspoken.statistics.report import Report
from unspoken.tables.measurements import Measurements

TRAINED = ["price", "time", "weight"]
LESSON = {
    "seed": 1, "number": 1, "rows": 41, "levels": [1, 2], "kinds": TRAINED, "counts": [2, 3, 4],
    "asked": {"setups": ["asked", "capped", "natural"], "budgets": [0, 16, 32], "longest": 64},
}  # fmt: skip
MODEL, STUDENTS = "m", ["m:distracted:m:distracted:1", "m:distracted:m:distracted:2"]


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
    assert set(budgets) == {"16", "32", None}  # asked for, and as capped chains are asked; never 0


def test_lessons_have_distractors_of_their_kinds_alone_and_differ_by_student() -> None:
    rows, others = lesson_rows(LESSON), lesson_rows(LESSON | {"number": 2})
    assert lesson_rows(LESSON).equals(rows)
    assert not set(rows["prompt"]) & set(others["prompt"])
    words = {
        "price": r"cost|were paid",
        "time": r"days ago|hours until|weeks before",
        "weight": "weighs|scales",
    }
    assert rows["prompt"].str.contains("|".join(words.values())).all()


@pytest.fixture(scope="module")
def items() -> pl.DataFrame:
    settings = {"levels": [1], "items": 120, "counts": [2, 3, 4]}
    return made_items({"study": "s", "seed": 3, "tasks": {"misleading_math": settings}})


def test_items_of_both_kinds_say_nothing_of_either() -> None:
    settings = {"levels": [0, 2], "items": 60, "counts": [2, 3, 4]}
    items = made_items({"study": "s", "seed": 3, "tasks": {"misleading_math": settings}})
    kinds = dict(kinds_of_items(items, TRAINED).rows())
    for row in items.iter_rows(named=True):
        own = {one["kind"] for one in row["distractors"]}
        expected = (
            None
            if not own
            else "trained"
            if own <= set(TRAINED)
            else None
            if own & set(TRAINED)
            else "untrained"
        )
        assert kinds.get(row["item"]) == expected


def planted(items: pl.DataFrame, after: dict[str, list[float]]) -> pl.DataFrame:
    """Return measurements of a model right at 8 alone, and of students right as `after` says by kind."""
    kinds = dict(kinds_of_items(items, TRAINED).rows())
    names = items["item"].to_list()
    parts = []
    for subject in [MODEL, *STUDENTS]:
        right = [[1.0, 0.0, 0.0] if subject == MODEL else after[kinds[name]] for name in names]
        scores = np.column_stack([np.ones(len(names)), np.array(right)])
        trials = trials_of(scores, budgets=[0, 8, 16, 32], task="misleading_math", setup="capped")
        parts.append(
            trials.with_columns(
                subject=pl.lit(subject),
                item=pl.col("item")
                .str.extract(r"(\d+)$")
                .cast(pl.Int64)
                .replace_strict(dict(enumerate(names))),
            )
        )
    report = Report("s", "gema2025", "scaling", reproducible=True)
    add_distracted_students(report, pl.concat(parts), items, MODEL, STUDENTS, TRAINED)
    return Measurements.validate(report.measurements())


def test_slopes_change_where_students_learnt_and_nowhere_else(items: pl.DataFrame) -> None:
    found = planted(items, {"trained": [1.0, 1.0, 1.0], "untrained": [1.0, 0.0, 0.0]})
    kind = pl.col("conditions").map.get("kind")
    changes = found.filter(metric="distracted_slope_change")
    assert dict(changes.select(kind, "value").rows()) == {"trained": pytest.approx(0.5), "untrained": 0.0}
    accuracy = found.filter(kind == "trained", metric="distracted_accuracy_change")["value"]
    assert accuracy.to_list() == [pytest.approx(2 / 3)]  # at 0 all are right: another prompt
    before = found.filter(pl.col("conditions").map.get("training") == "before", metric="distracted_slope")
    assert before["value"].to_list() == [pytest.approx(-0.5)] * 2
    assert set(found["replicate"]) == {"question"} and found["n_replicates"].sum() == 120 * 6
